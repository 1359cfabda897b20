using Hita.Data;
using Hita.Data.Conversion;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Sets written in other formats.</summary>
public sealed class DataConverterTests
{
    [Theory]
    [InlineData(DataFormat.Tar)]
    [InlineData(DataFormat.Parquet)]
    [InlineData(DataFormat.ClassFolders)]
    public void Every_format_keeps_files_classes_and_order(DataFormat format)
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["set"], 5, "ant", "bee", "cat");
        File.WriteAllText(folder["set/bee/0002.png"], "this is a text");
        using var source = ImageSources.Open(folder["set"]);
        var result = DataConverter.Convert(source, folder["out"], new() { Format = format, ImagesPerShard = 4 });
        Assert.Equal(14, result.Written);
        Assert.Contains("0002.png", Assert.Single(result.Unreadable), StringComparison.Ordinal);
        Assert.Equal(result.Bytes, Directory.GetFiles(folder["out"], "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length));
        Assert.Equal(["out", "set"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order());

        using var copy = ImageSources.Open(folder["out"]);
        Assert.Equal(format, ImageSources.FormatOf(folder["out"]));
        Assert.Equal(14, copy.Count);
        Assert.Equal(source.ClassNames, copy.ClassNames);
        var kept = Enumerable.Range(0, 15).Where(static i => i != 7).ToArray();
        for (var i = 0; i < 14; i++)
        {
            using var before = ((ImageFileSource)source).ReadEncoded(kept[i]);
            using var after = ((ImageFileSource)copy).ReadEncoded(i);
            Assert.Equal(before.Bytes, after.Bytes);
            Assert.Equal(source.ClassAt(kept[i]), copy.ClassAt(i));
        }
    }

    [Fact]
    public void The_built_in_set_and_squares_become_files()
    {
        using var folder = new TemporaryFolder();
        using var source = ImageSources.Open("materials:3:36..72", new() { MaterialsSize = 16 });
        DataConverter.Convert(source, folder["out"], new() { Format = DataFormat.Folder });
        using var copy = ImageSources.Open(folder["out"]);
        Assert.Equal(36, copy.Count);
        Assert.Equal(source.Read(35).Pixels, copy.Read(35).Pixels);
        DataConverter.Convert(source, folder["small"], new() { Size = 8 });
        using var small = ImageSources.Open(folder["small"]);
        Assert.Equal((8, 8), (small.Read(0).Width, small.Read(0).Height));
        Assert.Equal(source.ClassNames, small.ClassNames);
        Assert.Equal(source.ClassAt(11), small.ClassAt(11));
    }

    [Fact]
    public void Parts_of_a_set_share_no_image_and_hold_every_class()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["set"], 7, "ant", "bee");
        using var source = ImageSources.Open(folder["set"]);
        DataConverter.Convert(source, folder["training"], new() { Part = SetPart.Training, HoldOutEvery = 3 });
        DataConverter.Convert(source, folder["test"], new() { Part = SetPart.HeldOut, HoldOutEvery = 3 });
        Assert.Equal([0, 1, 3, 4, 6, 7, 8, 10, 11, 13], Places(folder["training"]));
        Assert.Equal([2, 5, 9, 12], Places(folder["test"]));
        var none = Assert.Throws<DataException>(() => DataConverter.Convert(source, folder["none"], new() { Part = SetPart.HeldOut, HoldOutEvery = 8 }));
        Assert.Contains("no class has 8 images", Sets.Sentence(none), StringComparison.Ordinal);

        List<int> Places(string path)
        {
            using var part = ImageSources.Open(path);
            Assert.Equal(["ant", "bee"], part.ClassNames);
            return [.. Enumerable.Range(0, part.Count).Select(i => Enumerable.Range(0, source.Count).Single(n => source.Read(n).Pixels.SequenceEqual(part.Read(i).Pixels)))];
        }
    }

    [Fact]
    public void The_same_set_makes_the_same_archive()
    {
        using var folder = new TemporaryFolder();
        using var source = ImageSources.Open("materials:3:0..8", new() { MaterialsSize = 16 });
        DataConverter.Convert(source, folder["a"]);
        DataConverter.Convert(source, folder["b"]);
        Assert.Equal(File.ReadAllBytes(folder["a/00000.tar"]), File.ReadAllBytes(folder["b/00000.tar"]));
    }

    [Fact]
    public void Class_numbers_survive_in_folder_names()
    {
        string[] numbers = [.. Enumerable.Range(0, 12).Select(static i => $"{i}")];
        Assert.Equal(["00", "01", "02"], FolderSetWriter.FolderNames(numbers)[..3]);
        Assert.Equal(["0-zebra", "1-a_b", "2-a_b", "3"], FolderSetWriter.FolderNames(["zebra", "a/b", "a:b", ""]));
        Assert.Equal(["ant", "bee"], FolderSetWriter.FolderNames(["ant", "bee"]));
    }

    [Fact]
    public void Stopping_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        using var source = ImageSources.Open("materials:3:0..400", new() { MaterialsSize = 16 });
        using var cancel = new CancellationTokenSource();
        var progress = new StopAfter(cancel, 128);
        Assert.ThrowsAny<OperationCanceledException>(() => DataConverter.Convert(source, folder["out"], progress: progress, cancellation: cancel.Token));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Folders_in_use_and_wrong_wishes_are_refused()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["set"], 1, "ant");
        using var source = ImageSources.Open(folder["set"]);
        Assert.Contains("exists already", Sets.Sentence(Assert.Throws<DataException>(() => DataConverter.Convert(source, folder["set"]))), StringComparison.Ordinal);
        Assert.Equal(3, Assert.Throws<ConfigException>(() => DataConverter.Convert(source, folder["x"], new() { Format = DataFormat.Materials, Size = 4, ImagesPerShard = 0 })).Faults.Count);
        File.WriteAllText(folder["set/ant/0000.png"], "text");
        Assert.Contains("not one image", Sets.Sentence(Assert.Throws<DataException>(() => DataConverter.Convert(source, folder["x"]))), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["x"]));
    }

    private sealed class StopAfter(CancellationTokenSource cancel, int count) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value >= count)
                cancel.Cancel();
        }
    }
}
