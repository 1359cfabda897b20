using System.Xml.Linq;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>Projects and folders depend on each other in one direction only.</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each project may reference directly, besides what its references bring along.</summary>
    private static readonly Dictionary<string, string[]> Projects = new(StringComparer.Ordinal)
    {
        ["src/Hita"] = [],
        ["src/Hita.Materials"] = ["Hita"],
        ["src/Hita.Metrics"] = ["Hita"],
        ["src/Hita.Data"] = ["Hita", "Hita.Materials"],
        ["src/Hita.Distributed"] = ["Hita"],
        ["src/Hita.Training"] = ["Hita.Data", "Hita.Distributed", "Hita.Metrics"],
        ["src/Hita.Evaluation"] = ["Hita.Data", "Hita.Metrics", "Hita.Training"],
        ["src/Hita.Verification"] = ["Hita.Training", "Hita.Metrics"],
        ["src/Hita.Extensions.Hosting"] = ["Hita"],
        ["src/Hita.Extensions.AI"] = ["Hita.Extensions.Hosting"],
        ["src/Hita.Hub"] = ["Hita"],
        ["src/Hita.Server"] = ["Hita"],
        ["src/Hita.Studio"] = ["Hita.Server"],
        ["src/Hita.Cli"] = ["Hita.Evaluation", "Hita.Verification", "Hita.Hub", "Hita.Studio", "Hita.Bench"],
        ["bench/Hita.Bench"] = ["Hita.Metrics"],
        ["bench/Hita.Studies"] = ["Hita.Cli"],
        ["bench/Hita.MicroBenchmarks"] = ["Hita"],
    };

    /// <summary>What each folder of the core library may use, besides itself and its own sub-folders.</summary>
    private static readonly Dictionary<string, string[]> Core = new(StringComparer.Ordinal)
    {
        ["Runtime"] = [],
        ["Imaging"] = ["Runtime"],
        ["Checkpoints"] = ["Runtime", "Imaging"],
        ["Layers"] = ["Runtime", "Imaging"],
        ["Tokenization"] = ["Runtime", "Imaging", "Checkpoints", "Layers"],
        ["Generation"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization"],
        ["Models"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization", "Generation"],
        ["Editing"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization", "Generation", "Models"],
    };

    private static readonly Lazy<FolderGraph> Graph = new(static () => new FolderGraph(SourceCompiler.Product, Relative));

    [Fact]
    public void Sources_compile_on_their_own() => Assert.Empty(SourceCompiler.Errors(SourceCompiler.Product));

    [Fact]
    public void A_namespace_is_the_project_and_the_folder()
    {
        var wrong = new List<string>();
        foreach (var tree in SourceCompiler.Product.SyntaxTrees.Where(static t => t.FilePath != "usings.cs"))
        {
            var relative = Relative(tree.FilePath);
            var expected = string.Join('.', relative.Split('/')[1..^1]);
            foreach (var declared in tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
            {
                if (declared.Name.ToString() != expected)
                    wrong.Add($"{relative} declares {declared.Name}, its folder says {expected}");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Projects_reference_what_lies_below_them()
    {
        var found = ProjectFiles().ToDictionary(static p => p.Folder, static p => References(p.File), StringComparer.Ordinal);
        Assert.Equal(Projects.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(found, static p => Assert.Equal(Projects[p.Key].Order(StringComparer.Ordinal), p.Value.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void No_folder_of_any_project_leads_back_to_itself() => Assert.Empty(Graph.Value.Circles());

    [Fact]
    public void Folders_of_the_core_library_use_what_lies_below_them()
    {
        var wrong = from folder in Graph.Value.Folders
                    where folder.StartsWith("src/Hita/", StringComparison.Ordinal)
                    from used in Graph.Value.UsedBy(folder)
                    let a = folder.Split('/')[2]
                    let b = used.Key.Split('/')[2]
                    where a != b && !Core.GetValueOrDefault(a, []).Contains(b)
                    select $"{folder} uses {used.Key}: {string.Join(", ", used.Value.Take(5))}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_circle_is_found_and_names_its_files()
    {
        var graph = new FolderGraph(
            CSharpCompilation.Create(
                "Wrong",
                [
                    CSharpSyntaxTree.ParseText("namespace A; class Low { B.High? _up; }", path: "src/A/Low.cs"),
                    CSharpSyntaxTree.ParseText("namespace B; class High { C.Way? _way; }", path: "src/B/High.cs"),
                    CSharpSyntaxTree.ParseText("namespace C; class Way { A.Low? _down; } class Plain;", path: "src/C/Way.cs"),
                    CSharpSyntaxTree.ParseText("namespace D; class Fine { C.Plain? _plain; }", path: "src/D/Fine.cs"),
                ],
                SourceCompiler.Product.References),
            static path => path);
        Assert.Equal(
            [
                "src/A uses src/B, which leads back to it: Low.cs > High.cs",
                "src/B uses src/C, which leads back to it: High.cs > Way.cs",
                "src/C uses src/A, which leads back to it: Way.cs > Low.cs",
            ],
            graph.Circles());
    }

    [Fact]
    public void The_core_library_needs_three_packages_and_no_native_ones()
    {
        var project = XDocument.Load(Path.Combine(TestFiles.Root, "src", "Hita", "Hita.csproj"));
        var packages = project.Descendants("PackageReference").Select(static p => (string)p.Attribute("Include")!);
        Assert.Equal(["SkiaSharp", "System.IO.Hashing", "TorchSharp"], packages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_programs_bring_the_native_tensor_library()
    {
        foreach (var (folder, file) in ProjectFiles())
        {
            var project = XDocument.Load(file);
            var program = project.Descendants("OutputType").Any(static o => o.Value == "Exe");
            Assert.Equal(program, project.Descendants("Import").Any(static i => ((string)i.Attribute("Project")!).Contains("TorchBackend", StringComparison.Ordinal)));
            Assert.DoesNotContain(
                project.Descendants("PackageReference").Select(static p => (string)p.Attribute("Include")!),
                static p => p.StartsWith("libtorch", StringComparison.Ordinal) || p.Contains("cuda", StringComparison.Ordinal));
            Assert.True(Projects.ContainsKey(folder), folder);
        }
    }

    private static IEnumerable<(string Folder, string File)> ProjectFiles() =>
        from root in (string[])["src", "bench"]
        from file in Directory.EnumerateFiles(Path.Combine(TestFiles.Root, root), "*.csproj", SearchOption.AllDirectories)
        select (Path.GetDirectoryName(Relative(file))!.Replace('\\', '/'), file);

    private static IEnumerable<string> References(string file) =>
        XDocument.Load(file).Descendants("ProjectReference").Select(static r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!));

    private static string Relative(string path) => Path.GetRelativePath(TestFiles.Root, path).Replace('\\', '/');
}
