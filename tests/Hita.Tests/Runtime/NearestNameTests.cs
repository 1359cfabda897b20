using Hita.Runtime;

namespace Hita.Tests.Runtime;

public sealed class NearestNameTests
{
    private static readonly string[] Names = ["generate", "decode", "doctor", "encode", "hita-xl", "hita-xxl"];

    [Theory]
    [InlineData("genrate", "generate")]
    [InlineData("GENERATE", "generate")]
    [InlineData("generaet", "generate")]
    [InlineData("gen", "generate")]
    [InlineData("decoed", "decode")]
    [InlineData("encod", "encode")]
    [InlineData("dokter", "doctor")]
    [InlineData("hita-xxll", "hita-xxl")]
    public void A_typing_error_finds_the_name(string typed, string expected) => Assert.Equal(expected, NearestName.Find(typed, Names));

    [Theory]
    [InlineData("")]
    [InlineData("xyz")]
    [InlineData("photograph")]
    public void What_is_far_from_every_name_finds_none(string typed)
    {
        Assert.Null(NearestName.Find(typed, Names));
        Assert.Equal(".", NearestName.Hint(typed, Names));
    }

    [Fact]
    public void The_hint_ends_a_sentence() => Assert.Equal("; did you mean 'decode'?", NearestName.Hint("decodee", Names));
}
