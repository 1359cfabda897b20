using System.Reflection;
using Hita.Tests.Support;
using PublicApiGenerator;

namespace Hita.Tests.Conventions;

/// <summary>
/// The public surface of each package is written down, so that a change of it shows in a diff. A change that is meant is accepted by
/// running this test with <c>HITA_ACCEPT_API=1</c> and committing the files.
/// </summary>
public sealed class PublicApiTests
{
    private const string Variable = "HITA_ACCEPT_API";

    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        // What the compiler writes: names of state machines change with any private member before them.
        ExcludeAttributes =
        [
            "System.Runtime.CompilerServices.IsReadOnlyAttribute",
            "System.Runtime.CompilerServices.AsyncStateMachineAttribute",
            "System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute",
            "System.Runtime.CompilerServices.IteratorStateMachineAttribute",
        ],
    };

    [Theory]
    [InlineData("Hita")]
    [InlineData("Hita.Data")]
    [InlineData("Hita.Distributed")]
    [InlineData("Hita.Evaluation")]
    [InlineData("Hita.Extensions.AI")]
    [InlineData("Hita.Extensions.Hosting")]
    [InlineData("Hita.Hub")]
    [InlineData("Hita.Materials")]
    [InlineData("Hita.Metrics")]
    [InlineData("Hita.Server")]
    [InlineData("Hita.Studio")]
    [InlineData("Hita.Training")]
    [InlineData("Hita.Verification")]
    public void The_surface_is_the_one_that_is_written_down(string package)
    {
        var found = Assembly.Load(package).GeneratePublicApi(Options).ReplaceLineEndings("\n").Trim() + "\n";
        var path = Path.Combine(TestFiles.Root, "tests", "Hita.Tests", "Conventions", "PublicApi", $"{package}.txt");
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, found);
        }
        var written = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        var difference = found.Split('\n').Except(written.Split('\n')).Select(static l => $"+ {l.Trim()}")
            .Concat(written.Split('\n').Except(found.Split('\n')).Select(static l => $"- {l.Trim()}"))
            .Take(20)
            .ToList();
        Assert.True(
            difference.Count == 0 && found == written,
            $"The public surface of {package} changed; run this test with {Variable}=1 and commit {path}, if it is meant:\n{string.Join('\n', difference)}");
    }
}
