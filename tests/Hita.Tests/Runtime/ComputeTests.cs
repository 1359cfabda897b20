using Hita.Runtime;

namespace Hita.Tests.Runtime;

public sealed class ComputeTests
{
    [Theory]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:0", true)]
    [InlineData("cuda:15", true)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda: 1", false)]
    [InlineData("CPU", false)]
    [InlineData("gpu", false)]
    [InlineData("", false)]
    public void Device_names_are_known_by_form(string name, bool valid) => Assert.Equal(valid, Compute.IsDeviceName(name));

    [Fact]
    public void A_device_that_is_not_there_is_refused_in_a_sentence()
    {
        Assert.Equal("cpu", Compute.Device("cpu").ToString());
        Assert.Contains("cuda:99", Assert.Throws<HitaException>(() => Compute.Device("cuda:99")).Message, StringComparison.Ordinal);
        Assert.Contains("'gpu'", Assert.Throws<HitaException>(() => Compute.Device("gpu")).Message, StringComparison.Ordinal);
    }
}
