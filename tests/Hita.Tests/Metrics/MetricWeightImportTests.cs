using System.Runtime.InteropServices;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Evaluation.Protocols;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Checkpoints.Torch;
using Hita.Tests.Cli;
using Hita.Tests.Support;
using Hita.Training.Discriminators;
using static TorchSharp.torch;

namespace Hita.Tests.Metrics;

/// <summary>The published weights of metrics and losses are imported, found, and told apart from what only looks like them.</summary>
public sealed class MetricWeightImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_vgg_and_the_heads_are_imported_and_measure_as_published()
    {
        using var scope = NewDisposeScope();
        Save("published/vgg16-397923af.pth", ModelKind.Vgg16, extra: new("classifier.6.bias", zeros(1000)));
        Heads("published/vgg.pth");
        var vgg = MetricWeightImporter.Import(_folder["published/vgg16-397923af.pth"], _folder["imported"]);
        Assert.Equal((26, 14_714_688L), (vgg.TensorCount, vgg.ParameterCount));
        Assert.Equal(["classifier.6.bias"], vgg.Dropped);
        var heads = MetricWeightImporter.Import(_folder["published/vgg.pth"], _folder["imported"]);
        Assert.Equal((5, 1472L, 0), (heads.TensorCount, heads.ParameterCount, heads.Dropped.Count));
        Assert.Equal(_folder["imported/vgg.safetensors"], heads.Path);

        using var before = PerceptualSource.Open(_folder["published"]);
        using var after = PerceptualSource.Open(_folder["imported"]);
        Assert.True(after.IsPresent, after.Absence);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
        // A recipe or an option may name either file, too.
        using var mixed = LpipsWeights.Load(_folder["imported/vgg16-397923af.safetensors"], _folder["published/vgg.pth"], Placement.Cpu);
        Assert.Equal(after.Fingerprint, WeightFingerprint.Of(mixed.Parameters()));
    }

    [Fact]
    public void The_inception_keeps_the_fingerprint_by_which_reports_compare()
    {
        using var scope = NewDisposeScope();
        Save("any-name.pth", ModelKind.Inception, extra: new("Conv2d_1a_3x3.bn.num_batches_tracked", tensor(7L)));
        MetricWeightImporter.Import(_folder["any-name.pth"], _folder["imported"]);
        using var before = InceptionExtractor.Load(_folder["any-name.pth"]);
        using var after = FeatureSource.Open(_folder["imported"]);
        Assert.Equal(before.Fingerprint, after.Fingerprint);
    }

    [Fact]
    public void The_dino_network_is_imported_and_serves_the_discriminator()
    {
        using var scope = NewDisposeScope();
        // The layout is written down where training cannot be seen from, so it is held against the network here.
        using (var network = new DinoVision(Placement.Meta))
        {
            Assert.Equal(
                network.Parameters().ToDictionary(static p => p.Key, static p => string.Join(',', p.Value.shape)),
                MetricWeightLayout.Of(ModelKind.Dino).Shapes.ToDictionary(static s => s.Key, static s => string.Join(',', s.Value)));
        }
        Save("dino.pth", ModelKind.Dino);
        var report = MetricWeightImporter.Import(_folder["dino.pth"], _folder["my-dino.safetensors"]);
        Assert.Equal((ModelKind.Dino, _folder["my-dino.safetensors"], 150), (report.Kind, report.Path, report.TensorCount));
        using var before = DinoVision.Load(_folder["dino.pth"], Placement.Cpu);
        using var after = DinoVision.Load(report.Path, Placement.Cpu);
        Assert.Equal(WeightFingerprint.Of(before.Parameters()), WeightFingerprint.Of(after.Parameters()));
    }

    [Fact]
    public void Files_of_torch_before_1_6_give_the_same_import()
    {
        var newer = MetricWeightImporter.Import(Heads("newer.pth"), _folder["newer"]).Path;
        var inspected = CommandLine.Run("inspect", Heads("older.pth", old: true), "--brief").Output;
        Assert.Matches(@"fits +yes, as vgg\.pth", inspected);
        var (code, output, error) = CommandLine.Run("import", _folder["older.pth"], "-o", _folder["older"]);
        Assert.True(code == 0, error);
        Assert.Contains("the heads of LPIPS, 5 tensors, 1472 parameters", output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(newer), File.ReadAllBytes(_folder["older/vgg.safetensors"]));

        Refused(Heads("alex.pth", [64, 192, 384, 256, 256], old: true), "lin1.model.1.weight", "vgg.pth is wanted");
        File.WriteAllBytes(_folder["cut.pth"], File.ReadAllBytes(_folder["older.pth"])[..^700]);
        Refused(_folder["cut.pth"], "cut short, so copy or download it again");
    }

    [Fact]
    public void An_imported_file_is_found_before_the_published_one()
    {
        Assert.Null(MetricWeights.PathIn(_folder.Path, MetricWeights.Dino));
        File.WriteAllText(_folder[MetricWeights.Dino.FileName], "");
        Assert.Equal(_folder[MetricWeights.Dino.FileName], MetricWeights.PathIn(_folder.Path, MetricWeights.Dino));
        File.WriteAllText(_folder["dino_deitsmall16_pretrain.safetensors"], "");
        Assert.Equal(_folder["dino_deitsmall16_pretrain.safetensors"], MetricWeights.PathIn(_folder.Path, MetricWeights.Dino));
    }

    [Fact]
    public void The_command_says_in_one_line_what_it_is_and_where_it_went()
    {
        Heads("vgg.pth");
        var (code, output, error) = CommandLine.Run("import", _folder["vgg.pth"], "-o", _folder["place"]);
        Assert.True(code == 0, error);
        Assert.Equal($"{_folder["place/vgg.safetensors"]}: the heads of LPIPS, 5 tensors, 1472 parameters", output.Trim());
        using (var json = JsonDocument.Parse(CommandLine.Run("import", _folder["vgg.pth"], "-o", _folder["place"], "--overwrite", "--json").Output))
            Assert.Equal("lpips_heads", json.RootElement.GetProperty("kind").GetString());

        var inspected = CommandLine.Run("inspect", _folder["place/vgg.safetensors"], "--brief").Output;
        Assert.Matches(@"kind +heads of LPIPS", inspected);
        Assert.Matches(@"fits +yes, as vgg\.pth", inspected);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_sentence_that_names_the_file_wanted()
    {
        using var scope = NewDisposeScope();
        // AlexNet's heads have other widths; the network of another size, of another depth, with dropped tensors.
        Refused(Heads("alex.pth", [64, 192, 384, 256, 256]), "lin1.model.1.weight (is [1, 192, 1, 1], must be [1, 128, 1, 1])", "vgg.pth is wanted");
        SafetensorsWriter.Save(_folder["vgg19"], [new("features.0.weight", zeros(64, 3, 3, 3)), new("features.2.weight", zeros(1)), new("features.34.bias", zeros(512))]);
        Refused(_folder["vgg19"], "features.34.bias", "vgg16-397923af.pth is wanted");
        SafetensorsWriter.Save(_folder["vit-b"], [new("cls_token", zeros(1, 1, 768)), new("patch_embed.proj.weight", zeros(768, 3, 16, 16)), new("blocks.0.attn.qkv.weight", zeros(1))]);
        Refused(_folder["vit-b"], "must be [1, 1, 384]", "dino_deitsmall16_pretrain.pth is wanted");
        SafetensorsWriter.Save(_folder["inception"], [new("Conv2d_1a_3x3.conv.weight", zeros(32, 3, 3, 3)), new("fc.weight", zeros(1000, 2048)), new("AuxLogits.fc.bias", zeros(1000))]);
        Refused(_folder["inception"], "AuxLogits.fc.bias", "weights-inception-2015-12-05-6726825d.pth is wanted");
        Refused(Heads("nan.pth", value: float.NaN), "hold values that are not finite");
        Refused(TestFiles.Vector("gpt.pt"), "no weights of a metric");

        var whole = Heads("whole.pth");
        File.WriteAllBytes(_folder["cut.pth"], File.ReadAllBytes(whole)[..^700]);
        Refused(_folder["cut.pth"], "copy or download it again");
        Assert.Contains("not a model", Assert.Throws<CheckpointException>(() => ModelImporter.Import(whole, _folder["model"])).Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder["model"]));
    }

    [Theory]
    [InlineData("--preset", "tiny")]
    [InlineData("--config", "config.json")]
    [InlineData("--semantic-encoder", "dino.pth")]
    public void Options_of_models_are_refused(string option, string value)
    {
        var (code, _, error) = CommandLine.Run("import", Heads("vgg.pth"), "-o", _folder["out"], option, value);
        Assert.Equal(1, code);
        Assert.Contains("leave --preset", error, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder["out"]));
    }

    [Fact]
    public void A_model_needs_a_folder_and_an_imported_file_is_not_written_over_itself()
    {
        var (code, _, error) = CommandLine.Run("import", TestFiles.Vector("gpt.pt"));
        Assert.Equal(1, code);
        Assert.Contains("-o DIR", error, StringComparison.Ordinal);
        var imported = MetricWeightImporter.Import(Heads("vgg.pth"), _folder["place"]).Path;
        Assert.Contains("imported already", Assert.Throws<CheckpointException>(() => MetricWeightImporter.Import(imported, _folder["place"])).Message, StringComparison.Ordinal);
    }

    private void Refused(string file, params string[] parts)
    {
        var fault = Assert.Throws<CheckpointException>(() => MetricWeightImporter.Import(file, _folder["refused"]));
        Assert.All(parts, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Empty(Directory.Exists(_folder["refused"]) ? Directory.GetFileSystemEntries(_folder["refused"]) : []);
    }

    // A file of the right names and shapes, every tensor with a number of its own.
    private void Save(string name, ModelKind kind, KeyValuePair<string, Tensor>? extra = null)
    {
        var tensors = MetricWeightLayout.Of(kind).Shapes.Select(static (s, i) => KeyValuePair.Create(s.Key, full(s.Value, 0.001 * (i + 1), dtype: ScalarType.Float32))).ToList();
        if (extra is { } more)
            tensors.Add(more);
        SafetensorsWriter.Save(_folder[name], tensors);
    }

    // The heads as torch.save writes them, or wrote them before PyTorch 1.6.
    private string Heads(string name, long[]? widths = null, float value = 0.5f, bool old = false)
    {
        widths ??= [64, 128, 256, 512, 512];
        var script = new PickleScript().Op('}').Op('(');
        for (var i = 0; i < widths.Length; i++)
            script.Text($"lin{i}.model.1.weight").Tensor("FloatStorage", $"{i}", widths[i], 0, [1, widths[i], 1, 1], [widths[i], 1, 1, 1]);
        byte[][] storages = [.. widths.Select((w, i) => MemoryMarshal.AsBytes(Enumerable.Repeat(value + i, (int)w).ToArray().AsSpan()).ToArray())];
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        var pickle = script.Op('u').End();
        File.WriteAllBytes(_folder[name], old
            ? LegacyFile.Of(pickle, [.. storages.Select(static (bytes, i) => ($"{i}", sizeof(float), bytes))]).ToBytes()
            : TorchFiles.Checkpoint(pickle, storages));
        return _folder[name];
    }
}

/// <summary>The folder in which weights are found by themselves is one for the process, so this runs alone.</summary>
[Collection(Alone.Name)]
public sealed class MetricWeightPlaceTests
{
    [Fact]
    public void Without_a_place_the_weights_go_where_they_are_found()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        long[] widths = [64, 128, 256, 512, 512];
        SafetensorsWriter.Save(folder["heads"], [.. widths.Select(static (w, i) => KeyValuePair.Create($"lin{i}.model.1.weight", ones(1, w, 1, 1)))]);
        var before = Environment.GetEnvironmentVariable(MetricWeights.Variable);
        Environment.SetEnvironmentVariable(MetricWeights.Variable, folder["metrics"]);
        try
        {
            Assert.False(MetricWeights.Has(MetricWeights.LpipsHeads));
            var (code, output, error) = CommandLine.Run("import", folder["heads"]);
            Assert.True(code == 0, error);
            Assert.StartsWith(folder["metrics/vgg.safetensors"], output, StringComparison.Ordinal);
            Assert.Equal(folder["metrics/vgg.safetensors"], MetricWeights.Find(MetricWeights.LpipsHeads));
        }
        finally
        {
            Environment.SetEnvironmentVariable(MetricWeights.Variable, before);
        }
    }
}
