using Hita.Tests.Support;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>The style that neither the compiler nor the check of the layout looks at.</summary>
public sealed class SourceStyleTests
{
    [Fact]
    public void Members_are_named_without_this()
    {
        var files = ((string[])["src", "bench", "tests"]).SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(TestFiles.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(static f => !f.Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"));
        Assert.Empty(files.SelectMany(static f => Found(File.ReadAllText(f)).Select(found => $"{Path.GetRelativePath(TestFiles.Root, f)}: {found}")));
    }

    [Theory]
    [InlineData("class A { int _n; int N => this._n; }", "this._n")]
    [InlineData("class A { int N { get; } int M() => this.N; }", "this.N")]
    [InlineData("class A { void M() { } void O() => this.M(); }", "this.M")]
    public void One_that_is_not_is_found(string source, string expected) => Assert.Equal([expected], Found(source));

    // An extension of the type's own is called by it.
    [Theory]
    [InlineData("class A { int N => this.Count(); }")]
    [InlineData("class A { int Parameters => this.Parameters(); }")]
    public void An_extension_is_called_by_this(string source) => Assert.Empty(Found(source));

    private static IEnumerable<string> Found(string source)
    {
        if (!source.Contains("this.", StringComparison.Ordinal))
            return [];
        return from access in CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes().OfType<MemberAccessExpressionSyntax>()
               where access.Expression is ThisExpressionSyntax
               let isCalled = access.Parent is InvocationExpressionSyntax call && call.Expression == access
               let type = access.Ancestors().OfType<TypeDeclarationSyntax>().First()
               where type.Members.SelectMany(m => Names(m, isCalled)).Contains(access.Name.Identifier.Text)
               select access.ToString();
    }

    private static IEnumerable<string> Names(MemberDeclarationSyntax member, bool isCalled) => member switch
    {
        MethodDeclarationSyntax method => isCalled ? [method.Identifier.Text] : [],
        PropertyDeclarationSyntax property => isCalled ? [] : [property.Identifier.Text],
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.Select(static v => v.Identifier.Text),
        _ => [],
    };
}
