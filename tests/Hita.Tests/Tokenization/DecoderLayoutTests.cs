using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Tests.Tokenization;

/// <summary>How the decoder computes must not show in what it decodes.</summary>
public sealed class DecoderLayoutTests
{
    [Fact]
    public void The_framework_s_layout_decodes_the_same()
    {
        using var ours = Decoder(channelsLast: true);
        using var plain = Decoder(channelsLast: false);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var features = Features();
        AssertNear(plain.Decode(features), ours.Decode(features));
    }

    [Fact]
    public void Overwriting_results_decodes_the_same_and_gradients_still_pass()
    {
        using var model = Decoder(channelsLast: true);
        using var scope = NewDisposeScope();
        var features = Features();
        var recorded = model.Decode(features.requires_grad_(true));
        recorded.sum().backward();
        Assert.True(features.grad is { } gradient && gradient.abs().sum().ToDouble() > 0);
        Tensor overwritten;
        using (no_grad())
            overwritten = model.Decode(features.detach());
        AssertNear(recorded.detach(), overwritten);
    }

    [Fact]
    public void Memory_is_kept_and_given_back_by_scopes_that_overlap()
    {
        var first = MemoryReuse.Begin();
        using (MemoryReuse.Begin())
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < 3; i++)
                Assert.Equal(12 << 20, ones(12 << 20).sum().ToDouble());
        }
        first.Dispose();
        first.Dispose();
        MemoryReuse.GiveBack();
        using var again = MemoryReuse.Begin();
        using var rest = NewDisposeScope();
        Assert.Equal(12 << 20, ones(12 << 20).sum().ToDouble());
    }

    private static TokenizerModel Decoder(bool channelsLast)
    {
        Assert.True(TokenizerPresets.TryGet("tiny", out var config));
        var model = new TokenizerModel(config, TokenizerParts.Decoder, Placement.Cpu with { ChannelsLast = channelsLast });
        model.FillByName("", TokenizerInitializer.IsCodebook);
        return model;
    }

    private static Tensor Features() =>
        TensorOps.FromFloats([.. Enumerable.Range(0, 64 * 16).Select(static i => MathF.Sin(i))], 1, 64, 4, 4);

    private static void AssertNear(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        var (a, b) = (expected.ToFloats(), actual.ToFloats());
        for (var i = 0; i < a.Length; i++)
            Assert.Equal(a[i], b[i], 1e-4);
    }
}
