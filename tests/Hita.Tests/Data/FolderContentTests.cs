using System.Diagnostics;
using System.Text;
using Hita.Data;
using Hita.Data.Conversion;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>What lies in people's folders besides images with the usual endings and names.</summary>
public sealed class FolderContentTests
{
    [Fact]
    public void Other_endings_of_JPEG_are_read_and_other_kinds_counted()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 1, "a", "b");
        var jpeg = ImageFiles.Encode(ImageFiles.Noise(9, 9, 1), ImageFormat.Jpeg);
        File.WriteAllBytes(folder["a/1.jfif"], jpeg);
        File.WriteAllBytes(folder["b/2.JPE"], jpeg);
        foreach (var name in (string[])["a/x.heic", "a/y.HEIC", "b/z.tif", "b/w.avif"])
            File.WriteAllText(folder[name], "of another kind");
        using (var source = FolderSource.OpenClasses(folder.Path))
        {
            Assert.Equal(4, source.Count);
            Assert.All(Enumerable.Range(0, 4), i => Assert.True(source.Read(i).Width > 0));
            Assert.Contains("4 files of kinds that are not read are left out (2 .heic, 1 .avif, 1 .tif)", Assert.Single(source.Notes), StringComparison.Ordinal);
        }
        using (var plain = FolderSource.OpenPlain(folder.Path))
            Assert.Contains("(2 .heic, 1 .avif, 1 .tif)", Assert.Single(plain.Notes), StringComparison.Ordinal);
        File.Delete(folder["b/2.JPE"]);
        File.Delete(folder["b/0000.png"]);
        Assert.Contains("and not those of other kinds that lie here (1 .avif, 1 .tif)", Sets.Sentence(Assert.Throws<DataException>(() => FolderSource.OpenPlain(folder["b"]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_folders_are_no_classes()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 1, "a", ".ipynb_checkpoints", "b");
        Sets.WriteClasses(folder["a"], 1, ".ipynb_checkpoints");
        using var source = FolderSource.OpenClasses(folder.Path);
        Assert.Equal(["a", "b"], source.ClassNames);
        Assert.Equal(2, source.Count);
        Assert.Empty(source.Notes);
        Sets.WriteClasses(folder["flat"], 1, ".ipynb_checkpoints");
        ImageWriter.Write(ImageFiles.Noise(9, 9, 1), folder["flat/1.png"]);
        Assert.Equal(DataFormat.Folder, ImageSources.FormatOf(folder["flat"]));
    }

    [Fact]
    public void Links_to_folders_below_are_counted()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 1, "a");
        Directory.CreateSymbolicLink(folder["a/loop"], folder.Path);
        File.CreateSymbolicLink(folder["a/x.png"], folder["a/0000.png"]);
        using var source = FolderSource.OpenClasses(folder.Path);
        Assert.Equal(2, source.Count);
        Assert.Contains("1 link to a folder is not followed (a/loop)", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_UTF8_are_left_out_and_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "names are UTF-16 on this system");
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 1, "a", "b");
        Shell($"cd '{folder.Path}' && cp a/0000.png \"a/$(printf 'x\\377').png\" && mkdir \"$(printf 'c\\377')\" && cp a/0000.png \"$(printf 'c\\377')/1.png\" && cp a/0000.png 'b/\uFFFD.png'");
        Assert.SkipUnless(Directory.GetFileSystemEntries(folder["a"]).Length == 2, "this file system keeps no such names");
        using (var source = FolderSource.OpenClasses(folder.Path))
        {
            Assert.Equal(["a", "b"], source.ClassNames);
            Assert.Equal(3, source.Count);
            Assert.Equal(20, source.Read(0).Width);
            var note = Assert.Single(source.Notes);
            Assert.Contains("2 files or folders with names that are not UTF-8 are left out", note, StringComparison.Ordinal);
            Assert.Contains("a/x\uFFFD.png", note, StringComparison.Ordinal);
        }
        using (var plain = FolderSource.OpenPlain(folder.Path))
            Assert.Equal(3, plain.Count);
        Assert.Equal(DataFormat.ClassFolders, ImageSources.FormatOf(folder.Path));
        Shell($"rm -rf '{folder.Path}'/a/x* '{folder.Path}'/c*");
    }

    [Fact]
    public void Long_and_hostile_class_names_become_folders()
    {
        using var folder = new TemporaryFolder();
        string[] names = [new string('犬', 80), new string('犬', 80) + "二", "a\u001b[31m\u202egnp", "CON", "ends. ", "👩‍👩‍👧" + new string('é', 130)];
        var folders = FolderSetWriter.FolderNames(names);
        Assert.Equal(names.Length, folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(folders.Order(StringComparer.Ordinal), folders);
        Assert.All(folders, static f => Assert.InRange(Encoding.UTF8.GetByteCount(f), 1, 255));
        Assert.All(folders, static f => Assert.DoesNotContain('\u001b', f));
        Assert.All(folders, static f => Assert.DoesNotContain('\u202e', f));
        using (var writer = new FolderSetWriter(folder["out"], names))
        {
            for (var i = 0; i < names.Length; i++)
                writer.Add(i, ParquetFiles.Image(i), ".png", i);
            writer.Complete();
        }
        using var source = FolderSource.OpenClasses(folder["out"]);
        Assert.Equal(Enumerable.Range(0, names.Length), Enumerable.Range(0, source.Count).Select(source.ClassAt));
    }

    [Fact]
    public void Names_are_cut_between_characters()
    {
        Assert.Equal("犬犬", FileNameText.Cut("犬犬犬", 8));
        Assert.Equal("", FileNameText.Cut("👩‍👩‍👧", 10));
        Assert.Equal("e\u0301", FileNameText.Cut("e\u0301e\u0301", 5));
        Assert.Equal("short", FileNameText.Cut("short", 5));
        Assert.Equal("_CON.txt", FileNameText.Safe("CON.txt"));
        Assert.Equal("a_b_c", FileNameText.Safe(" .a/b\\c. "));
        Assert.Equal("", FileNameText.Safe("..."));
    }

    [Fact]
    public async Task Class_names_of_several_lines_keep_their_numbers()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteTextsAsync(folder["a.parquet"], ["", "a\nb", "c", "d\r\n"]);
        using var source = ImageSources.Open(folder["a.parquet"]);
        DataConverter.Convert(source, folder["out"]);
        using var copy = ImageSources.Open(folder["out"]);
        Assert.Equal(["0", "a b", "c", "d"], copy.ClassNames);
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(copy.ClassAt));
    }

    private static void Shell(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]))!;
        shell.WaitForExit();
    }
}
