using System.Xml.Linq;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>The folders of the library depend on each other in one direction only.</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each folder may use, besides itself.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Runtime"] = [],
        ["Imaging"] = ["Runtime"],
        ["Checkpoints"] = ["Runtime", "Imaging"],
        ["Layers"] = ["Runtime", "Imaging"],
        ["Tokenization"] = ["Runtime", "Imaging", "Checkpoints", "Layers"],
        ["Generation"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization"],
        ["Data"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization"],
        ["Editing"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization", "Generation", "Data"],
        ["Evaluation"] = ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization", "Generation", "Data"],
        ["Training"] =
            ["Runtime", "Imaging", "Checkpoints", "Layers", "Tokenization", "Generation", "Data", "Editing", "Evaluation"],
    };

    [Fact]
    public void Library_sources_compile_on_their_own() => Assert.Empty(SourceCompiler.Errors(SourceCompiler.Library));

    [Fact]
    public void Every_source_lies_in_a_known_folder_and_its_namespace_says_so()
    {
        var wrong = new List<string>();
        foreach (var tree in LibraryTrees())
        {
            var relative = Relative(tree.FilePath);
            var expected = $"Hita.{Path.GetDirectoryName(relative)!.Replace(Path.DirectorySeparatorChar, '.')}";
            foreach (var declared in tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>())
            {
                if (declared.Name.ToString() != expected)
                    wrong.Add($"{relative} declares {declared.Name}, its folder says {expected}");
            }
            if (!Allowed.ContainsKey(Folder(relative)))
                wrong.Add($"{relative} lies in a folder that has no place in the order of dependencies");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void Folders_use_only_what_lies_below_them() =>
        Assert.Empty(Violations(SourceCompiler.Library, Relative));

    [Fact]
    public void A_use_in_the_wrong_direction_is_found()
    {
        var compilation = CSharpCompilation.Create(
            "Wrong",
            [
                CSharpSyntaxTree.ParseText("namespace Hita.Runtime; class Low { Hita.Training.High? _up; }", path: "Runtime/Low.cs"),
                CSharpSyntaxTree.ParseText("namespace Hita.Training; class High { Hita.Runtime.Low? _down; }", path: "Training/High.cs"),
            ],
            SourceCompiler.Library.References);
        var found = Assert.Single(Violations(compilation, static path => path));
        Assert.Contains("Runtime/Low.cs uses Hita.Training.High", found, StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_brings_no_native_tensor_library()
    {
        var project = XDocument.Load(Path.Combine(TestFiles.Root, "src", "Hita", "Hita.csproj"));
        var packages = project.Descendants("PackageReference").Select(p => (string)p.Attribute("Include")!).ToList();
        Assert.Contains("TorchSharp", packages);
        Assert.DoesNotContain(packages, p => p.StartsWith("libtorch", StringComparison.Ordinal) || p.Contains("cuda", StringComparison.Ordinal));
        Assert.DoesNotContain(project.Descendants("Import"), i => ((string)i.Attribute("Project")!).Contains("TorchBackend", StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Violations(CSharpCompilation compilation, Func<string, string> relative)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var tree in compilation.SyntaxTrees.Where(t => t.FilePath != "usings.cs"))
        {
            var model = compilation.GetSemanticModel(tree);
            var path = relative(tree.FilePath);
            var from = Folder(path);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                var symbol = model.GetSymbolInfo(name).Symbol;
                var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
                if (type is null || !SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly))
                    continue;
                var to = Folder(relative(type.OriginalDefinition.DeclaringSyntaxReferences[0].SyntaxTree.FilePath));
                if (to != from && !Allowed.GetValueOrDefault(from, []).Contains(to))
                    found.Add($"{path} uses {type.OriginalDefinition.ToDisplayString()}, which lies above it");
            }
        }
        return [.. found];
    }

    private static IEnumerable<SyntaxTree> LibraryTrees() => SourceCompiler.Library.SyntaxTrees.Where(t => t.FilePath != "usings.cs");

    private static string Relative(string path) => Path.GetRelativePath(Path.Combine(TestFiles.Root, "src", "Hita"), path);

    private static string Folder(string relative) => relative.Split('/', '\\')[0];
}
