using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Checkpoints;

public sealed class ModelFolderTests : IDisposable
{
    private const string Config = """{"model_type": "hita-tokenizer"}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1 << 20, 1)]
    [InlineData(64, 3)]
    [InlineData(1, 5)]
    public void A_model_is_read_as_it_was_written_in_one_file_or_in_several(long largestPart, int files)
    {
        var tensors = Tensors();
        ModelFolder.Write(_folder["model"], "{}\n", tensors, largestPart);
        Assert.Equal(files, Directory.GetFiles(_folder["model"], "*.safetensors").Length);
        Assert.Equal(files > 1, File.Exists(_folder["model/" + ModelFolder.IndexName]));
        using var source = ModelFolder.OpenWeights(_folder["model"]);
        Assert.Equal(tensors.Keys.Order(), source.Tensors.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            var values = new float[tensor.numel()];
            source.ReadFloats(name, values);
            Assert.Equal(TensorOps.ToFloats(tensor), values);
        }
        Assert.Equal(WeightFingerprint.Of(tensors), WeightFingerprint.Of(source));
    }

    [Fact]
    public void A_model_is_replaced_whole_and_anything_else_is_left_alone()
    {
        ModelFolder.Write(_folder["model"], Config, Tensors(), largestPart: 1);
        ModelFolder.Write(_folder["model"], Config + " ", Tensors());
        Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(_folder["model"]).Select(Path.GetFileName).Order());
        Assert.Equal(Config + " ", ModelFolder.ReadConfig(_folder["model"]));

        Directory.CreateDirectory(_folder["photos"]);
        File.WriteAllText(_folder["photos/album.txt"], "mine");
        Assert.Contains("would be lost", Assert.Throws<CheckpointException>(() => ModelFolder.Write(_folder["photos"], "{}", Tensors())).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["photos/album.txt"]));

        // A configuration of some other program beside somebody's work does not make a folder a model's.
        Directory.CreateDirectory(_folder["project/src"]);
        File.WriteAllText(_folder["project/config.json"], """{"name": "my web app"}""");
        Assert.Throws<CheckpointException>(() => ModelFolder.Write(_folder["project"], "{}", Tensors()));
        Assert.True(Directory.Exists(_folder["project/src"]));
        File.WriteAllText(_folder["model/notes.txt"], "mine");
        Assert.Contains("notes.txt", Assert.Throws<CheckpointException>(() => ModelFolder.Write(_folder["model"], "{}", Tensors())).Message, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void A_writer_that_is_given_up_leaves_nothing_and_keeps_what_was_there()
    {
        ModelFolder.Write(_folder["model"], Config, Tensors());
        var before = File.ReadAllBytes(_folder["model/model.safetensors"]);
        using (var writer = new ModelFolderWriter(_folder["model"], "{}\n", [new TensorEntry("a", TensorType.Float32, [4])]))
            writer.Write("a", MemoryMarshal.AsBytes<float>([1, 2]));
        Assert.Equal(before, File.ReadAllBytes(_folder["model/model.safetensors"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": "../outside.safetensors"}}""", "not one of this folder")]
    [InlineData("""{"weight_map": {"a": "model-00001-of-00005.safetensors", "z": "model-00001-of-00005.safetensors"}}""", "does not hold it")]
    [InlineData("""{"weight_map": {"a": "model-00001-of-00005.safetensors"}}""", null)]
    [InlineData("""{"weight_map": 3}""", "not an index")]
    [InlineData("[]", "not an index")]
    [InlineData("{", "not an index")]
    [InlineData("""{"weight_map": {"a": "nothing.safetensors"}}""", "nothing.safetensors")]
    public void A_broken_index_is_refused_in_a_sentence(string index, string? reason)
    {
        ModelFolder.Write(_folder["model"], "{}\n", Tensors(), largestPart: 1);
        File.WriteAllText(_folder["model/" + ModelFolder.IndexName], index);
        if (reason is null)
        {
            using var source = ModelFolder.OpenWeights(_folder["model"]);
            Assert.Single(source.Tensors);
            return;
        }
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => ModelFolder.OpenWeights(_folder["model"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_model_says_how_to_make_one()
    {
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Contains("hita import", Assert.Throws<CheckpointException>(() => ModelFolder.Find(_folder["empty"], "tokenizer")).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["run/model"]);
        File.WriteAllText(_folder["run/model/config.json"], "{}");
        // A training run stands for its model.
        Assert.Equal(_folder["run/model"], ModelFolder.Find(_folder["run"], "tokenizer"));
        Assert.Contains("no such folder", Assert.Throws<CheckpointException>(() => ModelFolder.Find(_folder["nowhere"], "tokenizer")).Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, Tensor> Tensors()
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var name in (ReadOnlySpan<string>)["a", "b", "c", "d", "e"])
            tensors[name] = TensorOps.FromFloats([.. Enumerable.Range(0, 8).Select(i => (name[0] * 10f) + i)], 2, 4);
        return tensors;
    }
}
