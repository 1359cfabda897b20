using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Metrics.Archives;
using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

public sealed class NpzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_array_file_has_the_bytes_that_numpy_writes()
    {
        using (var writer = new NpzWriter(_folder["a.npz"]))
        {
            writer.Begin("arr_0", TensorType.UInt8, 2, 1, 1, 3);
            writer.Write([1, 2, 3, 4, 5, 6]);
            writer.Write("mu", [1.5, -2], 2);
            writer.Write("x", [7.0], []);
            writer.Complete();
        }
        // As numpy.save writes them: version 1.0, the dictionary, blanks up to a multiple of 64, a line end.
        Assert.Equal(Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 1, 3), }", [1, 2, 3, 4, 5, 6]), Member("a.npz", "arr_0.npy"));
        Assert.Equal(Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", Bytes(1.5, -2)), Member("a.npz", "mu.npy"));
        Assert.Equal(Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", Bytes(7)), Member("a.npz", "x.npy"));
    }

    [Fact]
    public void Written_archives_are_read_back()
    {
        var values = Enumerable.Range(0, 300).Select(i => i / 7.0).ToArray();
        using (var writer = new NpzWriter(_folder["a.npz"]))
        {
            writer.Write("first", values, 3, 100);
            writer.Write("second", values.AsSpan(0, 2), 2);
            writer.Complete();
        }
        using var reader = NpzReader.Open(_folder["a.npz"]);
        Assert.Equal(["first", "second"], reader.Names);
        Assert.Equal(values, reader.ReadDoubles("first", [3, 100]));
        Assert.Equal(values[..2], reader.ReadDoubles("second"));
        Assert.Throws<ArchiveException>(() => reader.ReadDoubles("first", [100, 3]));
    }

    // Behind an array that needs the records for large files, and at a place that needs them too.
    [Fact]
    [Trait("Category", "Slow")]
    public void An_array_behind_more_than_four_gigabytes_is_read_back()
    {
        const long Size = (1L << 32) + 5;
        if (new DriveInfo(_folder.Path).AvailableFreeSpace < 2 * Size)
            Assert.Skip("This needs 9 GB of free disk.");
        var part = new byte[1 << 20];
        part.AsSpan().Fill(7);
        using (var writer = new NpzWriter(_folder["a.npz"]))
        {
            writer.Begin("arr_0", TensorType.UInt8, Size);
            for (var left = Size; left > 0; left -= part.Length)
                writer.Write(part.AsSpan(0, (int)Math.Min(left, part.Length)));
            writer.Write("mu", [1.5, -2], 2);
            writer.Complete();
        }
        using var reader = NpzReader.Open(_folder["a.npz"]);
        Assert.Equal([1.5, -2], reader.ReadDoubles("mu"));
        using var array = reader.OpenArray("arr_0");
        Assert.Equal(Size, array.Header.ByteLength);
        for (var left = Size; left > 0; left -= part.Length)
            array.Read(part.AsSpan(0, (int)Math.Min(left, part.Length)));
        Assert.Equal((7, 7), (part[0], part[4]));
    }

    [Fact]
    public void The_same_arrays_give_the_same_bytes()
    {
        foreach (var name in new[] { "a.npz", "b.npz" })
        {
            using var writer = new NpzWriter(_folder[name]);
            writer.Write("mu", [1, 2, 3], 3);
            writer.Complete();
        }
        Assert.Equal(File.ReadAllBytes(_folder["a.npz"]), File.ReadAllBytes(_folder["b.npz"]));
    }

    [Fact]
    public void An_archive_that_is_not_complete_leaves_nothing_behind()
    {
        using (var writer = new ImageArchiveWriter(_folder["a.npz"], 2, 4, 4))
        {
            writer.Add(new Image(4, 4));
            Assert.Throws<InvalidOperationException>(writer.Complete);
            Assert.Throws<ArgumentException>(() => writer.Add(new Image(4, 5)));
        }
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Images_make_the_round_trip_in_order()
    {
        var images = Enumerable.Range(0, 5).Select(i => ImageFiles.Noise(6, 4, i)).ToArray();
        using (var writer = new ImageArchiveWriter(_folder["a.npz"], 5, 6, 4))
        {
            foreach (var image in images)
                writer.Add(image);
            writer.Complete();
        }
        using var reader = ImageArchiveReader.Open(_folder["a.npz"]);
        Assert.Equal((5L, 6, 4), (reader.Count, reader.Width, reader.Height));
        Assert.True(reader.Next()!.Pixels.SequenceEqual(images[0].Pixels));
        reader.Skip(1);
        var rest = reader.NextBatch(10);
        Assert.Equal(3, rest.Count);
        Assert.True(rest[0].Pixels.SequenceEqual(images[2].Pixels));
        Assert.True(rest[2].Pixels.SequenceEqual(images[4].Pixels));
        Assert.Null(reader.Next());
        Assert.Empty(reader.NextBatch(1));
    }

    [Fact]
    public void Packed_archives_are_read_too()
    {
        var pixels = new byte[3 * 8 * 8 * 3];
        new Random(1).NextBytes(pixels);
        Zip("a.npz", CompressionLevel.Optimal, ("arr_0.npy", Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 8, 8, 3), }", pixels)));
        using var reader = ImageArchiveReader.Open(_folder["a.npz"]);
        Assert.Equal(pixels, reader.NextBatch(3).SelectMany(p => p.Pixels.ToArray()));
    }

    [Theory]
    [InlineData("<f4", 4)]
    [InlineData(">f4", 4)]
    [InlineData("<f2", 2)]
    [InlineData(">i8", 8)]
    [InlineData("<i4", 4)]
    [InlineData(">u2", 2)]
    [InlineData("|i1", 1)]
    [InlineData("|u1", 1)]
    [InlineData("<u8", 8)]
    [InlineData("<u4", 4)]
    [InlineData("<i2", 2)]
    [InlineData("|b1", 1)]
    public void Numbers_of_every_type_and_byte_order_are_read(string type, int size)
    {
        var data = new byte[2 * size];
        for (var i = 0; i < 2; i++)
        {
            var element = data.AsSpan(i * size, size);
            switch (type[1..])
            {
                case "f4": BinaryPrimitives.WriteSingleLittleEndian(element, i); break;
                case "f2": BinaryPrimitives.WriteHalfLittleEndian(element, (Half)i); break;
                default: element[0] = (byte)i; break;
            }
            if (type[0] == '>')
                element.Reverse();
        }
        File.WriteAllBytes(_folder["a.npy"], Npy($"{{'descr': '{type}', 'fortran_order': False, 'shape': (2,), }}", data));
        using var reader = NpyReader.Open(_folder["a.npy"]);
        Assert.Equal([0, 1], reader.ReadDoubles());
    }

    [Fact]
    public void Columns_first_is_turned_into_rows_first_for_numbers_and_refused_for_images()
    {
        Zip("a.npz", CompressionLevel.NoCompression,
            ("m.npy", Npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", Bytes(1, 4, 2, 5, 3, 6))),
            ("t.npy", Npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }", [0, 4, 2, 6, 1, 5, 3, 7])),
            ("arr_0.npy", Npy("{'descr': '|u1', 'fortran_order': True, 'shape': (1, 1, 1, 3), }", [1, 2, 3])));
        using var reader = NpzReader.Open(_folder["a.npz"]);
        Assert.Equal([1, 2, 3, 4, 5, 6], reader.ReadDoubles("m"));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], reader.ReadDoubles("t"));
        Assert.Contains("Fortran", Assert.Throws<ArchiveException>(() => ImageArchiveReader.Open(_folder["a.npz"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Later_versions_of_the_format_are_read()
    {
        var text = Encoding.ASCII.GetBytes("{\"shape\": (2L,), 'fortran_order': False, 'descr': '<f8'}\n");
        byte[] header = [0x93, .. "NUMPY"u8, 2, 0, (byte)text.Length, 0, 0, 0, .. text];
        File.WriteAllBytes(_folder["a.npy"], [.. header, .. Bytes(3, 4)]);
        using var reader = NpyReader.Open(_folder["a.npy"]);
        Assert.Equal([3, 4], reader.ReadDoubles());
    }

    [Fact]
    public void Reference_statistics_make_the_round_trip()
    {
        var (pool, spatial) = (Distribution(InceptionFeatures.PoolWidth), Distribution(InceptionFeatures.SpatialWidth));
        new ReferenceStatistics(pool, spatial).Save(_folder["reference.npz"]);
        Assert.True(ReferenceStatistics.AreIn(_folder["reference.npz"]));
        using (var archive = NpzReader.Open(_folder["reference.npz"]))
            Assert.Equal(["mu", "sigma", "mu_s", "sigma_s"], archive.Names);
        var read = ReferenceStatistics.Load(_folder["reference.npz"]);
        Assert.True(read.Pool.Mean.SequenceEqual(pool.Mean));
        Assert.True(read.Spatial!.Covariance.SequenceEqual(spatial.Covariance));

        static FeatureDistribution Distribution(int width)
        {
            var covariance = new double[width * width];
            for (var i = 0; i < width; i++)
                covariance[i * width + i] = i;
            return new FeatureDistribution([.. Enumerable.Range(0, width).Select(i => i / 3.0)], covariance);
        }
    }

    private byte[] Member(string archive, string name)
    {
        using var zip = ZipFile.OpenRead(_folder[archive]);
        using var stream = zip.GetEntry(name)!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private void Zip(string name, CompressionLevel level, params (string Name, byte[] Data)[] members) =>
        NumpyFiles.Zip(_folder[name], level, members);

    private static byte[] Npy(string header, byte[] data) => NumpyFiles.Npy(header, data);

    private static byte[] Bytes(params double[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
