using Hita.Runtime;
using Hita.Tests.Data;
using Hita.Training.Discriminators;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>Recipes and data that a run takes a second for, with everything on that is random.</summary>
internal static class TinyRuns
{
    /// <summary>A tokenizer's recipe: dropout, random crops and mirroring, averaging, a discriminator, validation.</summary>
    public static TokenizerRecipe Tokenizer(string images, long steps) => new()
    {
        Model = new TokenizerModelSection { Architecture = TinyTrainers.Tokenizer with { ImageSize = 32 } },
        Data = new DataSection { Source = images },
        Schedule = new ScheduleSection { Steps = steps, BatchSize = 4, Accumulation = 2 },
        Training = TinyTrainers.Plain with
        {
            Discriminator = new DiscriminatorOptions { StartStep = 3 },
            Codebook = new() { UsageWindow = 128, RevivalInterval = 3 },
        },
        Validation = new ValidationSection { Count = 3, Every = 4 },
        Samples = new ReconstructionSamples { Every = 0, Count = 3 },
        Checkpoints = new CheckpointSection { Every = 4 },
        Seed = 11,
    };

    /// <summary>A generator's recipe on the codes of a tokenizer.</summary>
    public static GeneratorRecipe Generator(string data, string tokenizer, long steps) => new()
    {
        Model = new GeneratorModelSection
        {
            Architecture = TinyTrainers.Generator with { HolisticTokenCount = 8, GridHeight = 16, GridWidth = 16, ClassCount = 3 },
        },
        Tokenizer = tokenizer,
        Data = new DataSection { Source = data },
        Schedule = new ScheduleSection { Steps = steps, BatchSize = 4, Accumulation = 2 },
        Training = TinyTrainers.Writing,
        Validation = new ValidationSection { Count = 2, Every = 4 },
        Samples = new ClassSamples { Every = 0, Count = 3 },
        Checkpoints = new CheckpointSection { Every = 4 },
        Export = new ExportSection { Precision = Precision.BFloat16 },
        Seed = 12,
    };

    /// <summary>Three classes of images in a folder.</summary>
    public static void WriteImages(string folder) => Sets.WriteClasses(folder, 6, "ant", "bee", "cat");

    /// <summary>All files of a checkpoint by name.</summary>
    public static Dictionary<string, byte[]> Checkpoint(string run, long step)
    {
        var folder = Path.Combine(run, CheckpointStore.FolderName, $"step-{step:00000000}");
        return Directory.EnumerateFiles(folder, "*.safetensors").ToDictionary(f => Path.GetFileName(f)!, File.ReadAllBytes);
    }

    /// <summary>Asserts that two runs hold the same tensors after a step, to the bit.</summary>
    public static void RequireEqual(string run, string other, long step)
    {
        var (first, second) = (Checkpoint(run, step), Checkpoint(other, step));
        Assert.Equal(first.Keys.Order(StringComparer.Ordinal), second.Keys.Order(StringComparer.Ordinal));
        Assert.All(first, file => Assert.True(file.Value.AsSpan().SequenceEqual(second[file.Key]), $"{file.Key} differs"));
    }

    /// <summary>Copies a run as it is when a step has been saved, which is what a kill would leave.</summary>
    public sealed class Snapshot(string run, string copy, long step) : Listener
    {
        public override void Stepped(StepRecord record)
        {
            base.Stepped(record);
            // Two steps later: the log and the events are ahead of the checkpoint, as after a kill.
            if (record.Step == step + 2)
                Copy(run, copy);
        }

        private static void Copy(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var folder in Directory.EnumerateDirectories(from))
                Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
            foreach (var file in Directory.EnumerateFiles(from).Where(f => Path.GetFileName(f) != ".lock"))
            {
                using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var target = File.Create(Path.Combine(to, Path.GetFileName(file)));
                source.CopyTo(target);
            }
        }
    }
}
