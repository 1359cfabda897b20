using Hita.Hub;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Hub;

/// <summary>What the environment and names of repositories mean.</summary>
public sealed class HubSettingsTests
{
    [Fact]
    public void The_variables_are_those_of_python()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["home"]);
        File.WriteAllText(folder["home/token"], "abc\n");
        var settings = From(("HF_HOME", folder["home"]), ("HF_ENDPOINT", "https://mirror.example/hub"), ("HF_HUB_OFFLINE", "True"));
        Assert.Equal((folder["home/hub"], "abc", true, "https://mirror.example/hub/"), (settings.CacheFolder, settings.Token, settings.IsOffline, settings.Endpoint.ToString()));
        Assert.Equal("abc", From(("HF_HOME", folder["home"]), ("HF_TOKEN", " ")).Token);
        Assert.Equal("xyz", From(("HF_HOME", folder["home"]), ("HF_TOKEN", "xyz")).Token);
        Assert.Equal("/c", From(("HF_HOME", folder["home"]), ("HF_HUB_CACHE", "/c")).CacheFolder);
        Assert.Equal("/x/huggingface/hub", From(("XDG_CACHE_HOME", "/x")).CacheFolder);
        var plain = From();
        Assert.EndsWith(Path.Combine(".cache", "huggingface", "hub"), plain.CacheFolder, StringComparison.Ordinal);
        Assert.Equal(("https://huggingface.co/", false), (plain.Endpoint.ToString(), plain.IsOffline));
        Assert.Throws<HitaException>(() => From(("HF_ENDPOINT", "file:///etc")));
    }

    [Theory]
    [InlineData("owner/name", "owner/name", "main", "")]
    [InlineData("hf:owner/na.me-x@v1.0", "owner/na.me-x", "v1.0", "")]
    [InlineData("hf:owner/name/a/b", "owner/name", "main", "a/b")]
    [InlineData("owner/name@abc/deep/file.pt/", "owner/name", "abc", "deep/file.pt")]
    public void Names_are_taken_apart(string text, string repository, string revision, string path) =>
        Assert.Equal(new HubReference(repository, revision, path), HubReference.Parse(text));

    [Theory]
    [InlineData("name")]
    [InlineData("")]
    [InlineData("hf:")]
    [InlineData("../name")]
    [InlineData("owner/..")]
    [InlineData("owner/name/../x")]
    [InlineData("owner/name@../x")]
    [InlineData("owner/na me")]
    [InlineData("https://example.org/a/b")]
    [InlineData("owner/name\u001b")]
    public void What_is_no_name_is_refused(string text) => Assert.Contains("names no repository", Assert.Throws<HitaException>(() => HubReference.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Published_pipelines_are_found_by_short_names()
    {
        Assert.Equal(
            new PublishedModel("ultra-l-250e", "yexiguafu/hita-gen", "ultra/GPT-L/GPT-L-250e.pt", "hita-l", "ultra/tokenizer/hita-ultra.pt", "hita-u"),
            PublishedModels.Find("yexiguafu/hita-gen", "ultra-l"));
        Assert.Equal("vanilla/GPT-B/GPT-B-50e.pt", PublishedModels.Find("yexiguafu/hita-gen", "vanilla-b-50e").Generator);
        Assert.Equal(("c2i_B_256.pt", "llamagen-b-256"), (PublishedModels.Find("foundationvision/llamagen", "b-256").Generator, PublishedModels.Find("FoundationVision/LlamaGen", "b-256").GeneratorPreset));
        Assert.Contains("vanilla-b-50e", Assert.Throws<HitaException>(() => PublishedModels.Find("yexiguafu/hita-gen", "huge")).Message, StringComparison.Ordinal);
        Assert.Throws<HitaException>(() => PublishedModels.Find("yexiguafu/hita-gen", "ultra"));
        Assert.All(PublishedModels.All, static m =>
        {
            Assert.Contains(m.GeneratorPreset, Hita.Generation.Model.GeneratorPresets.Names);
            Assert.Contains(m.TokenizerPreset, Hita.Tokenization.Model.TokenizerPresets.Names);
        });
    }

    private static HubSettings From(params (string Name, string Value)[] variables) =>
        HubSettings.From(name => variables.FirstOrDefault(v => v.Name == name).Value);
}
