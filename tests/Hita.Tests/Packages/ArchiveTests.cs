using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Packages;

/// <summary>The program that brings its .NET along.</summary>
public sealed class ArchiveTests(ITestOutputHelper output)
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_archive_holds_a_program_that_needs_no_dotnet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.Is64BitProcess, "it is made for Linux on Linux");
        using var folder = new TemporaryFolder();
        output.WriteLine(await Programs.Run(TestFiles.Root, Path.Combine(TestFiles.Root, "packaging", "archive"), folder.Path));
        var name = Path.GetFileName(Assert.Single(Directory.GetDirectories(folder.Path)));
        Assert.Matches(@"^hita-\d+\.\d+\.\d+-linux-x64$", name);
        // What is used is what the archive holds, not the folder beside it.
        Directory.Delete(folder[name], recursive: true);
        await Programs.Run(folder.Path, "sha256sum", "--check", "--quiet", $"{name}.tar.gz.sha256");
        await Programs.Run(folder.Path, "tar", "xzf", $"{name}.tar.gz");
        foreach (var left in (string[])["libtorch_python.so", "Hita.pdb", "Hita.Cli.xml"])
            Assert.False(File.Exists(Path.Combine(folder[name], left)), left);
        foreach (var needed in (string[])["LICENSE", "libcoreclr.so", "models/orchard/generator/model.safetensors", "models/materials/generator/model.safetensors"])
            Assert.True(File.Exists(Path.Combine(folder[name], needed)), needed);
        // Through a link, as it would lie on a path, and with nothing of this machine's settings.
        File.CreateSymbolicLink(folder["hita"], Path.Combine(folder[name], "hita"));

        await Programs.Run(folder.Path, "env", "-i", "PATH=/usr/bin:/bin", $"HOME={folder.Path}", folder["hita"], "generate", "--class", "apple", "--count", "1", "-o", "out");

        Assert.Equal(128, ImageDecoder.Decode(Assert.Single(Directory.GetFiles(folder["out"], "*.png"))).Width);
    }
}
