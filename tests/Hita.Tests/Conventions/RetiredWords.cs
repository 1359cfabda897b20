using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>Words that people of this field do not grep for, and what is said instead.</summary>
internal static partial class RetiredWords
{
    /// <summary>Word forms, each with the word that takes its place.</summary>
    private static readonly (Regex Forms, string Instead)[] Words =
    [
        (Whole("pictures?"), "image"),
        (Whole("paint(s|ed|er|ers|ing|ings)?"), "decode"),
        (Whole("draw(s|n|ing|ings)?|drew"), "sample"),
        (Whole("figures?"), "metric"),
        (Whole("verdicts?"), "result"),
        (Whole("heed(s|ed|ing)?"), "attention"),
        (Whole("nobody"), "may be null"),
    ];

    /// <summary>Beginnings of names.</summary>
    private static readonly (string Prefix, string Instead)[] Prefixes = [("most", "Max"), ("least", "Min")];

    /// <summary>Names of types that say nothing of what the type is.</summary>
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["Work"] = "what is worked on",
        ["Place"] = "position, placement or path",
    };

    /// <summary>What is right all the same, with the reason.</summary>
    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["in-paint"] = "the field's own word",
        ["in-painting"] = "the field's own word",
        ["out-paint"] = "the field's own word",
        ["out-painting"] = "the field's own word",
        ["matte paint"] = "a material of the built-in set",
    };

    /// <summary>What is wrong with a name of any spelling: camel case, snake case or with hyphens.</summary>
    public static IEnumerable<string> InName(string name)
    {
        if (Allowed.ContainsKey(name))
            yield break;
        var words = NameWord().Matches(name).Select(static m => m.Value.ToLowerInvariant()).ToList();
        foreach (var word in words)
        {
            if (Instead(word) is { } instead)
                yield return $"'{name}' says '{word}'; say {instead}";
        }
        foreach (var (prefix, instead) in Prefixes)
        {
            if (words is [var first, ..] && first == prefix)
                yield return $"'{name}' begins with '{prefix}'; say {instead}";
        }
    }

    /// <summary>What is wrong with the words of a sentence.</summary>
    public static IEnumerable<string> InText(string text)
    {
        foreach (var allowed in Allowed.Keys.OrderByDescending(static a => a.Length))
            text = text.Replace(allowed, "", StringComparison.OrdinalIgnoreCase);
        foreach (Match word in TextWord().Matches(text))
        {
            if (Instead(word.Value.ToLowerInvariant()) is { } instead)
                yield return $"'{word.Value}' is retired; say {instead}";
        }
    }

    /// <summary>
    /// What is wrong with the names of sources: types and members that are not private, properties of any type (they become
    /// keys of JSON and YAML), parameters of public members, and texts that are keys themselves.
    /// </summary>
    public static IEnumerable<string> InSources(CSharpCompilation compilation) =>
        TypesOf(compilation.Assembly.GlobalNamespace).SelectMany(OfType).Concat(compilation.SyntaxTrees.SelectMany(Keys));

    private static IEnumerable<string> OfType(INamedTypeSymbol type)
    {
        var shown = type.DeclaredAccessibility != Accessibility.Private;
        if (shown && Types.TryGetValue(type.Name, out var instead))
            yield return $"{type}: a type is called {type.Name}; say {instead}";
        if (shown)
        {
            foreach (var fault in InName(type.Name))
                yield return $"{type}: {fault}";
        }
        foreach (var member in type.GetMembers().Where(static m => !m.IsImplicitlyDeclared && m is not INamedTypeSymbol))
        {
            if (member is IMethodSymbol { AssociatedSymbol: not null })
                continue;
            if (member is IPropertySymbol || member.DeclaredAccessibility != Accessibility.Private)
            {
                foreach (var fault in InName(member.Name))
                    yield return $"{member}: {fault}";
            }
            if (member is IMethodSymbol method && IsPublic(method))
            {
                foreach (var fault in method.Parameters.SelectMany(static p => InName(p.Name)))
                    yield return $"{member}: {fault}";
            }
        }
    }

    private static bool IsPublic(ISymbol? symbol)
    {
        for (; symbol is not null and not INamespaceSymbol; symbol = symbol.ContainingSymbol)
        {
            if (symbol.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal))
                return false;
        }
        return true;
    }

    private static IEnumerable<string> Keys(SyntaxTree tree) =>
        from literal in tree.GetRoot().DescendantNodes().OfType<LiteralExpressionSyntax>()
        // One file knows them, for what older versions wrote.
        where Path.GetFileName(tree.FilePath) != "RenamedKeys.cs"
        where literal.IsKind(SyntaxKind.StringLiteralExpression) && Key().IsMatch(literal.Token.ValueText)
        from fault in InName(literal.Token.ValueText)
        select $"{Path.GetFileName(tree.FilePath)}, line {literal.GetLocation().GetLineSpan().StartLinePosition.Line + 1}: {fault}";

    private static IEnumerable<INamedTypeSymbol> TypesOf(INamespaceOrTypeSymbol container)
    {
        foreach (var member in container.GetMembers().OfType<INamespaceOrTypeSymbol>())
        {
            if (member is INamedTypeSymbol { IsImplicitlyDeclared: false } type)
                yield return type;
            foreach (var inner in TypesOf(member))
                yield return inner;
        }
    }

    private static string? Instead(string word) => Array.Find(Words, w => w.Forms.IsMatch(word)).Instead;

    private static Regex Whole(string forms) => new($@"\A(?:{forms})\z", RegexOptions.CultureInvariant);

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex NameWord();

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex TextWord();

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)*\z")]
    private static partial Regex Key();
}
