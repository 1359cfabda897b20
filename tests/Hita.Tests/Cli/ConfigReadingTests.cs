using Hita.Checkpoints;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>A command reads each configuration once, and hands on what it has read.</summary>
public sealed class ConfigReadingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _read = [];
    private readonly List<string> _parsed = [];

    public ConfigReadingTests()
    {
        Assert.Equal(0, CommandLine.Run("init", "--preset", "tiny", "-o", _folder["model"]).Code);
        File.WriteAllText(_folder["model/generator/sampling.json"], ConfigJson.Write(new SamplingOptions()));
        ImageWriter.Write(ImageFiles.Quarters(64, 64), _folder["image.png"]);
        ImageWriter.Write(ImageFiles.Quarters(64, 64), _folder["style.png"]);
        ModelFolder.ReadingConfig += Read;
        ConfigJson.Parsing += Parsed;
    }

    public void Dispose()
    {
        ModelFolder.ReadingConfig -= Read;
        ConfigJson.Parsing -= Parsed;
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1, 0, "reconstruct", "image.png", "-o", "out.png")]
    [InlineData(1, 0, "encode", "image.png", "-o", "out.safetensors")]
    [InlineData(1, 0, "style", "image.png", "style.png", "-o", "out.png")]
    [InlineData(1, 1, "generate", "--class", "1", "-o", "out")]
    [InlineData(1, 1, "vary", "image.png", "--keep", "holistic", "--count", "1", "-o", "out")]
    [InlineData(1, 1, "inpaint", "image.png", "--box", "16,16,16,16", "--class", "1", "-o", "out.png")]
    [InlineData(0, 1, "classes")]
    public void Each_configuration_is_read_and_parsed_once(int tokenizer, int generator, string command, params string[] rest)
    {
        string[] line = [command, "-m", _folder["model"], .. rest.Select(a => a is "out" || a.Contains('.') ? _folder[a] : a)];
        var (code, _, error) = CommandLine.Run(line);
        Assert.True(code == 0, error);
        foreach (var seen in (List<string>[])[_read, _parsed])
        {
            Assert.Equal(tokenizer, Count(seen, "tokenizer/config.json"));
            Assert.Equal(generator, Count(seen, "generator/config.json"));
        }
        Assert.Equal(command is "classes" ? 0 : generator, Count(_parsed, "generator/sampling.json"));
    }

    private int Count(List<string> seen, string file) => seen.Count(p => Path.GetFullPath(p) == Path.GetFullPath(_folder[$"model/{file}"]));

    private void Read(string path) => Add(_read, path);

    private void Parsed(string path) => Add(_parsed, path);

    // Tests beside this one read configurations of their own.
    private static void Add(List<string> list, string path)
    {
        lock (list)
            list.Add(path);
    }
}
