using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Folders of image files.</summary>
public sealed class FolderSourceTests
{
    [Fact]
    public void Sorted_folder_names_are_the_classes()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 2, "zebra", "ant", "Bee");
        Directory.CreateDirectory(folder["ant/deeper"]);
        ImageWriter.Write(ImageFiles.Noise(9, 9, 1), folder["ant/deeper/x.png"]);
        File.WriteAllText(folder["ant/notes.txt"], "no image");
        File.WriteAllText(folder["ant/._0000.png"], "of another system");
        using var source = FolderSource.OpenClasses(folder.Path);
        Assert.Equal(["Bee", "ant", "zebra"], source.ClassNames);
        Assert.Equal([0, 0, 1, 1, 1, 2, 2], Enumerable.Range(0, source.Count).Select(source.ClassAt));
        Assert.Equal(folder["ant/deeper/x.png"], source.NameAt(4));
        Assert.Equal(9, source.Read(4).Width);
        Assert.Empty(source.Notes);
        Assert.Contains("7 images of 3 classes", source.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_classes_and_images_beside_are_noted()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        Sets.WriteClasses(folder.Path, 1, "b", "d");
        Directory.CreateDirectory(folder["c"]);
        Directory.CreateDirectory(folder["e"]);
        ImageWriter.Write(ImageFiles.Noise(9, 9, 1), folder["cover.png"]);
        using var source = FolderSource.OpenClasses(folder.Path);
        Assert.Equal([1, 3], [source.ClassAt(0), source.ClassAt(1)]);
        Assert.Equal(2, source.Notes.Count);
        Assert.Contains("3 class folders without an image (a, c, e)", source.Notes[0], StringComparison.Ordinal);
        Assert.Contains("1 image beside", source.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_folders_have_no_classes()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 2, "b", "a");
        using var source = FolderSource.OpenPlain(folder.Path);
        Assert.Empty(source.ClassNames);
        Assert.Equal(4, source.Count);
        Assert.Equal(0, source.ClassAt(3));
        Assert.Equal(folder["a/0000.png"], source.NameAt(0));
    }

    [Fact]
    public void What_is_no_set_is_refused_with_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no class folders", Refusal(folder.Path), StringComparison.Ordinal);
        Directory.CreateDirectory(folder["a"]);
        Assert.Contains("no image lies", Refusal(folder.Path), StringComparison.Ordinal);
        Assert.Contains("no such folder", Refusal(folder["missing"]), StringComparison.Ordinal);
        File.WriteAllText(folder["file"], "");
        Assert.Contains("a file where a folder", Refusal(folder["file"]), StringComparison.Ordinal);
        Sets.WriteClasses(folder["set"], 1, "val", "train");
        Assert.Contains($"open one of them, such as {folder["set/train"]}", Refusal(folder["set"]), StringComparison.Ordinal);
        Assert.Contains("no image", Sets.Sentence(Assert.Throws<DataException>(() => FolderSource.OpenPlain(folder["a"]))), StringComparison.Ordinal);

        static string Refusal(string path) => Sets.Sentence(Assert.Throws<DataException>(() => FolderSource.OpenClasses(path)));
    }

    [Fact]
    public void A_file_that_vanishes_is_a_image_that_cannot_be_read()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 2, "a");
        using var source = FolderSource.OpenClasses(folder.Path);
        File.Delete(folder["a/0001.png"]);
        Assert.Contains("0001.png: The file is no longer there.", Assert.Throws<ImageException>(() => source.Read(1)).Message, StringComparison.Ordinal);
    }
}
