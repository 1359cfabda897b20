using System.Formats.Tar;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Images in tar archives.</summary>
public sealed class TarSourceTests
{
    private static readonly byte[] Png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);

    [Fact]
    public void Shards_with_class_files_are_read_in_order()
    {
        using var folder = new TemporaryFolder();
        Write(folder["s-1.tar"], ("b/2.png", Png), ("b/2.cls", "1"u8.ToArray()), ("b/2.json", "{}"u8.ToArray()));
        Write(folder["s-0.tar"], ("0.cls", "3\n"u8.ToArray()), ("0.png", Png), ("1.seg.png", Png), ("1.cls", "0"u8.ToArray()));
        using var source = TarSource.Open(folder.Path);
        Assert.Equal([3, 0, 1], Classes(source));
        Assert.Equal(["0", "1", "2", "3"], source.ClassNames);
        Assert.Equal($"{folder["s-1.tar"]}: b/2.png", source.NameAt(2));
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(ImageFiles.Noise(12, 10, 1).Pixels, source.Read(i).Pixels));
        Assert.Empty(source.Notes);

        File.WriteAllLines(folder["classes.txt"], ["ant", "bee", "cat", "dog", "eel"]);
        using var named = TarSource.Open(folder["s-*.tar"]);
        Assert.Equal(["ant", "bee", "cat", "dog", "eel"], named.ClassNames);
        File.WriteAllLines(folder["classes.txt"], ["ant"]);
        Assert.Contains("names 1 classes where the images have 4", Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_that_are_names_are_sorted()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], ("0.cls", "zebra"u8.ToArray()), ("0.png", Png), ("1.png", Png), ("1.cls", "ant"u8.ToArray()));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(["ant", "zebra"], source.ClassNames);
        Assert.Equal([1, 0], Classes(source));
    }

    [Fact]
    public void Folders_that_differ_are_the_classes()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], ("./set/", null), ("./set/void/", null), ("./set/cat/x/1.png", Png), ("./set/ant/2.png", Png), ("./set/cat/3.png", Png), ("./set/cat/.hidden.png", Png));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(["ant", "cat", "void"], source.ClassNames);
        Assert.Equal([1, 0, 1], Classes(source));
        Assert.Contains("1 class folder without an image (void)", Assert.Single(source.Notes), StringComparison.Ordinal);

        Write(folder["plain.tar"], ("set/1.png", Png), ("set/2.png", Png));
        using var plain = TarSource.Open(folder["plain.tar"]);
        Assert.Empty(plain.ClassNames);
        Assert.Equal([0, 0], Classes(plain));
    }

    [Fact]
    public void Every_cut_is_noticed()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], ("a/1.png", Png), ("b/2.png", Png), ("b/3.png", Png));
        var whole = File.ReadAllBytes(folder["a.tar"]);
        for (var length = 0; length < whole.Length - 1024; length += 100)
        {
            File.WriteAllBytes(folder["cut.tar"], whole[..length]);
            try
            {
                using var source = TarSource.Open(folder["cut.tar"]);
                Assert.Contains("may be cut short", Assert.Single(source.Notes), StringComparison.Ordinal);
                Assert.All(Enumerable.Range(0, source.Count), i => Assert.Equal(12, source.Read(i).Width));
            }
            catch (DataException e)
            {
                Assert.Matches("cut short|empty|no tar", Sets.Sentence(e));
            }
        }
    }

    [Fact]
    public void What_is_no_archive_of_images_is_refused_with_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no tar archives", Refusal(folder.Path), StringComparison.Ordinal);
        Assert.Contains("no such", Refusal(folder["missing.tar"]), StringComparison.Ordinal);
        Assert.Contains("no file fits", Refusal(folder["x-*.tar"]), StringComparison.Ordinal);
        File.WriteAllBytes(folder["gz.tar"], [0x1F, 0x8B, 8, 0, 1, 2, 3]);
        Assert.Contains("gunzip", Refusal(folder["gz.tar"]), StringComparison.Ordinal);
        File.WriteAllText(folder["text.tar"], string.Concat(Enumerable.Repeat("this is a text and no archive at all ", 100)));
        Assert.Contains("no tar archive", Refusal(folder["text.tar"]), StringComparison.Ordinal);
        Write(folder["none.tar"], ("a.txt", "text"u8.ToArray()));
        Assert.Contains("no image", Refusal(folder["none.tar"]), StringComparison.Ordinal);
        Write(folder["half.tar"], ("a.png", Png), ("a.cls", "1"u8.ToArray()), ("b.png", Png));
        Assert.Contains("b.png has no class", Refusal(folder["half.tar"]), StringComparison.Ordinal);
        Write(folder["huge.tar"], ("a.png", Png), ("a.cls", "99999999999"u8.ToArray()));
        Assert.Contains("99999999999", Refusal(folder["huge.tar"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_archives_never_do_worse_than_a_sentence()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], ("a/1.png", Png), ("b/2.png", Png), ("b/3.cls", "7"u8.ToArray()));
        var whole = File.ReadAllBytes(folder["a.tar"]);
        var random = new Random(5);
        for (var n = 0; n < 300; n++)
        {
            var bytes = (byte[])whole.Clone();
            for (var i = 0; i <= n % 4; i++)
                bytes[random.Next(bytes.Length - 1024)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["m.tar"], bytes);
            try
            {
                using var source = TarSource.Open(folder["m.tar"]);
                for (var i = 0; i < source.Count; i++)
                    source.Read(i);
            }
            catch (HitaException e)
            {
                Assert.True(e.Message.Length > 20);
            }
        }
    }

    [Fact]
    public void The_shared_archive_of_class_folders_is_read()
    {
        using var source = TarSource.Open(TestFiles.Shared("data/cifar10-train.tar"));
        Assert.Equal(50_000, source.Count);
        Assert.Equal(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"], source.ClassNames);
        Assert.Equal(32, source.Read(49_999).Width);
    }

    internal static void Write(string path, params (string Name, byte[]? Bytes)[] entries)
    {
        using var writer = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        foreach (var (name, bytes) in entries)
        {
            writer.WriteEntry(bytes is null
                ? new PaxTarEntry(TarEntryType.Directory, name)
                : new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }
    }

    private static string Refusal(string path) => Sets.Sentence(Assert.Throws<DataException>(() => TarSource.Open(path)));

    private static IEnumerable<int> Classes(TarSource source) => Enumerable.Range(0, source.Count).Select(source.ClassAt);
}
