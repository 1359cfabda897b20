using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tests.Generation.Engine;
using static TorchSharp.torch;

namespace Hita.Tests.Generation;

public sealed class TorchTokenModelTests
{
    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void A_pass_keeps_its_heads_and_gives_the_networks_logits_to_the_bit(Precision precision)
    {
        var config = Decoding.Preset("tiny");
        using var network = new GeneratorModel(config, Placement.For("cpu", precision));
        network.FillByName();
        using var pass = new TorchDecodingPass(network, 1, BoundaryMode.Trained);
        using var cache = new TensorKeyValueCache(config, 1, network.Placement.Device, network.Placement.Type);
        var logits = new float[config.CodebookSize];
        for (var position = 0; position < config.SequenceLength; position++)
        {
            var input = position == 0 ? 1 : 7 * position % config.CodebookSize;
            pass.Advance([input], logits);
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            var hidden = network.Step(TensorOps.FromInts([input], 1), position, cache, BoundaryMode.Trained);
            var scores = position < config.HolisticTokenCount ? network.HolisticLogits(hidden) : network.PatchLogits(hidden);
            Assert.Equal(scores.ToFloats(), logits);
        }
    }
}
