using System.Globalization;
using Hita.Runtime;

namespace Hita.Tests.Runtime;

/// <summary>Faults are told together, in the same words everywhere.</summary>
public sealed class FaultCollectorTests
{
    [Fact]
    public void Every_form_says_the_name_the_value_and_what_is_possible()
    {
        var faults = new FaultCollector();
        faults.Range(0, 1, 4, "a");
        faults.Range(double.NaN, 0, 1, "b");
        faults.Range((int?)9, 1, 8, "c", "pixels");
        faults.Range(5, 6, 7, "d", verb: "are");
        faults.Below(1.0, 0, 1, "e");
        faults.Above(0, 0, 1e6, "f");
        faults.Min(0L, 1, "g");
        faults.Min(double.PositiveInfinity, 0, "h");
        faults.Multiple(48, 32, 4096, "i");
        faults.Multiple(0, 32, 4096, "j");
        faults.OneOf((Precision)7, "k");
        faults.OneOf((Precision)7, "l", verb: "are");
        faults.Require(false, $"m is {0.5}, which is odd");
        Assert.Equal(
            [
                "a is 0, 1 to 4 are possible", "b is NaN, 0 to 1 are possible", "c is 9, 1 to 8 pixels are possible", "d are 5, 6 to 7 are possible",
                "e is 1, 0 to below 1 are possible", "f is 0, it must lie above 0 and be 1000000 at most", "g is 0, it must be 1 or more",
                "h is Infinity, it must be 0 or more", "i is 48, it must be a multiple of 32 up to 4096", "j is 0, it must be a multiple of 32 up to 4096",
                "k is 7, float32, bfloat16 and int8 are possible", "l are 7, float32, bfloat16 and int8 are possible", "m is 0.5, which is odd",
            ],
            faults.Faults);
    }

    [Fact]
    public void What_is_possible_is_no_fault()
    {
        var faults = new FaultCollector();
        faults.Range(1, 1, 4, "a");
        faults.Range(4, 1, 4, "a");
        faults.Range((int?)null, 1, 4, "a");
        faults.Below(0.0, 0, 1, "b");
        faults.Above(1.0, 0, 1, "c");
        faults.Min(1, 1, "d");
        faults.Multiple(64, 32, 64, "e");
        faults.OneOf(Precision.Int8, "f");
        faults.Require(true, $"g");
        faults.Within("x.").Collect(static () => { });
        Assert.Same(faults, faults.Checked(faults, "Nothing"));
    }

    [Fact]
    public void Sections_add_to_the_same_faults_with_their_names()
    {
        var faults = new FaultCollector();
        var inner = faults.Within("training.").Within("optimizer.");
        inner.Min(-1, 0, "rate");
        faults.Within("model.").Collect(static () => throw new ConfigException("The model", ["width is 0", "depth is 0"]));
        var thrown = Assert.Throws<ConfigException>(() => faults.Throw("The recipe"));
        Assert.Equal("The recipe: 3 faults: training.optimizer.rate is -1, it must be 0 or more; model.width is 0; model.depth is 0", thrown.Message);
    }

    [Fact]
    public void Numbers_are_written_the_same_in_every_country()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.Equal("1,5", 1.5.ToString(CultureInfo.CurrentCulture));
            var faults = new FaultCollector();
            faults.Range(1.5, 0, 1.25, "a");
            faults.Add($"b is {0.5f}");
            Assert.Equal(["a is 1.5, 0 to 1.25 are possible", "b is 0.5"], faults.Faults);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
