using System.Text;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>LMDB files as other people's scripts write them.</summary>
public sealed class ForeignLmdbTests
{
    private static readonly byte[] Png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);

    [Theory]
    [InlineData("numpy.core.multiarray", "i8", "<", new byte[] { 2, 1, 0, 0, 0, 0, 0, 0 }, 258)]
    [InlineData("numpy._core.multiarray", "i4", "<", new byte[] { 7, 0, 0, 0 }, 7)]
    [InlineData("numpy.core.multiarray", "i2", ">", new byte[] { 1, 0 }, 256)]
    [InlineData("numpy.core.multiarray", "u1", "|", new byte[] { 200 }, 200)]
    [InlineData("numpy.core.multiarray", "b1", "|", new byte[] { 1 }, 1)]
    [InlineData("numpy.core.multiarray", "f4", "<", new byte[] { 0, 0, 0x40, 0x40 }, 3)]
    public void Numbers_of_NumPy_are_classes(string module, string type, string order, byte[] bytes, int expected)
    {
        using var folder = new TemporaryFolder();
        SmallLmdb.Write(folder["data.mdb"], [("0", Sample(Scalar(module, type, order, bytes))), ("num_samples", "1"u8.ToArray())]);
        using var source = LmdbSource.Open(folder.Path);
        Assert.Equal(expected, source.ClassAt(0));
        Assert.Equal(12, source.Read(0).Width);
        Assert.Equal(expected + 1, source.ClassNames.Count);
        Assert.Empty(source.Notes);
    }

    [Fact]
    public void Further_fields_are_left_out_with_a_note()
    {
        using var folder = new TemporaryFolder();
        byte[] size = [(byte)'K', 40, (byte)'K', 30, 0x86];
        byte[] list = [(byte)']', 0x94, (byte)'(', (byte)'K', 1, (byte)'N', 0x88, (byte)'e'];
        byte[] more = [.. Text("size"), .. size, .. Text("tags"), .. list, .. Text("inner"), (byte)'}', .. Text("image"), (byte)'K', 9, (byte)'s', .. Text("path"), .. Text("label")];
        SmallLmdb.Write(folder["data.mdb"], [("0", Sample([(byte)'K', 4], more)), ("num_samples", "1"u8.ToArray())]);
        using var source = LmdbSource.Open(folder.Path);
        Assert.Equal(4, source.ClassAt(0));
        Assert.Equal(12, source.Read(0).Width);
        Assert.Contains("hold more than 'image' and 'label' (size, tags, inner, path)", Assert.Single(source.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void What_stands_in_the_place_of_a_class_or_image_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("record 0 has no label: its 'label' is the text 'cat'", Label(Text("cat")), StringComparison.Ordinal);
        Assert.Contains("its 'label' is made by torch._utils._rebuild_tensor_v2", Label([.. Text("torch._utils"), .. Text("_rebuild_tensor_v2"), 0x93, (byte)')', (byte)'R']), StringComparison.Ordinal);
        Assert.Contains("its 'label' is made by os.system", Label([(byte)'c', .. "os\nsystem\n"u8, .. Text("rm -rf /"), 0x85, (byte)'R']), StringComparison.Ordinal);
        Assert.Contains("its 'label' is a list", Label([(byte)']']), StringComparison.Ordinal);
        Assert.Contains("in the first one, it is a tuple and no dictionary", First([0x80, 4, (byte)'K', 1, (byte)'K', 2, 0x86, (byte)'.']), StringComparison.Ordinal);
        Assert.Contains("it has no 'image' but 'jpg', 'cls'", First([0x80, 4, (byte)'}', (byte)'(', .. Text("jpg"), (byte)'K', 1, .. Text("cls"), (byte)'K', 1, (byte)'u', (byte)'.']), StringComparison.Ordinal);
        Assert.Contains(
            "its 'image' is bytes in the form of pickle protocols 0 to 2",
            First([0x80, 2, (byte)'}', .. Long("image"), (byte)'c', .. "_codecs\nencode\n"u8, .. Long("abc"), .. Long("latin1"), 0x86, (byte)'R', (byte)'s', (byte)'.']),
            StringComparison.Ordinal);

        string Label(byte[] value)
        {
            SmallLmdb.Write(folder["data.mdb"], [("0", Sample(value)), ("num_samples", "1"u8.ToArray())]);
            using var source = LmdbSource.Open(folder.Path);
            return Sets.Sentence(Assert.Throws<DataException>(() => source.ClassAt(0)));
        }

        string First(byte[] record)
        {
            SmallLmdb.Write(folder["data.mdb"], [("0", record)]);
            return Sets.Sentence(Assert.Throws<DataException>(() => LmdbSource.Open(folder.Path)));
        }
    }

    [Fact]
    public void A_database_with_a_name_is_read_and_several_are_named()
    {
        using var folder = new TemporaryFolder();
        (string, byte[])[] records = [("0", Sample([(byte)'K', 1])), ("1", Sample([(byte)'K', 0])), ("num_samples", "2"u8.ToArray())];
        SmallLmdb.Write(folder["data.mdb"], [], ("train", records));
        using (var source = LmdbSource.Open(folder.Path))
        {
            Assert.Equal([1, 0], [source.ClassAt(0), source.ClassAt(1)]);
            Assert.Equal(12, source.Read(1).Width);
        }
        SmallLmdb.Write(folder["data.mdb"], [], ("train", records), ("val", records));
        Assert.Contains("2 databases with names (train, val)", Sets.Sentence(Assert.Throws<DataException>(() => LmdbSource.Open(folder.Path))), StringComparison.Ordinal);
        // Beside records of its own, a database with a name is something else.
        SmallLmdb.Write(folder["data.mdb"], records, ("index", [("x", "y"u8.ToArray())]));
        using var both = LmdbSource.Open(folder.Path);
        Assert.Equal(2, both.Count);
    }

    [Fact]
    public void Damaged_pickles_end_in_a_sentence()
    {
        var whole = Sample(Scalar("numpy.core.multiarray", "i8", "<", [2, 0, 0, 0, 0, 0, 0, 0]));
        using var folder = new TemporaryFolder();
        for (var seed = 0; seed < 600; seed++)
        {
            var mutant = Mutator.Mutate(whole, seed);
            SmallLmdb.Write(folder["data.mdb"], [("0", mutant), ("num_samples", "1"u8.ToArray())]);
            try
            {
                using var source = LmdbSource.Open(folder.Path);
                source.ClassAt(0);
                source.Read(0);
            }
            catch (HitaException e)
            {
                Assert.True(e.Message.Length > 20);
            }
        }
    }

    [Theory]
    [InlineData("lmdb-numpy-label", 0)]
    [InlineData("lmdb-extra-field", 1)]
    public void Shared_files_of_other_scripts_are_read(string name, int notes)
    {
        using var source = LmdbSource.Open(TestFiles.Shared($"faults/{name}"));
        Assert.Equal((12, 3, notes), (source.Count, source.ClassNames.Count, source.Notes.Count));
        Assert.All(Enumerable.Range(0, 12), i => Assert.Equal(40, source.Read(i).Width));
        Assert.All(Enumerable.Range(0, 12).Select(source.ClassAt).CountBy(static c => c), static c => Assert.Equal(4, c.Value));
    }

    private static byte[] Text(string text) => [0x8C, (byte)text.Length, .. Encoding.ASCII.GetBytes(text), 0x94];

    private static byte[] Long(string text) => [(byte)'X', (byte)text.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Sample(byte[] label, params byte[] more) =>
    [
        0x80, 4, (byte)'}', 0x94, (byte)'(', .. Text("image"), (byte)'B', .. BitConverter.GetBytes(Png.Length), .. Png, 0x94, .. Text("label"), .. label, .. more, (byte)'u', (byte)'.',
    ];

    private static byte[] Scalar(string module, string type, string order, byte[] bytes) =>
    [
        .. Text(module), .. Text("scalar"), 0x93, 0x94, .. Text("numpy"), .. Text("dtype"), 0x93, 0x94, .. Text(type), 0x89, 0x88, 0x87, 0x94, (byte)'R', 0x94,
        (byte)'(', (byte)'K', 3, .. Text(order), (byte)'N', (byte)'N', (byte)'N', (byte)'J', 0xFF, 0xFF, 0xFF, 0xFF, (byte)'J', 0xFF, 0xFF, 0xFF, 0xFF, (byte)'K', 0, (byte)'t', 0x94, (byte)'b',
        (byte)'C', (byte)bytes.Length, .. bytes, 0x94, 0x86, 0x94, (byte)'R', 0x94,
    ];
}
