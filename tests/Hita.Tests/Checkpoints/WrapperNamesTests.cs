using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Models;
using Hita.Tests.Checkpoints.Torch;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

/// <summary>Names that data-parallel training, compilation, sharding and frameworks put something before.</summary>
public sealed class WrapperNamesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("module.{0}", "'module.'")]
    [InlineData("_orig_mod.{0}", "'_orig_mod.'")]
    [InlineData("_fsdp_wrapped_module.{0}", "'_fsdp_wrapped_module.'")]
    [InlineData("model.{0}", "'model.'")]
    [InlineData("_orig_mod.module.{0}", "'_orig_mod.' and 'module.'")]
    [InlineData("module._orig_mod.{0}", "'module.' and '_orig_mod.'")]
    [InlineData("model.module._orig_mod.{0}", "'model.' and 'module.' and '_orig_mod.'")]
    [InlineData("module.module.{0}", "'module.' and 'module.'")]
    [InlineData("_orig_mod._orig_mod.{0}", "'_orig_mod.'")]
    [InlineData("_forward_module.model.{0}", "'_forward_module.' and 'model.'")]
    public void What_a_wrapper_put_before_every_name_is_removed_and_told(string form, string removed)
    {
        var files = new[] { File("a.pt", TorchFiles.Checkpoint(Section(form), TorchLayoutTests.Numbers(2))), Safetensors(form) };
        foreach (var path in files)
        {
            using var source = WeightFile.Open(path);
            Assert.Equal(["layers.0.weight", "norm.weight"], source.Tensors.Keys);
            Assert.Equal([0f, 1f], SafetensorsTests.Floats(source, "norm.weight"));
            Assert.StartsWith($"{removed} ", Assert.Single(source.Notes), StringComparison.Ordinal);
        }
        using var torch = WeightFile.Open(files[0]);
        Assert.Equal("model", TorchCheckpoint.Of(torch)!.Section);
    }

    [Fact]
    public void A_wrapper_around_a_part_is_removed_where_it_stands()
    {
        var names = WrapperNames.Unwrap(["layers.0._fsdp_wrapped_module._checkpoint_wrapped_module.wo.weight", "layers.1._orig_mod.wo.weight", "norm.weight"]);
        Assert.Equal(["layers.0.wo.weight", "layers.1.wo.weight", "norm.weight"], names!.Value.Names);
    }

    [Fact]
    public void A_counter_beside_the_wrapped_weights_is_left_out_and_told()
    {
        var names = WrapperNames.Unwrap(["n_averaged", "module.a", "module.b"])!.Value;
        Assert.Equal([null, "a", "b"], names.Names);
        using var source = WeightFile.Open(File("a.pt", TorchFiles.Checkpoint(
            TorchLayoutTests.Flat(p => Named(p, "n_averaged", "module.a", "module.b")), TorchLayoutTests.Numbers(2))));
        Assert.Equal(["a", "b"], source.Tensors.Keys);
        Assert.Equal("1 tensor that lies outside of it was left out: n_averaged.", source.Notes[^1]);
    }

    [Fact]
    public void Names_of_ones_own_stay_as_they_are()
    {
        Assert.Null(WrapperNames.Unwrap(["lin0.model.1.weight", "lin1.model.1.weight"]));
        Assert.Null(WrapperNames.Unwrap(["a", "b", "module.c"]));
        Assert.Null(WrapperNames.Unwrap(["x._orig_mod.a", "x.a"]));
        Assert.Null(WrapperNames.Unwrap(["my_orig_mod.a", "b"]));
        Assert.Null(WrapperNames.Unwrap(["module."]));
        Assert.Null(WrapperNames.Unwrap([]));
    }

    [Theory]
    [InlineData("module-prefix")]
    [InlineData("orig-mod-prefix")]
    [InlineData("both-prefixes")]
    [InlineData("numpy-rng")]
    [InlineData("bytes-protocol2")]
    [InlineData("expanded-buffer")]
    public void Checkpoints_that_wrappers_and_frameworks_wrote_hold_the_weights_of_the_plain_one(string name)
    {
        using var plain = WeightFile.Open(TestFiles.Shared("faults/ckpt/plain.pt"));
        using var source = WeightFile.Open(TestFiles.Shared($"faults/ckpt/{name}.pt"));
        Assert.Equal(plain.Tensors.Keys, source.Tensors.Keys);
        Assert.Equal(ModelKinds.Fingerprint(plain), ModelKinds.Fingerprint(source));
        Assert.Equal(name == "bytes-protocol2" ? 0 : 1, source.Notes.Count);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Section(string form) =>
        new PickleScript().Op('}').Text("model").Op('}').Op('(').Text(Name(form, "layers.0.weight")).Tensor("FloatStorage", "0", 2, 0, [2], [1])
            .Text(Name(form, "norm.weight")).Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('u').Op('s').End();

    private static PickleScript Named(PickleScript script, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            script.Text(name).Tensor("FloatStorage", "0", 2, 0, [2], [1]);
        return script;
    }

    private static string Name(string form, string name) => form.Replace("{0}", name, StringComparison.Ordinal);

    private string File(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(_folder[name], bytes);
        return _folder[name];
    }

    private string Safetensors(string form)
    {
        var entries = new[] { "layers.0.weight", "norm.weight" }.Select(n => new TensorEntry(Name(form, n), TensorType.Float32, [2])).ToList();
        using var writer = new SafetensorsWriter(_folder["a.safetensors"], entries);
        foreach (var entry in entries)
            writer.Write(entry.Name, TorchLayoutTests.Numbers(2));
        writer.Complete();
        return _folder["a.safetensors"];
    }
}
