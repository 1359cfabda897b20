using Hita.Tests.Support;
using Hita.Training.Recipes;
using Hita.Training.Runs;
using static TorchSharp.torch;

namespace Hita.Tests.Training.Runs;

[Collection(Alone.Name)]
public sealed class RunLeakTests
{
    [Fact]
    public void A_run_holds_no_more_tensors_after_many_steps_validations_and_saves_than_after_a_few()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        var recipe = TinyRuns.Tokenizer(folder["data"], 12) with
        {
            Validation = new ValidationSection { Count = 3, Every = 2 },
            Samples = new ReconstructionSamples { Every = 2, Count = 2 },
            Checkpoints = new CheckpointSection { Every = 2 },
        };
        LivingTensors.Settled();
        var counting = new Counting();
        TokenizerTraining.Run(recipe, folder["run"], RunStart.New, counting);
        Assert.Equal(12, counting.Counts.Count);
        Assert.Equal(counting.Counts[4], counting.Counts[10]);
    }

    private sealed class Counting : Listener
    {
        public List<long> Counts { get; } = [];

        public override void Stepped(StepRecord record) => Counts.Add(Tensor.TotalCount);
    }
}
