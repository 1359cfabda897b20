using System.Text.Json.Serialization;
using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Tests.Support;
using Parquet.Schema;
using Parquet.Serialization;

namespace Hita.Tests.Data;

/// <summary>Columns of classes in Parquet files as the hub's sets have them.</summary>
public sealed class ParquetLabelTests
{
    [Fact]
    public async Task Texts_are_sorted_into_classes()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteTextsAsync(folder["a.parquet"], ["zebra", "ant", "Bee", "ant", "10", "9"]);
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal(["10", "9", "Bee", "ant", "zebra"], source.ClassNames);
        Assert.Equal([4, 3, 2, 3, 0, 1], Classes(source));
        Assert.Empty(source.Notes);
    }

    [Fact]
    public async Task Texts_of_several_files_share_their_classes()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteTextsAsync(folder["a.parquet"], ["cat", "dog"]);
        await ParquetFiles.WriteTextsAsync(folder["b.parquet"], ["ant", "dog"]);
        using var source = ParquetSource.Open(folder.Path);
        Assert.Equal(["ant", "cat", "dog"], source.ClassNames);
        Assert.Equal([1, 2, 0, 2], Classes(source));
    }

    [Fact]
    public async Task Numbers_of_every_type_are_classes()
    {
        using var folder = new TemporaryFolder();
        await Check<double>([2, 0, 1]);
        await Check<float>([2, 0, 1]);
        await Check<uint>([2, 0, 1]);
        await Check<ulong>([2, 0, 1]);
        await Check<ushort>([2, 0, 1]);
        await Check<byte>([2, 0, 1]);
        await Check<sbyte>([2, 0, 1]);
        await Check<short>([2, 0, 1]);
        await Check<int>([2, 0, 1]);
        await Check<long>([2, 0, 1]);

        async Task Check<T>(T?[] labels)
            where T : struct
        {
            var path = folder[$"{typeof(T).Name}.parquet"];
            await ParquetFiles.WriteNumbersAsync(path, labels);
            using var source = ParquetSource.Open(path);
            Assert.Equal(["0", "1", "2"], source.ClassNames);
            Assert.Equal([2, 0, 1], Classes(source));
        }
    }

    [Fact]
    public async Task Truth_values_are_two_classes()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteNumbersAsync<bool>(folder["a.parquet"], [true, false, true]);
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal(["false", "true"], source.ClassNames);
        Assert.Equal([1, 0, 1], Classes(source));
    }

    [Fact]
    public async Task Bytes_without_a_mark_are_read_as_texts()
    {
        // So writers of the older mark for enumerations store them.
        using var folder = new TemporaryFolder();
        var label = new DataField("label", typeof(byte[]), isNullable: true);
        await ParquetFiles.WriteAsync(folder["a.parquet"], label, 2, group => group.WriteAsync(label, (byte[]?[])["TABBY"u8.ToArray(), "CALICO"u8.ToArray()]));
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal(["CALICO", "TABBY"], source.ClassNames);
        Assert.Equal([1, 0], Classes(source));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_without_a_class_are_left_out_and_named(bool texts)
    {
        using var folder = new TemporaryFolder();
        if (texts)
            await ParquetFiles.WriteTextsAsync(folder["a.parquet"], [null, "b", "a", null, "b"]);
        else
            await ParquetFiles.WriteNumbersAsync<long>(folder["a.parquet"], [null, 1, 0, -1, 1]);
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal(3, source.Count);
        Assert.Equal([1, 0, 1], Classes(source));
        Assert.Equal(2, source.ClassNames.Count);
        Assert.Equal([1, 2, 4], Enumerable.Range(0, 3).Select(i => int.Parse(source.NameAt(i)[^1..], null)));
        for (var i = 0; i < 3; i++)
            Assert.Equal(ImageFiles.Noise(12, 10, ((int[])[1, 2, 4])[i]).Pixels, source.Read(i).Pixels);
        var note = Assert.Single(source.Notes);
        Assert.Contains("2 images of 5 have no class (the column label is empty there) and are left out", note, StringComparison.Ordinal);
        Assert.Contains("row 0, ", note, StringComparison.Ordinal);
        Assert.Contains("row 3.", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_begin_where_the_rows_that_are_left_do()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteTextsAsync(folder["a.parquet"], [null, "b", null]);
        await ParquetFiles.WriteTextsAsync(folder["b.parquet"], [null, null]);
        await ParquetFiles.WriteTextsAsync(folder["c.parquet"], ["b", null, "c"]);
        using var source = ParquetSource.Open(folder.Path);
        Assert.Equal([0, 1, 1], source.PartStarts);
        Assert.Equal([0, 0, 1], Classes(source));
        Assert.EndsWith("c.parquet: row 2", source.NameAt(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_there_are_no_classes_is_said_truly()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteNumbersAsync<double>(folder["real.parquet"], [1, 0.5]);
        Assert.Contains("the column label holds 0.5, and classes are whole numbers or texts", Note("real"), StringComparison.Ordinal);
        await ParquetFiles.WriteTextsAsync(folder["empty.parquet"], [null, null]);
        Assert.Contains("the column label is empty in every row", Note("empty"), StringComparison.Ordinal);
        await ParquetFiles.WriteTextsAsync(folder["other.parquet"], ["a", "b"], "caption");
        Assert.Contains("there is no column of classes (label, labels, class, cls, fine_label, target); its columns are image/bytes, caption", Note("other"), StringComparison.Ordinal);
        await ParquetFiles.WriteNumbersAsync<DateTime>(folder["day.parquet"], [DateTime.UnixEpoch, DateTime.UnixEpoch]);
        Assert.Contains("the column label is of the type DateTime and not a number or a text", Note("day"), StringComparison.Ordinal);
        await ParquetSerializer.SerializeAsync([new SeveralLabels { Image = ParquetFiles.Image(1), Label = [1, 2] }], folder["list.parquet"]);
        Assert.Contains("is a list or a structure", Note("list"), StringComparison.Ordinal);

        string Note(string name)
        {
            using var source = ParquetSource.Open(folder[$"{name}.parquet"]);
            Assert.Empty(source.ClassNames);
            return Assert.Single(source.Notes);
        }
    }

    [Fact]
    public async Task Huge_and_negative_classes_are_refused()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteNumbersAsync<ulong>(folder["a.parquet"], [0, ulong.MaxValue]);
        Assert.Contains("classes are numbered from 0", Sets.Sentence(Assert.Throws<DataException>(() => ParquetSource.Open(folder["a.parquet"]))), StringComparison.Ordinal);
        await ParquetFiles.WriteNumbersAsync<int>(folder["b.parquet"], [0, -7]);
        Assert.Contains("the class -7", Sets.Sentence(Assert.Throws<DataException>(() => ParquetSource.Open(folder["b.parquet"]))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_as_the_hub_has_it_opens()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["README.md"], "# a set");
        Directory.CreateDirectory(folder["data"]);
        await ParquetFiles.WriteTextsAsync(folder["data/train-00000-of-00002.parquet"], ["a"]);
        await ParquetFiles.WriteTextsAsync(folder["data/train-00001-of-00002.parquet"], ["b"]);
        Assert.Equal(DataFormat.Parquet, ImageSources.FormatOf(folder.Path));
        using (var source = ImageSources.Open(folder.Path))
            Assert.Equal(["a", "b"], source.ClassNames);
        await ParquetFiles.WriteTextsAsync(folder["data/test-00000-of-00001.parquet"], ["c"]);
        Assert.Contains($"\"{folder["data/train"]}-*.parquet\"", Assert.Throws<DataException>(() => ImageSources.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shared_sets_with_texts_and_gaps_are_read()
    {
        using var texts = ParquetSource.Open(TestFiles.Shared("faults/label-string.parquet"));
        Assert.Equal((30, 3), (texts.Count, texts.ClassNames.Count));
        Assert.Equal([10, 10, 10], Classes(texts).CountBy(static c => c).Select(static c => c.Value));
        using var gaps = ParquetSource.Open(TestFiles.Shared("faults/null-labels.parquet"));
        Assert.Equal((24, 3), (gaps.Count, gaps.ClassNames.Count));
        Assert.Contains("6 images of 30 have no class", Assert.Single(gaps.Notes), StringComparison.Ordinal);
    }

    private static IEnumerable<int> Classes(ParquetSource source) => Enumerable.Range(0, source.Count).Select(source.ClassAt);

    // The names are those of the columns.
    private sealed class SeveralLabels
    {
        [JsonPropertyName("image")]
        public byte[]? Image { get; set; }

        [JsonPropertyName("label")]
        public List<long>? Label { get; set; }
    }
}
