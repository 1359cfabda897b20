using System.Text.RegularExpressions;
using Hita.Tests.Cli;
using Hita.Tests.Support;

namespace Hita.Tests.Packages;

/// <summary>
/// The server's container, as far as it can be checked without an engine: it copies what there is, the build gets all that it reads, and the
/// program is started with options that exist.
/// </summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllText(Path.Combine(TestFiles.Root, "Dockerfile")).ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n');

    private static readonly string[] Copied = [.. Lines.Where(static l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal)).SelectMany(static l => l.Split(' ')[1..^1])];

    [Fact]
    public void What_is_copied_is_there_and_not_ignored()
    {
        Assert.NotEmpty(Copied);
        Assert.All(Copied, static c => Assert.True(Path.Exists(Path.Combine(TestFiles.Root, c)), $"{c} is not there"));
        var let = File.ReadAllLines(Path.Combine(TestFiles.Root, ".dockerignore")).Where(static l => l.StartsWith('!')).Select(static l => l[1..]);
        Assert.Equal(Copied.Order(StringComparer.Ordinal), let.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_project_that_the_program_is_made_of_is_copied()
    {
        var program = PublishedProject().Match(string.Join('\n', Lines)).Groups[1].Value;
        var open = new Queue<string>([Path.GetFullPath(Path.Combine(TestFiles.Root, program))]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (open.TryDequeue(out var project))
        {
            if (!seen.Add(project))
                continue;
            var name = Path.GetRelativePath(TestFiles.Root, project).Replace('\\', '/');
            Assert.True(File.Exists(project), name);
            Assert.Contains(Copied, c => name.StartsWith(c + "/", StringComparison.Ordinal));
            var text = File.ReadAllText(project);
            foreach (Match reference in Reference().Matches(text))
                open.Enqueue(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, reference.Groups[1].Value)));
            foreach (Match import in Import().Matches(text))
                Assert.Contains(Copied, c => Path.GetRelativePath(TestFiles.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, import.Groups[1].Value))).StartsWith(c, StringComparison.Ordinal));
        }
        Assert.True(seen.Count > 10);
    }

    [Fact]
    public void It_starts_with_options_that_exist_as_a_user_of_its_own_on_the_port_that_it_says()
    {
        var words = Words(Line("CMD"));
        Assert.Equal("[\"/app/hita\"]", Line("ENTRYPOINT"));
        var command = CommandLine.Root().Subcommands.Single(c => c.Name == words[0]);
        Assert.All(words.Where(static w => w.StartsWith("--", StringComparison.Ordinal)), w => Assert.Contains(command.Options, o => o.Name == w));
        var port = Line("EXPOSE");
        Assert.Contains($"http://0.0.0.0:{port}", words);
        Assert.Contains("${HITA_PORT:-" + port + "}", Line("HEALTHCHECK"), StringComparison.Ordinal);
        Assert.NotEqual("root", Line("USER"));
        Assert.Contains($"useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin {Line("USER")}", string.Join('\n', Lines), StringComparison.Ordinal);
        Assert.Equal("/data", Line("VOLUME"));
    }

    private static string Line(string instruction) => Lines.Single(l => l.StartsWith(instruction + " ", StringComparison.Ordinal))[(instruction.Length + 1)..].Trim();

    private static List<string> Words(string array) => [.. Word().Matches(array).Select(static m => m.Groups[1].Value)];

    [GeneratedRegex("dotnet publish (\\S+)")]
    private static partial Regex PublishedProject();

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("<Import Project=\"(\\.\\.[^\"]+)\"")]
    private static partial Regex Import();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Word();
}
