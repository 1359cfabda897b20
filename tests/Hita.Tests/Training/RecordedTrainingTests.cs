using Hita.Evaluation.Verification;
using Hita.Tests.Support;
using Hita.Training.Verification;

namespace Hita.Tests.Training;

/// <summary>Recorded training steps of the published implementation, with weights filled by name.</summary>
public sealed class RecordedTrainingTests(ITestOutputHelper output)
{
    [Fact]
    public void Generator_steps_agree() => Assert.All(Verify("gpt-train", "tiny"), static s => Assert.True(s.Passed, s.ToString()));

    /// <summary>
    /// The third gradient and what comes of it depend on the order of sums here: this code differs from itself on one and two
    /// threads by as much as from the recorded result. The other recording is held to the end.
    /// </summary>
    [Fact]
    public void Tokenizer_steps_agree_up_to_the_second_update()
    {
        var stages = Verify("train-vanilla-patchgan", "tiny");
        Assert.Contains(stages, static s => s.Name == "step0.clipped_grad_norms");
        Assert.All(
            stages.Where(static s => !s.Name.StartsWith("eval.model", StringComparison.Ordinal) && s.Name != "losses[2].grad_norm"),
            static s => Assert.True(s.Passed, s.ToString()));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Tokenizer_steps_agree_to_the_end() =>
        Assert.All(Verify("train-ultra-dinogan", "tiny-ultra"), static s => Assert.True(s.Passed, s.ToString()));

    private IReadOnlyList<VerificationStage> Verify(string vectors, string preset) => TrainingVerifier.VerifyByName(
        TestFiles.Vector(vectors + ".safetensors"), preset,
        stage => output.WriteLine($"{stage.Name} {stage.Shape} {stage.Measure} {stage.Error:e2} (at most {stage.Tolerance:e0})"));
}
