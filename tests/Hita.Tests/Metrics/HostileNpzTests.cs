using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using Hita.Metrics.Archives;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

/// <summary>Archives that are damaged or lie: one sentence each, little memory, no time.</summary>
[Collection(Alone.Name)]
public sealed class HostileNpzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 256, 256, 3), }", "needs")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 256, 256, 3), }", "impossible")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 99999999999999999999), }", "damaged")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 1, 1, 3), }", "damaged")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1, 1, 3), }", "Python objects")]
    [InlineData("{'descr': '<f9', 'fortran_order': False, 'shape': (1, 1, 1, 3), }", "only arrays of numbers")]
    [InlineData("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1, 1, 1, 3), }", "damaged")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 3), 'more': 1}", "damaged")]
    [InlineData("{'descr': '|u1', 'descr': '|u1', 'shape': (1, 1, 1, 3), }", "damaged")]
    [InlineData("{'descr': '|u1', 'fortran_order': 0, 'shape': (1, 1, 1, 3), }", "damaged")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 3), } __import__('os')", "damaged")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 3), }", "where images are")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 3, 1), }", "where images are")]
    [InlineData("{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 1, 3), }", "where images are")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 1, 1, 3), }", "needs")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,3), }", "dimensions")]
    [InlineData("", "damaged")]
    [InlineData("{", "damaged")]
    public void Headers_that_lie_are_refused(string header, string word) =>
        Refused(word, () => ImageArchiveReader.Open(Archive(NumpyFiles.Npy(header, [1, 2, 3]))));

    [Fact]
    public void What_is_no_array_is_refused()
    {
        Refused("does not start", () => ImageArchiveReader.Open(Archive([])));
        Refused("does not start", () => ImageArchiveReader.Open(Archive([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])));
        Refused("version 9", () => ImageArchiveReader.Open(Archive([0x93, .. "NUMPY"u8, 9, 0, 0, 0, 0, 0])));
        Refused("claims a header", () => ImageArchiveReader.Open(Archive([0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF])));
        Refused("ends inside", () => ImageArchiveReader.Open(Archive([0x93, .. "NUMPY"u8, 1, 0, 0x40, 0])));
        Refused("damaged", () => ImageArchiveReader.Open(Archive([0x93, .. "NUMPY"u8, 2, 0, 0x40, 0, 0])));
    }

    [Fact]
    public void What_is_no_archive_is_refused()
    {
        Refused("no such file", () => NpzReader.Open(_folder["absent.npz"]));
        Refused("folder", () => NpzReader.Open(_folder.Path));
        File.WriteAllBytes(_folder["empty.npz"], []);
        Refused(".npz archive", () => NpzReader.Open(_folder["empty.npz"]));
        File.WriteAllText(_folder["text.npz"], "these are not images");
        Refused(".npz archive", () => NpzReader.Open(_folder["text.npz"]));
        NumpyFiles.Zip(_folder["other.npz"], CompressionLevel.Optimal, ("readme.txt", [1]));
        using (var other = NpzReader.Open(_folder["other.npz"]))
            Refused("no arrays at all", () => other.OpenArray("arr_0"));
        NumpyFiles.Zip(_folder["twins.npz"], CompressionLevel.Optimal, ("a.npy", [1]), ("a.npy", [1]));
        Refused("two arrays", () => NpzReader.Open(_folder["twins.npz"]));
        NumpyFiles.Zip(_folder["named.npz"], CompressionLevel.Optimal, ("mu.npy", [1]));
        using var named = NpzReader.Open(_folder["named.npz"]);
        Refused("it has mu", () => named.OpenArray("arr_0"));
    }

    [Fact]
    public void A_changed_pixel_is_found_with_the_last_image()
    {
        var path = Images(out var bytes);
        bytes[400] ^= 1;
        File.WriteAllBytes(path, bytes);
        using var reader = ImageArchiveReader.Open(path);
        Refused("damaged", () => reader.NextBatch(10));
    }

    [Fact]
    public void A_bomb_is_gone_through_in_a_stream_and_its_numbers_are_refused()
    {
        // 256 MiB of zeros in 256 KiB.
        using (var zip = new ZipArchive(File.Create(_folder["bomb.npz"]), ZipArchiveMode.Create))
        {
            using var stream = zip.CreateEntry("mu.npy", CompressionLevel.Optimal).Open();
            stream.Write(NumpyFiles.Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (268435456,), }", []));
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 256; i++)
                stream.Write(zeros);
        }
        using var reader = NpzReader.Open(_folder["bomb.npz"]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Refused("at most", () => reader.ReadDoubles("mu"));
        using (var array = reader.OpenArray("mu"))
            array.Skip();
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 4 << 20);
    }

    [Fact]
    public void Sizes_in_the_directory_that_lie_are_refused_without_memory()
    {
        // A packed member whose header and directory agree on far more than is there.
        NumpyFiles.Zip(_folder["lie.npz"], CompressionLevel.Optimal, ("mu.npy", NumpyFiles.Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (60000000,), }", new byte[64])));
        var bytes = File.ReadAllBytes(_folder["lie.npz"]);
        var entry = bytes.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(entry + 24), 480_000_000 + 128);
        File.WriteAllBytes(_folder["lie.npz"], bytes);
        using var reader = NpzReader.Open(_folder["lie.npz"]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Refused("damaged", () => reader.ReadDoubles("mu"));
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 16 << 20);
    }

    [Fact]
    public void Damaged_archives_are_refused_in_one_sentence_or_read_with_little_memory_and_in_no_time()
    {
        var stored = Images(out var bytes);
        NumpyFiles.Zip(_folder["packed.npz"], CompressionLevel.Optimal, ("arr_0.npy", NumpyFiles.Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 8, 8, 3), }", bytes[..(3 * 8 * 8 * 3)])));
        var packed = File.ReadAllBytes(_folder["packed.npz"]);
        var clock = Stopwatch.StartNew();
        var (read, refused) = (0, 0);
        for (var seed = 0; seed < 1500; seed++)
        {
            // The directory lies at the end: half of the time the damage is done there.
            var whole = seed % 2 == 0 ? bytes : packed;
            var mutant = seed % 4 < 2 ? Mutator.Mutate(whole, seed) : [.. whole[..^120], .. Mutator.Mutate(whole.AsSpan(whole.Length - 120), seed)];
            File.WriteAllBytes(stored, mutant);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var reader = ImageArchiveReader.Open(stored);
                while (reader.Next() is not null)
                {
                }
                read++;
            }
            catch (ArchiveException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
                Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8 << 20, $"seed {seed} took {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
        }
        Assert.True(refused > 1000 && read > 0, $"{refused} refused, {read} read");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60));
    }

    private string Images(out byte[] bytes)
    {
        var path = _folder["images.npz"];
        using (var writer = new ImageArchiveWriter(path, 3, 8, 8))
        {
            for (var i = 0; i < 3; i++)
                writer.Add(ImageFiles.Noise(8, 8, i));
            writer.Complete();
        }
        bytes = File.ReadAllBytes(path);
        return path;
    }

    private string Archive(byte[] member)
    {
        NumpyFiles.Zip(_folder["a.npz"], CompressionLevel.NoCompression, ("arr_0.npy", member));
        return _folder["a.npz"];
    }

    private static void Refused(string word, Func<object> action)
    {
        var fault = Assert.Throws<ArchiveException>(action);
        Assert.Contains(word, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }
}
