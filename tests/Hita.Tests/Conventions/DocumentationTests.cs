using System.CommandLine;
using System.Text.RegularExpressions;
using Hita.Tests.Cli;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;

namespace Hita.Tests.Conventions;

/// <summary>What the documents say exists: commands, options, files and the library's members in samples.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Folders = ["src/", "tests/", "docs/", "build/", "bench/", "recipes/", "models/", ".ci/", "./"];

    [Fact]
    public void Commands_and_options_in_the_documents_exist()
    {
        var faults = Documents().SelectMany(d => CommandFaults(d.Text).Select(f => $"{d.Name}: {f}"));
        Assert.Empty(faults);
    }

    [Fact]
    public void Files_and_folders_that_the_documents_name_exist()
    {
        var faults = Documents().SelectMany(d => PathFaults(d.Text, Path.GetDirectoryName(d.Name)!).Select(f => $"{d.Name}: {f}"));
        Assert.Empty(faults);
    }

    [Fact]
    public void Samples_in_the_documents_compile()
    {
        foreach (var (name, text) in Documents())
        {
            foreach (var sample in Samples(text))
            {
                var errors = SourceCompiler.Errors(SourceCompiler.Compile(sample, OutputKind.ConsoleApplication));
                Assert.True(errors.Count == 0, $"{name}: a sample does not compile: {string.Join("; ", errors)}\n{sample}");
            }
        }
    }

    [Fact]
    public void The_readme_names_the_test_command_that_the_check_script_runs()
    {
        const string Command = "dotnet test -c Release --filter-not-trait Category=Slow";
        Assert.Contains(Command, File.ReadAllText(Path.Combine(TestFiles.Root, "README.md")), StringComparison.Ordinal);
        Assert.Contains(Command, File.ReadAllText(Path.Combine(TestFiles.Root, ".ci", "run")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("```sh\n./hita presents\n```", "presents")]
    [InlineData("```sh\n$ ./hita doctor --jsn\n```", "--jsn")]
    [InlineData("Run `hita doctor --verbose` first.", "--verbose")]
    [InlineData("Run `hita nothing -m DIR`.", "nothing")]
    public void A_command_that_does_not_exist_is_found(string markdown, string part) =>
        Assert.Contains(CommandFaults(markdown), f => f.Contains(part, StringComparison.Ordinal));

    [Theory]
    [InlineData("```sh\n./hita doctor --json --threads 2   # what is used\n```")]
    [InlineData("```sh\nHITA_TORCH_BACKEND=cuda ./hita doctor | head\n```")]
    [InlineData("The word hita in a sentence, `hita`, and `hita presets --json`.")]
    [InlineData("```sh\n./hita doctor \\\n    --json\n```")]
    public void Commands_that_exist_are_left_alone(string markdown) => Assert.Empty(CommandFaults(markdown));

    [Fact]
    public void Missing_paths_and_broken_samples_are_found()
    {
        Assert.Equal(2, PathFaults("[here](nowhere.md) and `src/Hita/Nothing.cs`, but [web](https://example.org) and `src/Hita`", "").Count());
        var sample = Assert.Single(Samples("```csharp\nHita.Nothing.Do();\n```"));
        Assert.NotEmpty(SourceCompiler.Errors(SourceCompiler.Compile(sample, OutputKind.ConsoleApplication)));
    }

    private static IEnumerable<(string Name, string Text)> Documents()
    {
        var docs = Path.Combine(TestFiles.Root, "docs");
        var files = Directory.EnumerateFiles(TestFiles.Root, "*.md")
            .Concat(Directory.Exists(docs) ? Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories) : []);
        return files.Select(f => (Path.GetRelativePath(TestFiles.Root, f), File.ReadAllText(f)));
    }

    private static IEnumerable<string> CommandFaults(string markdown)
    {
        foreach (var line in CommandLines(markdown))
        {
            Command command = CommandLine.Root();
            var options = Names(command).ToHashSet(StringComparer.Ordinal);
            var isAfterOption = false;
            foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (word is "#" or "|" or ">" or "&&" or ";")
                    break;
                if (word.StartsWith('-') && word.Length > 1)
                {
                    isAfterOption = true;
                    if (!options.Contains(word.Split('=')[0].TrimEnd(']', ',', '.')))
                        yield return $"'hita {line}': there is no option {word}";
                }
                else if (command.Subcommands.Count > 0)
                {
                    var next = command.Subcommands.FirstOrDefault(c => c.Name == word || c.Aliases.Contains(word));
                    // The value of an option, where a command does something by itself as well.
                    var isValue = next is null && isAfterOption;
                    isAfterOption = false;
                    if (isValue)
                        continue;
                    if (next is null)
                    {
                        yield return $"'hita {line}': there is no command {word}";
                        break;
                    }
                    command = next;
                    options.UnionWith(Names(command));
                }
            }
        }
    }

    private static IEnumerable<string> Names(Command command) => command.Options.SelectMany(o => o.Aliases.Prepend(o.Name));

    // What follows the program's name in code: in fenced blocks anywhere in a line, in inline code at its start.
    private static IEnumerable<string> CommandLines(string markdown)
    {
        var fences = FencePattern().Matches(markdown).Where(m => m.Groups["language"].Value != "csharp");
        var blocks = fences.SelectMany(m => m.Groups["body"].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'));
        var inline = InlinePattern().Matches(FencePattern().Replace(markdown, "")).Select(m => m.Groups[1].Value);
        return blocks.Concat(inline).Select(l => HitaPattern().Match(l)).Where(m => m.Success).Select(m => m.Groups[1].Value.Trim());
    }

    private static IEnumerable<string> PathFaults(string markdown, string folder)
    {
        var prose = FencePattern().Replace(markdown, "");
        var links = LinkPattern().Matches(prose).Select(m => m.Groups[1].Value)
            .Where(l => !l.Contains("://", StringComparison.Ordinal) && !l.StartsWith('#'))
            .Select(l => Path.Combine(folder, l.Split('#')[0]));
        var code = InlinePattern().Matches(prose).Select(m => m.Groups[1].Value)
            .Where(c => Folders.Any(f => c.StartsWith(f, StringComparison.Ordinal)) && !c.Contains('*', StringComparison.Ordinal))
            .Select(c => c.Split(' ')[0]);
        return links.Concat(code)
            .Where(p => !Path.Exists(Path.Combine(TestFiles.Root, p)))
            .Select(p => $"{p} does not exist");
    }

    private static IEnumerable<string> Samples(string markdown) =>
        FencePattern().Matches(markdown).Where(m => m.Groups["language"].Value == "csharp").Select(m => m.Groups["body"].Value);

    [GeneratedRegex(@"^```(?<language>\w*)[^\n]*\n(?<body>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencePattern();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex InlinePattern();

    [GeneratedRegex(@"(?:^|[\s/])hita(?:\.cmd)?(?=\s|$)(.*)$")]
    private static partial Regex HitaPattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();
}
