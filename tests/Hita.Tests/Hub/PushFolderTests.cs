using Hita.Hub;
using Hita.Hub.Pushing;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Hub;

/// <summary>What of a folder is pushed, and the page that goes with it.</summary>
public sealed class PushFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static HubReference Target => HubReference.Parse("me/my-model");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Other_peoples_files_and_links_stay()
    {
        ModelCreator.Create("tiny", _folder["mine"]);
        foreach (var name in (string[])["LICENSE", "sheet.png", "notes.txt", "samples/a.png", "samples/a.txt", "generator/packed/x.packed", "checkpoints/1/model.safetensors", "evaluation/last/report.json", "evaluation/last/index.html"])
            Write($"mine/{name}");
        Write("secret");
        File.CreateSymbolicLink(_folder["mine/linked.png"], _folder["secret"]);
        Directory.CreateSymbolicLink(_folder["mine/samples/more"], _folder["mine/checkpoints"]);

        var folder = PushFolder.Open(_folder["mine"]);

        Assert.Equal(
            ["LICENSE", "evaluation/last/report.json", "generator/config.json", "generator/model.safetensors", "samples/a.png", "sheet.png", "tokenizer/config.json", "tokenizer/model.safetensors"],
            folder.Files.Select(static f => f.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["checkpoints/", "evaluation/last/index.html", "generator/packed/", "linked.png (a link)", "notes.txt", "samples/a.txt", "samples/more (a link)"],
            folder.LeftOut.Order(StringComparer.Ordinal));
        Assert.NotNull(folder.Tokenizer);
        Assert.NotNull(folder.Generator);
    }

    [Fact]
    public void A_run_goes_as_the_model_that_it_made()
    {
        ModelCreator.Create("tiny", _folder["made"]);
        Directory.CreateDirectory(_folder["run"]);
        Directory.Move(_folder["made/tokenizer"], _folder["run/model"]);
        foreach (var name in (string[])["recipe.yaml", "metrics.jsonl", "samples/samples-00000010.png", "samples/samples-00000020.png", "checkpoints/x/state.json", "events/e"])
            Write($"run/{name}");
        var folder = PushFolder.Open(_folder["run"]);
        Assert.Equal(
            ["config.json", "model.safetensors", "samples/samples-00000020.png", "training/metrics.jsonl", "training/recipe.yaml"], folder.Files.Select(static f => f.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["checkpoints/", "events/", "samples/samples-00000010.png"], folder.LeftOut.Order(StringComparer.Ordinal));
        Assert.Contains("hita reconstruct photo.jpg -m hf:me/my-model", new ModelCard().Write(folder, Target), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_model_or_a_broken_one_is_refused()
    {
        Write("empty/a.txt");
        Assert.Contains("holds no model to push", Fault("empty"), StringComparison.Ordinal);
        Assert.Contains("there is no such folder", Fault("nowhere"), StringComparison.Ordinal);
        Assert.Contains("this is a file", Fault("empty/a.txt"), StringComparison.Ordinal);
        ModelCreator.Create("tiny", _folder["mine"]);
        Directory.CreateDirectory(_folder["linked/generator"]);
        File.CreateSymbolicLink(_folder["linked/generator/config.json"], _folder["mine/generator/config.json"]);
        Assert.Contains("the model's files are links, as in the hub's cache", Fault("linked"), StringComparison.Ordinal);
        File.Copy(_folder["mine/generator/config.json"], _folder["linked/generator/copy.json"]);
        File.Delete(_folder["linked/generator/config.json"]);
        File.Move(_folder["linked/generator/copy.json"], _folder["linked/generator/config.json"]);
        File.CreateSymbolicLink(_folder["linked/generator/model.safetensors"], _folder["mine/generator/model.safetensors"]);
        Assert.Contains("generator/model.safetensors (a link) is a part of the model", Fault("linked"), StringComparison.Ordinal);
        File.WriteAllBytes(_folder["mine/generator/model.safetensors"], [1, 2, 3]);
        Assert.Contains("model.safetensors", Fault("mine"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_says_what_the_hub_and_people_need()
    {
        var folder = PushFolder.Open(Path.Combine(TestFiles.Root, "models", "materials"));
        var card = new ModelCard
        {
            License = "cc-by-4.0",
            Images = ["samples/one two.png"],
            Metrics = [new CardMetric("fid", "FID", 12.5, "12.500", "materials <b>|x"), new CardMetric("psnr", "PSNR", double.PositiveInfinity, "∞ dB", "photos")],
        };
        // The folder has a page of its own, without facts: they are put before it.
        var own = card.Write(folder, Target);
        Assert.StartsWith("---\nlicense: \"cc-by-4.0\"\nlibrary_name: hita\npipeline_tag: unconditional-image-generation\ntags:\n- hita\n", own, StringComparison.Ordinal);
        Assert.Contains("\n---\n\n# The pipeline \"materials\"", own, StringComparison.Ordinal);
        ModelCreator.Create("tiny", _folder["mine"]);
        var made = PushFolder.Open(_folder["mine"]);
        var text = card.Write(made, Target);
        Assert.Contains("model-index:\n- name: \"my-model\"\n", text, StringComparison.Ordinal);
        Assert.Contains("    - name: \"FID\"\n      type: \"fid\"\n      value: 12.5\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("value: ∞", text, StringComparison.Ordinal);
        Assert.Contains("| FID | 12.500 | materials &lt;b>\\|x |", text, StringComparison.Ordinal);
        Assert.Contains("![one two](samples/one%20two.png)", text, StringComparison.Ordinal);
        Assert.Contains("hita generate -m hf:me/my-model --class", text, StringComparison.Ordinal);
        Assert.Contains("LocateAsync(\"hf:me/my-model\")", text, StringComparison.Ordinal);
        File.WriteAllText(_folder["mine/README.md"], text);
        Assert.Equal(text, new ModelCard { License = "mit" }.Write(PushFolder.Open(_folder["mine"]), Target));
        var facts = new YamlDotNet.Serialization.DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(text.Split("---\n")[1]);
        Assert.Equal("hita", facts["library_name"]);
        Assert.Contains("hita", Assert.IsType<List<object>>(facts["tags"]));
    }

    [Fact]
    public void The_sample_on_the_page_compiles()
    {
        ModelCreator.Create("tiny", _folder["mine"]);
        foreach (var part in (string[])["mine", "mine/tokenizer", "mine/generator"])
        {
            var text = new ModelCard().Write(PushFolder.Open(_folder[part]), Target);
            var sample = text.Split("```csharp\n")[1].Split("```")[0];
            Assert.Empty(SourceCompiler.Errors(SourceCompiler.Compile(sample, Microsoft.CodeAnalysis.OutputKind.ConsoleApplication)));
        }
    }

    private string Fault(string name) => Assert.ThrowsAny<HitaException>(() => PushFolder.Open(_folder[name])).Message;

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], "x");
    }
}
