using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hita.Tests.Support;

/// <summary>Compiles sources in memory, to ask what they mean.</summary>
internal static class SourceCompiler
{
    // What a source generator would supply is absent here, so its partial methods have no body.
    private const string MissingGeneratedBody = "CS8795";

    private static readonly CSharpParseOptions Language = new(LanguageVersion.CSharp14);

    private static readonly Lazy<CSharpCompilation> LibraryCompilation = new(CompileLibrary);

    private static readonly Lazy<CSharpCompilation> ProductCompilation = new(CompileProduct);

    /// <summary>The sources of the libraries, without the command line, compiled together and once.</summary>
    public static CSharpCompilation Library => LibraryCompilation.Value;

    /// <summary>The libraries and the command line, compiled together and once.</summary>
    public static CSharpCompilation Product => ProductCompilation.Value;

    /// <summary>Compiles a text against the library and everything the tests refer to.</summary>
    public static CSharpCompilation Compile(string source, OutputKind kind = OutputKind.DynamicallyLinkedLibrary) =>
        Compile([("sample.cs", source)], kind);

    /// <summary>Compiles several files together.</summary>
    public static CSharpCompilation Compile(
        IEnumerable<(string Path, string Source)> files, OutputKind kind = OutputKind.DynamicallyLinkedLibrary) =>
        Create("Sample", files.Select(f => Parse(f.Source, f.Path)), kind, References(own: true));

    /// <summary>The compiler's errors, as lines with file and position.</summary>
    public static IReadOnlyList<string> Errors(CSharpCompilation compilation) =>
    [
        .. compilation.GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error && d.Id != MissingGeneratedBody)
            .Select(d => d.ToString()),
    ];

    private static CSharpCompilation CompileLibrary()
    {
        var trees = Sources("src").Where(static f => !f.Contains("Hita.Cli", StringComparison.Ordinal)).Concat(Sources("bench/Hita.Bench"))
            .Select(f => Parse(File.ReadAllText(f), f));
        return Create("Hita", trees, OutputKind.DynamicallyLinkedLibrary, References(own: false));
    }

    private static CSharpCompilation CompileProduct() => Create(
        "Product",
        Sources("src").Concat(Sources("bench/Hita.Bench")).Select(f => Parse(File.ReadAllText(f), f)),
        OutputKind.ConsoleApplication,
        References(own: false));

    private static IEnumerable<string> Sources(string folder)
    {
        var root = Path.Combine(TestFiles.Root, folder);
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);
    }

    private static CSharpCompilation Create(
        string name, IEnumerable<SyntaxTree> trees, OutputKind kind, IEnumerable<MetadataReference> references) =>
        CSharpCompilation.Create(
            name,
            trees.Prepend(Parse(ImplicitUsings, "usings.cs")),
            references,
            new CSharpCompilationOptions(kind, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private static SyntaxTree Parse(string text, string path) => CSharpSyntaxTree.ParseText(text, Language, path);

    private static IEnumerable<MetadataReference> References(bool own) =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(f => own || !Path.GetFileName(f).StartsWith("Hita", StringComparison.Ordinal))
        .Select(f => MetadataReference.CreateFromFile(f));

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;
}
