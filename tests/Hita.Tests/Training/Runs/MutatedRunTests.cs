using System.Text.Json.Nodes;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>Checkpoints of runs damaged in five thousand ways: a resume takes them, or refuses in a sentence and moves nothing.</summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class MutatedRunTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutants = 5000;
    private const long Step = 8;
    private readonly TemporaryFolder _folder = new();
    private readonly MadeUpTrainer _stage = new(static _ => []);

    [Fact]
    public void Mutated_checkpoints_of_a_run_are_resumed_or_refused()
    {
        using var run = RunFolder.Open(_folder.Path, RunStart.New);
        run.Checkpoints.Save(RunFolderTests.State(Step), "{}", _stage.State);
        var folder = run.Checkpoints.FolderOf(Step);
        var honest = Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToDictionary(static f => f, File.ReadAllBytes);
        var (sums, state) = (Path.Combine(folder, CheckpointChecksums.FileName), Path.Combine(folder, CheckpointState.FileName));
        var old = JsonNode.Parse(honest[state])!;
        old["version"] = 1;
        var oldState = System.Text.Encoding.UTF8.GetBytes(old.ToJsonString());
        var (read, budget) = (0, new MutantBudget());
        budget.Honest(() => Resume(run));
        for (var seed = 0; seed < Mutants; seed++)
        {
            // Half of them have no checksums, as older versions wrote them: there the readers find the damage themselves.
            var isOld = seed % 2 == 0;
            var files = honest.Keys.Where(f => !isOld || f != sums).ToList();
            var file = files[new Random(seed).Next(files.Count)];
            foreach (var (path, bytes) in honest)
                File.WriteAllBytes(path, isOld && path == state ? oldState : bytes);
            if (isOld)
                File.Delete(sums);
            File.WriteAllBytes(file, Mutator.Mutate(isOld && file == state ? oldState : Enlarged(honest[file]), seed));
            try
            {
                budget.Mutant(() => Resume(run));
                read++;
            }
            catch (HitaException e)
            {
                Assert.InRange(e.Message.Length, 20, 1000);
                Assert.DoesNotContain('\n', e.Message);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, {Path.GetFileName(file)}{(isOld ? " of an older version" : "")}: {e}");
            }
            Assert.Equal([Step], run.Checkpoints.Steps);
        }
        output.WriteLine($"{read} of {Mutants} mutants are resumed; {budget}");
        Assert.InRange(read, Mutants / 100, Mutants / 2);
    }

    public void Dispose()
    {
        _stage.Dispose();
        _folder.Dispose();
    }

    // The mutator wants a few bytes to damage.
    private static byte[] Enlarged(byte[] bytes) => bytes.Length >= 8 ? bytes : [.. bytes, .. "        "u8];

    private void Resume(RunFolder run)
    {
        var state = NewestCheckpoint.Find(run, new SilentObserver());
        Assert.Equal(Step, state!.Step);
        run.Checkpoints.Load(Step, _stage.State);
    }
}
