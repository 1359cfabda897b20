namespace Hita.Tests.Support;

/// <summary>Where tests find their files.</summary>
internal static class TestFiles
{
    /// <summary>The root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A vector that is part of the repository.</summary>
    public static string Vector(string name) => Path.Combine(Root, "tests", "Hita.Tests", "Vectors", name);

    /// <summary>A file of the shared material that lies beside the checkout; the test is skipped where there is none.</summary>
    public static string Shared(string relative)
    {
        var path = Path.Combine(Path.GetDirectoryName(Root)!, "shared", relative);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs ../shared/{relative}, which is not beside this checkout");
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hita.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException("The tests must run from inside a checkout.");
    }
}

/// <summary>A folder that is deleted at the end of the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hita-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Tests that count tensors or measure memory run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
