using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>Which folder uses which: every type that a source names, or whose member it calls, counts.</summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> _edges = new(StringComparer.Ordinal);

    /// <param name="compilation">The sources.</param>
    /// <param name="relative">A source's path from the repository's root.</param>
    public FolderGraph(CSharpCompilation compilation, Func<string, string> relative)
    {
        foreach (var tree in compilation.SyntaxTrees.Where(static t => t.FilePath != "usings.cs"))
        {
            var from = relative(tree.FilePath);
            foreach (var to in UsedFiles(compilation, tree).Select(relative).Distinct())
                Add(from, to);
        }
    }

    /// <summary>The folders that a folder uses, with the files that do.</summary>
    public IReadOnlyDictionary<string, SortedSet<string>> UsedBy(string folder) =>
        _edges.GetValueOrDefault(folder) ?? new SortedDictionary<string, SortedSet<string>>();

    /// <summary>All folders that use another.</summary>
    public IEnumerable<string> Folders => _edges.Keys;

    /// <summary>Groups of folders that use each other, directly or through others, as lines that name the files to look at.</summary>
    public IReadOnlyList<string> Circles()
    {
        var reachable = Folders.ToDictionary(static f => f, Reachable);
        return
        [
            .. from a in Folders
               from b in UsedBy(a).Keys
               where reachable.TryGetValue(b, out var back) && back.Contains(a)
               select $"{a} uses {b}, which leads back to it: {string.Join(", ", UsedBy(a)[b].Take(5))}",
        ];
    }

    private void Add(string from, string to)
    {
        string a = Folder(from), b = Folder(to);
        if (a == b)
            return;
        if (!_edges.TryGetValue(a, out var used))
            _edges[a] = used = new(StringComparer.Ordinal);
        if (!used.TryGetValue(b, out var files))
            used[b] = files = new(StringComparer.Ordinal);
        files.Add($"{Path.GetFileName(from)} > {Path.GetFileName(to)}");
    }

    private HashSet<string> Reachable(string folder)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([folder]);
        while (open.TryPop(out var next))
        {
            foreach (var to in UsedBy(next).Keys.Where(seen.Add))
                open.Push(to);
        }
        return seen;
    }

    private static IEnumerable<string> UsedFiles(CSharpCompilation compilation, SyntaxTree tree)
    {
        var model = compilation.GetSemanticModel(tree);
        foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var symbol = model.GetSymbolInfo(name).Symbol;
            var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
            if (type is not null && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly))
                yield return type.OriginalDefinition.DeclaringSyntaxReferences[0].SyntaxTree.FilePath;
        }
    }

    private static string Folder(string path) => Path.GetDirectoryName(path)!.Replace(Path.DirectorySeparatorChar, '/');
}
