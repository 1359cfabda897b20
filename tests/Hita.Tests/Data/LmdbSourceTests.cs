using System.Buffers.Binary;
using System.Text;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>The published LMDB layout, whole and damaged.</summary>
public sealed class LmdbSourceTests
{
    private static readonly byte[] Png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);

    [Fact]
    public void The_shared_sample_is_read()
    {
        using var source = LmdbSource.Open(TestFiles.Shared("data/lmdb-sample"));
        Assert.Equal(40, source.Count);
        Assert.Empty(source.Notes);
        var sizes = new HashSet<(int, int)>();
        for (var i = 0; i < source.Count; i++)
        {
            var image = source.Read(i);
            sizes.Add((image.Width, image.Height));
            Assert.InRange(source.ClassAt(i), 0, source.ClassNames.Count - 1);
        }
        Assert.True(sizes.Count >= 1);
        Assert.EndsWith("record 39", source.NameAt(39), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void What_is_written_is_read(int count)
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbSetWriter(folder.Path))
        {
            for (var i = 0; i < count; i++)
                writer.Add(i, [.. Png, .. new byte[i * 13 % 9000]], ".png", i % 5);
            writer.Complete();
        }
        using var source = LmdbSource.Open(folder["data.mdb"]);
        Assert.Equal(count, source.Count);
        Assert.Equal(Math.Min(count, 5), source.ClassNames.Count);
        for (var i = 0; i < count; i++)
        {
            using var file = source.ReadEncoded(i);
            Assert.Equal(Png.Length + (i * 13 % 9000), file.Bytes.Length);
            Assert.Equal(i % 5, source.ClassAt(i));
        }
    }

    [Fact]
    public void Without_num_samples_the_records_are_counted_and_it_is_said()
    {
        using var folder = new TemporaryFolder();
        Write(folder["data.mdb"], ("0", Sample("label", 3)), ("1", Sample("label", 4)));
        using var source = LmdbSource.Open(folder.Path);
        Assert.Equal(2, source.Count);
        Assert.Contains("there is no num_samples", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Contradictions_are_refused_with_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no data.mdb", Refusal(folder.Path), StringComparison.Ordinal);
        Assert.Contains("no such", Refusal(folder["missing"]), StringComparison.Ordinal);
        Assert.Contains("num_samples says 3", Stored(folder, ("0", Sample("label", 0)), ("1", Sample("label", 0)), ("num_samples", "3"u8.ToArray())), StringComparison.Ordinal);
        Assert.Contains("record 1 is missing", Stored(folder, ("0", Sample("label", 0)), ("2", Sample("label", 0)), ("num_samples", "2"u8.ToArray())), StringComparison.Ordinal);
        Assert.Contains("num_samples is not a number", Stored(folder, ("0", Sample("label", 0)), ("num_samples", "many"u8.ToArray())), StringComparison.Ordinal);
        Assert.Contains("no images", Stored(folder, ("key", "value"u8.ToArray())), StringComparison.Ordinal);
        Assert.Contains("not pickles", Stored(folder, ("0", "plain"u8.ToArray())), StringComparison.Ordinal);
        Assert.Contains("not pickles", Stored(folder, ("0", [0x80, 4, (byte)'c', .. "os\nsystem\n"u8])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_without_a_label_and_one_with_an_unknown_class_are_named()
    {
        using var folder = new TemporaryFolder();
        Write(folder["data.mdb"], ("0", Sample("label", 1)), ("1", Sample("other", 1)), ("2", Sample("label", 7)), ("num_samples", "3"u8.ToArray()));
        File.WriteAllLines(folder["classes.txt"], ["a", "b"]);
        using var source = LmdbSource.Open(folder.Path);
        Assert.Equal(["a", "b"], source.ClassNames);
        Assert.Equal(1, source.ClassAt(0));
        Assert.Contains("record 1 has no label", Sets.Sentence(Assert.Throws<DataException>(() => source.ClassAt(1))), StringComparison.Ordinal);
        Assert.Contains("record 2 is of class 7", Sets.Sentence(Assert.Throws<DataException>(() => source.ClassAt(2))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pickles_of_all_protocols_are_understood()
    {
        using var folder = new TemporaryFolder();
        byte[] image = [.. "image"u8], label = [.. "label"u8];
        byte[] length = [.. BitConverter.GetBytes(Png.Length)];
        Write(
            folder["data.mdb"],
            // Protocol 3, the label first, in two bytes.
            ("0", [0x80, 3, (byte)'}', (byte)'q', 0, (byte)'(', (byte)'X', 5, 0, 0, 0, .. label, (byte)'q', 1, (byte)'M', 0x2C, 1, (byte)'X', 5, 0, 0, 0, .. image, (byte)'q', 2, (byte)'B', .. length, .. Png, (byte)'q', 3, (byte)'u', (byte)'.']),
            // Protocol 5, with a frame, a long length, a further key and a long integer.
            ("1", [0x80, 5, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, (byte)'}', 0x94, (byte)'(', 0x8C, 4, .. "name"u8, 0x94, 0x8C, 5, .. "label"u8, 0x94, 0x8C, 5, .. image, 0x94, 0x8E, .. length, 0, 0, 0, 0, .. Png, 0x94, 0x8C, 5, .. label, 0x94, 0x8A, 2, 0x2D, 1, (byte)'u', (byte)'.']),
            ("num_samples", "2"u8.ToArray()));
        using var source = LmdbSource.Open(folder.Path);
        Assert.Equal([300, 301], [source.ClassAt(0), source.ClassAt(1)]);
        Assert.Equal([12, 12], [source.Read(0).Width, source.Read(1).Width]);
        Assert.Equal(302, source.ClassNames.Count);
    }

    [Fact]
    public void Every_cut_ends_in_a_sentence_and_never_in_a_crash()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbSetWriter(folder.Path))
        {
            for (var i = 0; i < 40; i++)
                writer.Add(i, Png, ".png", 0);
            writer.Complete();
        }
        var whole = File.ReadAllBytes(folder["data.mdb"]);
        for (var length = 0; length < whole.Length; length += 1111)
        {
            File.WriteAllBytes(folder["cut.mdb"], whole[..length]);
            Assert.Matches("cut short|no LMDB", Refusal(folder["cut.mdb"]));
        }
    }

    [Fact]
    public void Damage_anywhere_ends_in_a_sentence_and_never_in_a_crash()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new LmdbSetWriter(folder.Path))
        {
            for (var i = 0; i < 300; i++)
                writer.Add(i, Png, ".png", 0);
            writer.Complete();
        }
        var whole = File.ReadAllBytes(folder["data.mdb"]);
        var random = new Random(3);
        for (var n = 0; n < 400; n++)
        {
            var bytes = (byte[])whole.Clone();
            // The tree lies at the end, the description at the start.
            for (var i = 0; i < 1 + (n % 5); i++)
            {
                var at = random.Next(3) == 0 ? random.Next(8192) : bytes.Length - 1 - random.Next(5 * 4096);
                if (random.Next(2) == 0)
                    bytes[at] = (byte)random.Next(256);
                else
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(Math.Min(at, bytes.Length - 2) & ~1), (ushort)random.Next(65536));
            }
            File.WriteAllBytes(folder["m.mdb"], bytes);
            try
            {
                using var source = LmdbSource.Open(folder["m.mdb"]);
                for (var i = 0; i < source.Count; i += 20)
                    source.Read(i);
            }
            catch (HitaException e)
            {
                Assert.True(e.Message.Length > 20);
            }
        }
    }

    [Fact]
    public void Damage_to_the_published_layout_ends_in_a_sentence()
    {
        var whole = File.ReadAllBytes(TestFiles.Shared("data/lmdb-sample/data.mdb"));
        using var folder = new TemporaryFolder();
        var random = new Random(4);
        for (var n = 0; n < 60; n++)
        {
            var bytes = whole[..(n % 2 == 0 ? whole.Length : random.Next(whole.Length))];
            for (var i = 0; i < 40 && bytes.Length > 0; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["m.mdb"], bytes);
            try
            {
                using var source = LmdbSource.Open(folder["m.mdb"]);
                for (var i = 0; i < source.Count; i++)
                    source.Read(i);
            }
            catch (HitaException e)
            {
                Assert.True(e.Message.Length > 20);
            }
        }
    }

    private static byte[] Sample(string labelKey, int label)
    {
        byte[] key = Encoding.ASCII.GetBytes(labelKey);
        return
        [
            0x80, 4, (byte)'}', 0x94, (byte)'(', 0x8C, 5, .. "image"u8, 0x94, (byte)'B', .. BitConverter.GetBytes(Png.Length), .. Png, 0x94,
            0x8C, (byte)key.Length, .. key, 0x94, (byte)'K', (byte)label, (byte)'u', (byte)'.',
        ];
    }

    private static void Write(string path, params (string Key, byte[] Value)[] records)
    {
        using var writer = new LmdbFileWriter(path);
        foreach (var (key, value) in records)
            writer.Add(Encoding.ASCII.GetBytes(key), value);
        writer.Complete();
    }

    private static string Stored(TemporaryFolder folder, params (string Key, byte[] Value)[] records)
    {
        File.Delete(folder["x.mdb"]);
        Write(folder["x.mdb"], records);
        return Refusal(folder["x.mdb"]);
    }

    private static string Refusal(string path) => Sets.Sentence(Assert.Throws<DataException>(() => LmdbSource.Open(path)));
}
