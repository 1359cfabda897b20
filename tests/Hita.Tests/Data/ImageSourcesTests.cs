using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Sets are opened by what they are; parts of them are chosen by lot or by place.</summary>
public sealed class ImageSourcesTests
{
    [Theory]
    [InlineData("materials", 0UL, 0, MaterialsSource.DefaultCount)]
    [InlineData("materials:7", 7UL, 0, MaterialsSource.DefaultCount)]
    [InlineData("materials:18446744073709551615:100..148", ulong.MaxValue, 100, 48)]
    public void Names_of_the_built_in_set_are_understood(string name, ulong seed, long first, int count)
    {
        using var source = Assert.IsType<MaterialsSource>(ImageSources.Open(name, new() { MaterialsSize = 16 }));
        using var expected = new MaterialsSource(16, seed, first, count);
        Assert.Equal(expected.Description, source.Description);
        Assert.Equal(expected.Read(5).Pixels, source.Read(5).Pixels);
    }

    [Theory]
    [InlineData("materials:")]
    [InlineData("materials:x")]
    [InlineData("materials:1:5")]
    [InlineData("materials:1:5..5")]
    [InlineData("materials:1:0..99999999999")]
    [InlineData("materials:99999999999999999999")]
    public void Wrong_names_of_the_built_in_set_are_explained(string name) =>
        Assert.StartsWith(name, Assert.Throws<DataException>(() => ImageSources.Open(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_format_is_told_by_what_the_path_is()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["classes"], 1, "a", "b");
        Assert.Equal(DataFormat.ClassFolders, ImageSources.FormatOf(folder["classes"]));
        Assert.Equal(DataFormat.Folder, ImageSources.FormatOf(folder["classes/a"]));
        Assert.Equal(DataFormat.Folder, ImageSources.FormatOf(folder.Path + "/classes/b/"));
        Directory.CreateDirectory(folder["tars"]);
        File.WriteAllText(folder["tars/0.tar"], "");
        Assert.Equal(DataFormat.Tar, ImageSources.FormatOf(folder["tars"]));
        Assert.Equal(DataFormat.Tar, ImageSources.FormatOf(folder["tars/0.tar"]));
        Assert.Equal(DataFormat.Tar, ImageSources.FormatOf(folder["tars/*.tar"]));
        File.WriteAllText(folder["data.mdb"], "");
        Assert.Equal(DataFormat.Lmdb, ImageSources.FormatOf(folder.Path));
        File.WriteAllText(folder["x.csv"], "");
        Assert.Contains("no set of images", Assert.Throws<DataException>(() => ImageSources.FormatOf(folder["x.csv"])).Message, StringComparison.Ordinal);
        Assert.Contains("materials", Assert.Throws<DataException>(() => ImageSources.FormatOf("no-such-set")).Message, StringComparison.Ordinal);
        using var plain = ImageSources.Open(folder["classes"], new() { Format = DataFormat.Folder });
        Assert.Empty(plain.ClassNames);
    }

    [Fact]
    public void Formats_have_names()
    {
        foreach (var format in Enum.GetValues<DataFormat>())
            Assert.Equal(format, ImageSources.FormatByName(ImageSources.FormatNames[(int)format].ToUpperInvariant()));
        Assert.Contains("class-folders, folder, tar", Assert.Throws<ConfigException>(() => ImageSources.FormatByName("zip")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decoding_heeds_the_options()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        File.WriteAllBytes(folder["a/x.jpg"], ImageFiles.JpegWithExif(ImageFiles.Encode(ImageFiles.Quarters(32, 16), ImageFormat.Jpeg), ImageFiles.Exif(6, true)));
        using var turned = ImageSources.Open(folder.Path);
        using var plain = ImageSources.Open(folder.Path, new() { Decoding = ImageDecodeOptions.Plain });
        Assert.Equal((16, 32), (turned.Read(0).Width, plain.Read(0).Width));
    }

    [Fact]
    public void A_split_shares_nothing_and_is_the_same_again()
    {
        using var source = new MadeUpSource(200) { PartStarts = [0, 50, 150], PartsTogether = 2 };
        var (training, heldOut) = ImageSubset.Split(source, 40, 1);
        var first = Enumerable.Range(0, 160).Select(training.IndexInWhole).ToArray();
        var second = Enumerable.Range(0, 40).Select(heldOut.IndexInWhole).ToArray();
        Assert.Equal(Enumerable.Range(0, 200), first.Concat(second).Order());
        Assert.Equal(second.Order(), second);
        Assert.InRange(second.Count(static i => i < 100), 8, 32);
        Assert.Equal(second, Enumerable.Range(0, 40).Select(ImageSubset.Split(source, 40, 1).HeldOut.IndexInWhole));
        Assert.NotEqual(second, Enumerable.Range(0, 40).Select(ImageSubset.Split(source, 40, 2).HeldOut.IndexInWhole));
        Assert.Equal(3, training.PartStarts.Count);
        Assert.Equal(first.Count(static i => i < 150), training.PartStarts[2]);
        Assert.Equal((byte)second[3], heldOut.Read(3)[0, 0].Red);
        Assert.Equal(second[3] % 2, heldOut.ClassAt(3));
        training.Dispose();
        Assert.False(source.IsDisposed);
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageSubset.Split(source, 200));
    }

    [Fact]
    public void Parts_are_chosen_by_lot_or_by_place()
    {
        using var source = new MadeUpSource(100);
        Assert.Equal(100, ImageSubset.Limit(source, 500).Count);
        var limited = ImageSubset.Limit(source, 10);
        Assert.InRange(Enumerable.Range(0, 10).Select(limited.IndexInWhole).Max(), 50, 99);
        var stretch = ImageSubset.Stretch(source, 20, 5);
        Assert.Equal([20, 21, 22, 23, 24], Enumerable.Range(0, 5).Select(stretch.IndexInWhole));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageSubset.Stretch(source, 98, 3));
    }
}
