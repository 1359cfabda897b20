using System.Formats.Tar;
using System.Text;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>What archives hold besides plain files: links, second archives, sparse and hidden files, and further images of a sample.</summary>
public sealed class TarMembersTests
{
    private static readonly byte[] Png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);
    private static readonly byte[] Other = ImageFiles.Encode(ImageFiles.Noise(11, 10, 2), ImageFormat.Png);

    [Fact]
    public void Names_with_dots_keep_their_own_class_files()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(folder["a.tar"], ("a.v0.png", Png), ("a.v0.cls", "0"u8.ToArray()), ("a.v1.cls", "1"u8.ToArray()), ("a.v1.png", Png), ("a.png", Png), ("a.cls", "2"u8.ToArray()));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal([0, 1, 2], Classes(source));
        Assert.Empty(source.Notes);
    }

    [Fact]
    public void A_second_image_of_a_sample_is_left_out_and_counted()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(
            folder["a.tar"], ("0.seg.png", Other), ("0.png", Png), ("0.cls", "0"u8.ToArray()), ("1.png", Png), ("1.depth.map.png", Other), ("1.jpg", Other), ("1.cls", "1"u8.ToArray()));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal([0, 1], Classes(source));
        Assert.Equal([12, 12], Enumerable.Range(0, 2).Select(i => source.Read(i).Width));
        var note = Assert.Single(source.Notes);
        Assert.Contains("3 further images of samples that have one are left out (0.seg.png, 1.depth.map.png, 1.jpg)", note, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_class_files_other_companions_make_samples()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(folder["a.tar"], ("0.png", Png), ("0.seg.png", Other), ("0.json", "{}"u8.ToArray()), ("0.v2.png", Png), ("0.v2.json", "{}"u8.ToArray()));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(2, source.Count);
        Assert.Contains("1 further image of samples that have one is left out (0.seg.png)", Assert.Single(source.Notes), StringComparison.Ordinal);

        // Files alone are images, whatever they are called.
        TarSourceTests.Write(folder["b.tar"], ("a/0.png", Png), ("a/0.edited.png", Other), ("b/0.png", Png));
        using var plain = TarSource.Open(folder["b.tar"]);
        Assert.Equal(3, plain.Count);
        Assert.Empty(plain.Notes);
    }

    [Fact]
    public void Two_images_that_claim_one_class_file_are_refused()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(folder["a.tar"], ("0.left.png", Png), ("0.right.png", Png), ("0.cls", "0"u8.ToArray()));
        Assert.Contains("0.left.png and 0.right.png both belong to 0.cls", Sets.Sentence(Assert.Throws<DataException>(() => TarSource.Open(folder["a.tar"]))), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_stored_again_counts_and_is_named()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(folder["a.tar"], ("0.png", Other), ("0.cls", "1"u8.ToArray()), ("0.png", Png), ("0.cls", "0"u8.ToArray()));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal([0], Classes(source));
        Assert.Equal(12, source.Read(0).Width);
        Assert.Contains("2 files are stored again under a name that was there before (0.png, 0.cls)", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Links_are_read_as_what_they_lead_to()
    {
        using var folder = new TemporaryFolder();
        Write(
            folder["a.tar"], File("blobs/1f", Png), File("a/0.png", Other), Hard("b/0.png", "a/0.png"), Symbolic("b/1.png", "../a/0.png"), Symbolic("c/0.png", "../b/1.png"),
            Symbolic("c/1.png", "./../blobs/1f"), Hard("c/2.png", "./c/0.png"));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(["a", "b", "c"], source.ClassNames);
        Assert.Equal([0, 1, 1, 2, 2, 2], Classes(source));
        Assert.Equal([11, 11, 11, 11, 12, 11], Enumerable.Range(0, 6).Select(i => source.Read(i).Width));
        Assert.Empty(source.Notes);
    }

    [Fact]
    public void Class_files_may_be_links()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], File("0.png", Png), File("0.cls", "3"u8.ToArray()), File("1.png", Png), Symbolic("1.cls", "0.cls"));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal([3, 3], Classes(source));
    }

    [Fact]
    public void Links_that_lead_nowhere_are_counted_and_named()
    {
        using var folder = new TemporaryFolder();
        Write(
            folder["a.tar"], File("a/0.png", Png), Symbolic("a/out.png", "../../etc/passwd.png"), Symbolic("a/root.png", "/etc/x.png"), Hard("a/gone.png", "b/gone.png"),
            Symbolic("a/x.png", "y.png"), Symbolic("a/y.png", "x.png"), Symbolic("a/self.png", "self.png"), Symbolic("b", "a"));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(1, source.Count);
        Assert.Equal(3, source.Notes.Count);
        Assert.Contains("3 links lead to nothing in the archive and are left out (a/out.png, a/root.png, a/gone.png)", source.Notes[0], StringComparison.Ordinal);
        Assert.Contains("3 links lead in a circle and are left out (a/x.png, a/y.png, a/self.png)", source.Notes[1], StringComparison.Ordinal);
        Assert.Contains("1 link leads to a folder, which is not followed and is left out (b)", source.Notes[2], StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_put_behind_another_is_read_as_well()
    {
        using var folder = new TemporaryFolder();
        TarSourceTests.Write(folder["a.tar"], ("0.png", Png), ("0.cls", "0"u8.ToArray()));
        TarSourceTests.Write(folder["b.tar"], ("1.png", Other), ("1.cls", "1"u8.ToArray()));
        byte[] both = [.. System.IO.File.ReadAllBytes(folder["a.tar"]), .. new byte[8192], .. System.IO.File.ReadAllBytes(folder["b.tar"])];
        System.IO.File.WriteAllBytes(folder["c.tar"], both);
        using (var source = TarSource.Open(folder["c.tar"]))
        {
            Assert.Equal([0, 1], Classes(source));
            Assert.Equal([12, 11], Enumerable.Range(0, 2).Select(i => source.Read(i).Width));
            Assert.Empty(source.Notes);
        }
        System.IO.File.WriteAllBytes(folder["c.tar"], [.. System.IO.File.ReadAllBytes(folder["a.tar"]), .. "no archive"u8]);
        using var strange = TarSource.Open(folder["c.tar"]);
        Assert.Equal(1, strange.Count);
        Assert.Contains("the last 10 bytes, behind the archive's end, are no archive", Assert.Single(strange.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_files_are_named_as_such_and_what_follows_is_read()
    {
        using var folder = new TemporaryFolder();
        Write(folder["x.tar"], File("a/0.png", Png));
        var before = System.IO.File.ReadAllBytes(folder["x.tar"])[..^1024];
        Write(folder["x.tar"], File("a/2.png", Other));
        var after = System.IO.File.ReadAllBytes(folder["x.tar"]);
        // The old form: a mark in the header, and a further header of places.
        System.IO.File.WriteAllBytes(folder["old.tar"], [.. before, .. OldSparse("a/1.png", 700), .. new byte[512], .. new byte[1024], .. after]);
        using (var source = TarSource.Open(folder["old.tar"]))
        {
            Assert.Equal(2, source.Count);
            Assert.Equal(11, source.Read(1).Width);
            Assert.Contains("1 file stored as sparse is left out (a/1.png)", Assert.Single(source.Notes), StringComparison.Ordinal);
        }
        // The newer form: a plain file with a map before its bytes.
        var newer = new PaxTarEntry(TarEntryType.RegularFile, "./GNUSparseFile.1/1.png", new Dictionary<string, string> { ["GNU.sparse.nama"] = "a/1.png", ["GNU.sparse.name"] = "a/1.png" })
        {
            DataStream = new MemoryStream(Png),
        };
        Write(folder["new.tar"], File("a/0.png", Png), newer, File("a/2.png", Other));
        using (var second = TarSource.Open(folder["new.tar"]))
        {
            Assert.Equal(2, second.Count);
            Assert.Contains("1 file stored as sparse is left out (a/1.png)", Assert.Single(second.Notes), StringComparison.Ordinal);
        }
        // The first of the newer forms names the places one by one, under the same key.
        var bytes = System.IO.File.ReadAllBytes(folder["new.tar"]);
        "GNU.sparse.name"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("GNU.sparse.nama"u8)));
        System.IO.File.WriteAllBytes(folder["first.tar"], bytes);
        using var third = TarSource.Open(folder["first.tar"]);
        Assert.Equal(2, third.Count);
        Assert.Contains("1 file stored as sparse is left out", Assert.Single(third.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_folders_stay_out_and_other_kinds_are_counted()
    {
        using var folder = new TemporaryFolder();
        Write(
            folder["a.tar"], File("set/a/0.png", Png), File("set/a/.ipynb_checkpoints/0-checkpoint.png", Png), File("set/.cache/x.png", Png), File("__MACOSX/set/a/0.png", Png),
            File("set/b/0.JFIF", Png), File("set/b/1.heic", Png), File("set/b/2.tif", Png), File("set/b/3.HEIC", Png));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Equal(["a", "b"], source.ClassNames);
        Assert.Equal([0, 1], Classes(source));
        Assert.Contains("3 files of kinds that are not read are left out (2 .heic, 1 .tif)", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_the_archive_reach_messages_without_control_characters()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.tar"], File("a/0.png", Png), Symbolic("a/\u001b[31m\r1.png", "gone.png"));
        using var source = TarSource.Open(folder["a.tar"]);
        Assert.Contains("(a/?[31m?1.png)", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dotted-keys.tar", 12, 3)]
    [InlineData("picture-and-mask.tar", 12, 3)]
    [InlineData("hardlinks.tar", 12, 3)]
    [InlineData("symlinks.tar", 12, 3)]
    public void Shared_archives_keep_their_images_and_classes(string name, int images, int classes)
    {
        using var source = TarSource.Open(TestFiles.Shared($"faults/{name}"));
        Assert.Equal((images, classes), (source.Count, source.ClassNames.Count));
        Assert.All(Classes(source).CountBy(static c => c), c => Assert.Equal(images / classes, c.Value));
        Assert.All(Enumerable.Range(0, source.Count), i => Assert.Equal(40, source.Read(i).Width));
    }

    private static PaxTarEntry File(string name, byte[] bytes) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) };

    private static PaxTarEntry Hard(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };

    private static PaxTarEntry Symbolic(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static void Write(string path, params ReadOnlySpan<PaxTarEntry> entries)
    {
        using var writer = new TarWriter(System.IO.File.Create(path), TarEntryFormat.Pax);
        foreach (var entry in entries)
            writer.WriteEntry(entry);
    }

    private static byte[] OldSparse(string name, int size)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
        "0000644\0"u8.CopyTo(header.AsSpan(100));
        Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0')).CopyTo(header, 124);
        "00000000000"u8.CopyTo(header.AsSpan(136));
        header[156] = (byte)'S';
        "ustar  \0"u8.CopyTo(header.AsSpan(257));
        header[482] = 1;
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(static b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }

    private static IEnumerable<int> Classes(TarSource source) => Enumerable.Range(0, source.Count).Select(source.ClassAt);
}
