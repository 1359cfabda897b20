using System.Diagnostics;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>A run on a disk that is full in the middle of a save.</summary>
[Trait("Category", "Slow")]
public sealed class DiskFullTests
{
    private const int DiskBytes = 24 << 20;

    [Fact]
    public void A_full_disk_stops_the_run_in_a_sentence_and_loses_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a small disk of its own needs Linux");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["disk"]);
        Assert.SkipUnless(Runs("mount", "-t", "tmpfs", "-o", $"size={DiskBytes}", "tmpfs", folder["disk"]), "a small disk of its own needs the right to mount one");
        try
        {
            TinyRuns.WriteImages(folder["data"]);
            var recipe = TinyRuns.Tokenizer(folder["data"], 4);
            recipe = recipe with { Checkpoints = new CheckpointSection { Every = 2, Keep = 1 }, Training = recipe.Training with { Discriminator = null } };
            var run = folder["disk/run"];
            var thrown = Assert.Throws<HitaException>(() => TokenizerTraining.Run(recipe, run, RunStart.New, new Ballast(folder["disk/ballast"])));
            Assert.EndsWith("(the disk is full); the checkpoint of step 2 is whole: free some space and continue with --resume.", thrown.Message, StringComparison.Ordinal);

            Assert.Equal([2], new CheckpointStore(Path.Combine(run, "checkpoints")).Steps);
            ImageTokenizer.Load(Path.Combine(run, "model")).Dispose();
            File.Delete(folder["disk/ballast"]);
            TokenizerTraining.Run(recipe, run, RunStart.Resume);
            Assert.Equal([4], new CheckpointStore(Path.Combine(run, "checkpoints")).Steps);
        }
        finally
        {
            Runs("umount", folder["disk"]);
        }
    }

    private static bool Runs(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Fills the disk when the first checkpoint and model are there, but for less than another checkpoint needs.</summary>
    private sealed class Ballast(string path) : Listener
    {
        public override void Written(long number, string written)
        {
            if (number != 2 || !written.EndsWith("model", StringComparison.Ordinal))
                return;
            var free = new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace;
            using var file = File.Create(path);
            var block = new byte[1 << 16];
            for (var left = free - (1 << 20); left > 0; left -= block.Length)
                file.Write(block);
        }
    }
}
