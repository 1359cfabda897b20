using Hita.Runtime;
using Hita.Runtime.Products;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Runtime;

/// <summary>The kernel of linear layers is chosen once and stays chosen, whatever lies in the cache.</summary>
[Collection(Alone.Name)]
public sealed class LinearChoiceTests
{
    private static readonly Dictionary<LinearKernel, double> SomeRates = new() { [LinearKernel.Library] = 1e9 };

    [Fact]
    public void What_was_measured_is_remembered()
    {
        using var folder = new TemporaryFolder();
        var file = new LinearChoiceFile(folder.Path);
        var first = LinearChoice.Make(null, file, ScalarType.Float32);
        Assert.Equal(ChoiceOrigin.Measured, first.Origin);
        Assert.Equal(PackedProduct.IsSupported ? 3 : 2, first.Rates.Count);
        Assert.All(first.Rates.Values, static rate => Assert.InRange(rate, 1e6, 1e15));
        Assert.True(first.Kernel == LinearKernel.Library || first.Rates[first.Kernel] >= 1.02 * first.Rates[LinearKernel.Library]);

        var second = LinearChoice.Make("auto", new LinearChoiceFile(folder.Path), ScalarType.Float32);
        Assert.Equal((ChoiceOrigin.Remembered, first.Kernel), (second.Origin, second.Kernel));
        Assert.Equal(first.Rates, second.Rates);
        Assert.DoesNotContain(LinearKernel.Packed, LinearChoice.Make(null, file, ScalarType.BFloat16).Rates.Keys);
    }

    [Fact]
    public void Training_is_measured_with_its_gradients_and_remembered_apart()
    {
        using var folder = new TemporaryFolder();
        var file = new LinearChoiceFile(folder.Path);
        var first = LinearChoice.Make(null, file, ScalarType.Float32, LinearUse.Training);
        Assert.Equal(ChoiceOrigin.Measured, first.Origin);
        Assert.Equal([LinearKernel.Library, LinearKernel.Convolution], first.Rates.Keys.Order());
        Assert.All(first.Rates.Values, static rate => Assert.InRange(rate, 1e6, 1e15));
        Assert.Equal(ChoiceOrigin.Remembered, LinearChoice.Make(null, file, ScalarType.Float32, LinearUse.Training).Origin);
        Assert.Equal(ChoiceOrigin.Measured, LinearChoice.Make(null, file, ScalarType.Float32).Origin);
        Assert.Equal(LinearKernel.Convolution, LinearChoice.Make("convolution", null, ScalarType.Float32, LinearUse.Training).Kernel);
        Assert.SkipUnless(PackedProduct.IsSupported, "the kernel needs AVX2");
        // It computes no gradients.
        Assert.Equal(LinearKernel.Library, LinearChoice.Make("packed", null, ScalarType.Float32, LinearUse.Training).Kernel);
    }

    [Fact]
    public void The_first_process_to_keep_a_choice_decides()
    {
        using var folder = new TemporaryFolder();
        var file = new LinearChoiceFile(folder.Path);
        Assert.Null(file.Find("a"));
        Assert.Equal(LinearKernel.Convolution, file.Keep("a", LinearKernel.Convolution, SomeRates)!.Kernel);
        Assert.Equal(LinearKernel.Convolution, file.Keep("a", LinearKernel.Library, SomeRates)!.Kernel);
        Assert.Equal(LinearKernel.Library, file.Keep("b", LinearKernel.Library, SomeRates)!.Kernel);
        Assert.Equal(LinearKernel.Convolution, new LinearChoiceFile(folder.Path).Find("a")!.Kernel);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1, 2]")]
    [InlineData("{\"a\": null}")]
    [InlineData("{\"a\": {\"kernel\": \"magic\", \"rates\": {}}}")]
    [InlineData("{\"a\": {\"kernel\": \"packed\"}}")]
    [InlineData("{\"a\": {\"kernel\": \"packed\", \"rates\": {}, \"more\": 1}}")]
    public void A_damaged_or_foreign_file_is_made_anew(string text)
    {
        using var folder = new TemporaryFolder();
        var file = new LinearChoiceFile(folder.Path);
        File.WriteAllText(file.Path, text);
        Assert.Null(file.Find("a"));
        Assert.Equal(LinearKernel.Library, file.Keep("a", LinearKernel.Library, SomeRates)!.Kernel);
        Assert.Equal(LinearKernel.Library, file.Find("a")!.Kernel);
    }

    [Fact]
    public void Where_nothing_can_be_kept_the_rule_decides()
    {
        using var folder = new TemporaryFolder();
        var blocked = Path.Combine(folder.Path, "file");
        File.WriteAllText(blocked, "");
        Assert.Null(new LinearChoiceFile(blocked).Keep("a", LinearKernel.Packed, SomeRates));
        foreach (var file in (LinearChoiceFile?[])[null, new LinearChoiceFile(blocked)])
        {
            var choice = LinearChoice.Make("", file, ScalarType.Float32);
            Assert.Equal((ChoiceOrigin.Rule, LinearKernel.Library), (choice.Origin, choice.Kernel));
        }
    }

    [Fact]
    public void The_environment_pins_a_kernel_and_other_words_are_refused()
    {
        var choice = LinearChoice.Make("convolution", null, ScalarType.Float32);
        Assert.Equal((ChoiceOrigin.Pinned, LinearKernel.Convolution), (choice.Origin, choice.Kernel));
        Assert.SkipUnless(PackedProduct.IsSupported, "the kernel needs AVX2");
        Assert.Equal(LinearKernel.Packed, LinearChoice.Make("packed", null, ScalarType.Float32).Kernel);
        Assert.Equal(LinearKernel.Library, LinearChoice.Make("packed", null, ScalarType.BFloat16).Kernel);
        var error = Assert.Throws<HitaException>(() => LinearChoice.Make("fast", null, ScalarType.Float32));
        Assert.Contains("HITA_LINEAR is 'fast'", error.Message, StringComparison.Ordinal);
    }
}
