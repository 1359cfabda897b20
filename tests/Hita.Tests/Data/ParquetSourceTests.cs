using Hita.Data;
using Hita.Data.Conversion;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;
using Parquet;
using Parquet.Schema;

namespace Hita.Tests.Data;

/// <summary>Parquet files of images.</summary>
public sealed class ParquetSourceTests
{
    private static readonly byte[] Png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);

    [Fact]
    public void What_is_written_as_the_hub_does_is_read()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new ParquetSetWriter(folder.Path, ["ant", "bee", "cat"], 1500))
        {
            for (var i = 0; i < 2600; i++)
                writer.Add(i, [.. Png, (byte)i, (byte)(i >> 8)], ".png", i % 2);
            writer.Complete();
        }
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
        using var source = ParquetSource.Open(folder.Path);
        Assert.Equal(2600, source.Count);
        Assert.Equal(["ant", "bee", "cat"], source.ClassNames);
        Assert.Equal([0, 1000, 1500, 2500], source.PartStarts);
        Assert.Contains("00001.parquet: row 1099", source.NameAt(2599), StringComparison.Ordinal);
        for (var i = 0; i < 2600; i += 87)
        {
            using var file = source.ReadEncoded(i);
            Assert.Equal((byte)i, file.Bytes[^2]);
            Assert.Equal((byte)(i >> 8), file.Bytes[^1]);
            Assert.Equal(i % 2, source.ClassAt(i));
        }
    }

    [Fact]
    public async Task Other_names_and_types_of_columns_will_do()
    {
        using var folder = new TemporaryFolder();
        var bytes = new DataField("bytes", typeof(byte[]), isNullable: true);
        var label = new DataField<int?>("fine_label");
        var caption = new DataField<string>("caption");
        await Write(folder["a.parquet"], new ParquetSchema(caption, new StructField("photo", bytes), label), async group =>
        {
            await group.WriteAsync(caption, (string[])["x", "y", "z"]);
            await group.WriteAsync(bytes, (byte[]?[])[Png, null, "text"u8.ToArray()]);
            await group.WriteAsync<int>(label, (int?[])[2, 0, 1]);
        });
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal([2, 0, 1], Enumerable.Range(0, 3).Select(source.ClassAt));
        Assert.Equal(12, source.Read(0).Width);
        Assert.Contains("row 1: The row holds no image.", Assert.Throws<ImageException>(() => source.Read(1)).Message, StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => source.Read(2));
    }

    [Fact]
    public async Task Without_a_column_of_images_it_is_refused_and_its_columns_are_named()
    {
        using var folder = new TemporaryFolder();
        var label = new DataField<long>("label");
        var text = new DataField<string>("text");
        await Write(folder["a.parquet"], new ParquetSchema(text, label), async group =>
        {
            await group.WriteAsync(text, (string[])["x"]);
            await group.WriteAsync<long>(label, new long[] { 1 });
        });
        var sentence = Refusal(folder["a.parquet"]);
        Assert.Contains("no column of images", sentence, StringComparison.Ordinal);
        Assert.Contains("text, label", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_a_set_are_not_mixed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["train-00000-of-00001.parquet"], "");
        File.WriteAllText(folder["test-00000-of-00001.parquet"], "");
        Assert.Contains($"{folder["train"]}-*.parquet", Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_and_damaged_files_end_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new ParquetSetWriter(folder.Path, ["ant"], 100))
        {
            for (var i = 0; i < 20; i++)
                writer.Add(i, Png, ".png", 0);
            writer.Complete();
        }
        var whole = File.ReadAllBytes(folder["00000.parquet"]);
        for (var length = 0; length < whole.Length; length += 997)
        {
            File.WriteAllBytes(folder["cut.parquet"], whole[..length]);
            Assert.Contains("cut short", Refusal(folder["cut.parquet"]), StringComparison.Ordinal);
        }
        var random = new Random(2);
        for (var n = 0; n < 60; n++)
        {
            var bytes = (byte[])whole.Clone();
            for (var i = 0; i < 3; i++)
                bytes[bytes.Length - 1 - random.Next(600)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["m.parquet"], bytes);
            try
            {
                using var source = ParquetSource.Open(folder["m.parquet"]);
                source.Read(source.Count - 1);
            }
            catch (HitaException e)
            {
                Assert.True(e.Message.Length > 20);
            }
        }
    }

    [Fact]
    public void A_shuffled_epoch_unpacks_each_group_once()
    {
        var made = 0;
        var recent = new RecentItems<int, int>(2 * 3, group =>
        {
            made++;
            return group;
        });
        int[] starts = [.. Enumerable.Range(0, 30).Select(static g => g * 10)];
        var order = new EpochOrder(300, starts, 3, 1, 0);
        for (var place = 0; place < 300; place++)
            Assert.Equal(order.At(place) / 10, recent.Get(order.At(place) / 10));
        Assert.Equal(30, made);
    }

    private static async Task Write(string path, ParquetSchema schema, Func<ParquetRowGroupWriter, Task> write)
    {
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream);
        using var group = writer.CreateRowGroup();
        await write(group);
    }

    private static string Refusal(string path) => Sets.Sentence(Assert.Throws<DataException>(() => ParquetSource.Open(path)));
}
