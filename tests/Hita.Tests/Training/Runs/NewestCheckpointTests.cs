using System.IO.Hashing;
using System.Text.Json.Nodes;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>Checkpoints that something happened to after they were written.</summary>
public sealed class NewestCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RunFolder _run;
    private readonly MadeUpTrainer _stage = new(static _ => []);
    private readonly Listener _listener = new();

    public NewestCheckpointTests()
    {
        _run = RunFolder.Open(_folder.Path, RunStart.New);
        foreach (var step in (long[])[4, 8, 12])
            _run.Checkpoints.Save(RunFolderTests.State(step), "{}", _stage.State);
    }

    [Fact]
    public void A_checkpoint_lists_the_checksum_of_every_file_as_xxh128sum_does()
    {
        var lines = File.ReadAllLines(FileOf(12, CheckpointChecksums.FileName));
        Assert.Equal(["config.json", "ema.safetensors", "model.safetensors", "state.json"], lines.Select(static l => l[34..]));
        Assert.All(lines, l => Assert.Equal(Convert.ToHexStringLower(XxHash128.Hash(File.ReadAllBytes(FileOf(12, l[34..])))) + "  ", l[..34]));
        Assert.Equal(12, NewestCheckpoint.Find(_run, _listener)!.Step);
        Assert.Empty(_listener.Notes);
    }

    [Theory]
    [InlineData("bits of the tensors", "model.safetensors does not match its checksum")]
    [InlineData("one bit of the state", "state.json does not match its checksum")]
    [InlineData("cut", "model.safetensors: the file has")]
    [InlineData("zeroed header", "model.safetensors does not match its checksum")]
    [InlineData("no state", "state.json: the file is missing")]
    [InlineData("half a state", "state.json: this is not a configuration of this kind")]
    [InlineData("a state of another step", "state.json is that of step 8")]
    [InlineData("no tensors", "ema.safetensors: the file is missing")]
    [InlineData("no checksums", "checksums.xxh128 is missing")]
    [InlineData("spoilt checksums", "checksums.xxh128 is no list of checksums")]
    [InlineData("empty", "state.json: the file is missing")]
    [InlineData("a name that leads out", "which is not the name of a file")]
    public void A_damaged_newest_one_is_named_and_the_one_before_it_is_taken(string damage, string reason)
    {
        Damage(12, damage);
        Assert.Equal(8, NewestCheckpoint.Find(_run, _listener)!.Step);
        var note = Assert.Single(_listener.Notes);
        Assert.StartsWith("The newest checkpoint is damaged (step 12, ", note, StringComparison.Ordinal);
        Assert.Contains(reason, note, StringComparison.Ordinal);
        Assert.EndsWith("): the run goes on from step 8, 4 steps are lost, and it was set aside as *.damaged.", note, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, note, StringComparison.Ordinal);

        // Later starts do not meet it, pruning does not count it, and nothing of it is deleted.
        Assert.Equal([4, 8], _run.Checkpoints.Steps);
        Assert.True(Directory.Exists(_run.Checkpoints.FolderOf(12) + NewestCheckpoint.Aside));
        _listener.Notes.Clear();
        Assert.Equal(8, NewestCheckpoint.Find(_run, _listener)!.Step);
        Assert.Empty(_listener.Notes);
    }

    [Fact]
    public void Several_are_told_in_one_line()
    {
        Damage(12, "empty");
        Damage(8, "bits of the tensors");
        Assert.Equal(4, NewestCheckpoint.Find(_run, _listener)!.Step);
        Assert.Equal(
            "The newest 2 checkpoints are damaged (step 12, state.json: the file is missing; step 8, model.safetensors does not match its checksum): " +
            "the run goes on from step 4, 8 steps are lost, and they were set aside as *.damaged.",
            Assert.Single(_listener.Notes));
    }

    [Fact]
    public void Where_none_is_whole_the_run_is_refused_and_nothing_is_moved()
    {
        foreach (var step in (long[])[4, 8, 12])
            Damage(step, "bits of the tensors");
        var thrown = Assert.Throws<HitaException>(() => NewestCheckpoint.Find(_run, _listener)).Message;
        Assert.StartsWith($"{_run.Path}: the run cannot be resumed, because all its checkpoints are damaged (step 12, model.safetensors does not match its checksum; step 8, ", thrown, StringComparison.Ordinal);
        Assert.EndsWith("put back a copy of one, or begin a new run.", thrown, StringComparison.Ordinal);
        Assert.Equal([4, 8, 12], _run.Checkpoints.Steps);
        Assert.Empty(_listener.Notes);
    }

    [Fact]
    public void A_checkpoint_of_before_is_taken_and_what_cannot_be_checked_is_told()
    {
        MakeOld(12);
        Assert.Equal(12, NewestCheckpoint.Find(_run, _listener)!.Step);
        Assert.StartsWith("The checkpoint of step 12 was written before checkpoints carried checksums", Assert.Single(_listener.Notes), StringComparison.Ordinal);

        // What shows without checksums is found.
        _listener.Notes.Clear();
        Damage(12, "zeroed header");
        Assert.Equal(8, NewestCheckpoint.Find(_run, _listener)!.Step);
        Assert.Contains("(step 12, ", Assert.Single(_listener.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_checkpoints_begins_at_its_first_step()
    {
        Directory.Delete(_folder["checkpoints"], recursive: true);
        Assert.Null(NewestCheckpoint.Find(_run, _listener));
        Directory.CreateDirectory(_folder["checkpoints/step-mine"]);
        Assert.Null(NewestCheckpoint.Find(_run, _listener));
    }

    public void Dispose()
    {
        _stage.Dispose();
        _run.Dispose();
        _folder.Dispose();
    }

    internal static void FlipBytes(string path, int from, int count)
    {
        var bytes = File.ReadAllBytes(path);
        for (var i = from; i < from + count; i++)
            bytes[i] ^= 0x55;
        File.WriteAllBytes(path, bytes);
    }

    private string FileOf(long step, string name) => Path.Combine(_run.Checkpoints.FolderOf(step), name);

    private void MakeOld(long step)
    {
        File.Delete(FileOf(step, CheckpointChecksums.FileName));
        var state = JsonNode.Parse(File.ReadAllText(FileOf(step, "state.json")))!;
        state["version"] = 1;
        File.WriteAllText(FileOf(step, "state.json"), state.ToJsonString());
    }

    private void Damage(long step, string damage)
    {
        var (model, state, sums) = (FileOf(step, "model.safetensors"), FileOf(step, "state.json"), FileOf(step, CheckpointChecksums.FileName));
        switch (damage)
        {
            case "bits of the tensors":
                FlipBytes(model, (int)new FileInfo(model).Length - 8, 8);
                break;
            case "one bit of the state":
                File.WriteAllText(state, File.ReadAllText(state).Replace("\"seed\": 1", "\"seed\": 5", StringComparison.Ordinal));
                break;
            case "cut":
                using (var file = File.OpenWrite(model))
                    file.SetLength(file.Length / 2);
                break;
            case "zeroed header":
                using (var file = File.OpenWrite(model))
                    file.Write(new byte[16]);
                break;
            case "no state":
                File.Delete(state);
                break;
            case "half a state":
                File.WriteAllText(state, File.ReadAllText(state)[..40]);
                break;
            case "a state of another step":
                File.Copy(FileOf(8, "state.json"), state, overwrite: true);
                break;
            case "no tensors":
                File.Delete(FileOf(step, "ema.safetensors"));
                break;
            case "no checksums":
                File.Delete(sums);
                break;
            case "spoilt checksums":
                File.WriteAllBytes(sums, new byte[200]);
                break;
            case "empty":
                Directory.Delete(_run.Checkpoints.FolderOf(step), recursive: true);
                Directory.CreateDirectory(_run.Checkpoints.FolderOf(step));
                break;
            case "a name that leads out":
                File.WriteAllText(state, File.ReadAllText(state).Replace("\"config.json\"", "\"../../recipe\\u0000.yaml\"", StringComparison.Ordinal));
                break;
            default:
                throw new ArgumentException(damage, nameof(damage));
        }
    }
}
