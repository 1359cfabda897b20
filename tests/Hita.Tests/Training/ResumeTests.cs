using Hita.Checkpoints;
using Hita.Models;
using Hita.Tests.Support;
using Hita.Training;

namespace Hita.Tests.Training;

/// <summary>A trainer that is loaded with another's state goes on as that one would, to the bit, with all that is random on.</summary>
/// <remarks>Alone, because dropout samples from the tensor library's one generator, which other tests would advance.</remarks>
[Collection(Alone.Name)]
public sealed class ResumeTests
{
    [Fact]
    public void A_tokenizer_goes_on_to_the_bit()
    {
        var options = TinyTrainers.Judged with { Dropout = 0.1, StyleSeparation = new(), Codebook = new() { UsageWindow = 64, RevivalInterval = 2 } };
        Continue(
            () => TokenizerTrainer.Create(TinyTrainers.Larger, options, seed: 7),
            step => [TinyTrainers.Images(2, (int)step, 32), TinyTrainers.Images(2, 100 + (int)step, 32)]);
    }

    [Fact]
    public void A_generator_goes_on_to_the_bit() =>
        Continue(() => GeneratorTrainer.Create(TinyTrainers.Generator, TinyTrainers.Writing, seed: 7), step => [TinyTrainers.Codes(4, (int)step)]);

    private static void Continue<TBatch>(Func<ITrainer<TBatch>> create, Func<long, IReadOnlyList<TBatch>> batches)
    {
        using var folder = new TemporaryFolder();
        using var straight = create();
        var reports = new List<StepReport>();
        Dictionary<string, byte[]> saved = [];
        for (var step = 1; step <= 6; step++)
        {
            reports.Add(straight.TakeStep(batches(step), step));
            if (step != 3)
                continue;
            Save(straight, folder);
            saved = straight.Bytes();
        }

        using var resumed = create();
        // The fresh trainer has been used, so that anything that is not part of its state would show.
        resumed.TakeStep(batches(50), 1);
        Load(resumed, folder);
        AssertSame(saved, resumed.Bytes());
        for (var step = 4; step <= 6; step++)
            Assert.Equal(reports[step - 1].Values, resumed.TakeStep(batches(step), step).Values);
        AssertSame(straight.Bytes(), resumed.Bytes());
    }

    private static void Save<TBatch>(ITrainer<TBatch> trainer, TemporaryFolder folder)
    {
        foreach (var (file, tensors) in trainer.State)
            SafetensorsWriter.Save(folder[file + ".safetensors"], [.. tensors]);
    }

    private static void Load<TBatch>(ITrainer<TBatch> trainer, TemporaryFolder folder)
    {
        foreach (var (file, tensors) in trainer.State)
        {
            using var source = WeightFile.Open(folder[file + ".safetensors"]);
            StrictLoader.Load(source, tensors);
        }
    }

    internal static void AssertSame(Dictionary<string, byte[]> expected, Dictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (name, bytes) in expected)
            Assert.True(bytes.AsSpan().SequenceEqual(actual[name]), $"{name} differs");
    }
}
