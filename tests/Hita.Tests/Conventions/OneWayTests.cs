using Hita.Tests.Support;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hita.Tests.Conventions;

/// <summary>What is to be done in one place is done nowhere else.</summary>
public sealed class OneWayTests
{
    [Fact]
    public void The_systems_words_are_told_through_SystemMessage_which_drops_the_path_of_a_temporary_file()
    {
        var places = from tree in SourceCompiler.Product.SyntaxTrees
                     from access in tree.GetRoot().DescendantNodes().OfType<MemberAccessExpressionSyntax>()
                     where access.Name.Identifier.Text == "TrimEnd" && access.Expression.ToString().EndsWith(".Message", StringComparison.Ordinal)
                     select $"{Path.GetRelativePath(TestFiles.Root, tree.FilePath)}: {access.Parent}";
        Assert.Empty(places);
    }

    [Theory]
    [InlineData("File", "Move", "src/Hita/Runtime/AtomicFile.cs")]
    [InlineData("File", "Replace", null)]
    [InlineData("Directory", "Move", "src/Hita/Runtime/AtomicFolder.cs")]
    [InlineData(null, "MoveTo", null)]
    [InlineData(null, "HResult", "src/Hita/Runtime/DiskFault.cs")]
    public void A_member_is_used_in_one_file_alone(string? type, string member, string? file)
    {
        var places = from tree in SourceCompiler.Product.SyntaxTrees
                     from access in tree.GetRoot().DescendantNodes().OfType<MemberAccessExpressionSyntax>()
                     where access.Name.Identifier.Text == member && (type is null || access.Expression.ToString().Split('.')[^1] == type)
                     select Path.GetRelativePath(TestFiles.Root, tree.FilePath).Replace('\\', '/');
        Assert.Equal(file is null ? [] : [file], places.Distinct());
    }
}
