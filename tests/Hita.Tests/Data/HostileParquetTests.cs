using System.Diagnostics;
using Hita.Data.Conversion;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Tests.Support;
using Parquet;
using Parquet.Schema;

namespace Hita.Tests.Data;

/// <summary>Parquet files that are damaged, or made to do harm: a sentence, soon, without taking memory.</summary>
[Collection(Alone.Name)]
public sealed class HostileParquetTests
{
    private const int Mutants = 5000;
    private const long MaxPeak = 256 << 20;

    [Theory]
    [InlineData("hang.parquet")]
    [InlineData("mem426.parquet")]
    public void Known_traps_end_in_a_sentence_at_once(string name)
    {
        var path = TestFiles.Shared($"faults/{name}");
        Assert.Contains("damaged", Sets.Sentence(Assert.Throws<DataException>(() => new MutantBudget().Mutant(() => ReadAll(path)))), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Mutants_end_in_a_sentence_soon_and_without_taking_memory()
    {
        using var folder = new TemporaryFolder();
        var originals = await Originals(folder);
        var (refused, budget) = (0, new MutantBudget());
        foreach (var original in originals)
        {
            File.WriteAllBytes(folder["m.parquet"], original);
            budget.Honest(() => ReadAll(folder["m.parquet"]));
        }
        var before = ResidentPeak();
        for (var seed = 0; seed < Mutants; seed++)
        {
            File.WriteAllBytes(folder["m.parquet"], Mutant(originals[seed % originals.Count], seed));
            try
            {
                budget.Mutant(() => ReadAll(folder["m.parquet"]));
            }
            catch (HitaException e)
            {
                Assert.InRange(e.Message.Length, 20, 1000);
                refused++;
            }
            catch (InvalidOperationException e)
            {
                Assert.Fail($"Mutant {seed}: {e}");
            }
        }
        var grown = ResidentPeak() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{refused} of {Mutants} are refused; {budget}; the process's peak grew by {grown / 1e6:0} MB over all of them");
        // Also what native decompressors take; garbage that is not collected yet is in it, so that it holds for all mutants together.
        Assert.InRange(grown, 0, MaxPeak);
        Assert.InRange(refused, Mutants / 4, Mutants);
    }

    [Fact]
    public async Task Lies_about_sizes_are_found_before_memory_is_taken()
    {
        using var folder = new TemporaryFolder();
        await ParquetFiles.WriteNumbersAsync<long>(folder["a.parquet"], [.. Enumerable.Range(0, 40).Select(static i => (long?)(i % 3))], options: new() { CompressionMethod = CompressionMethod.None });
        var whole = File.ReadAllBytes(folder["a.parquet"]);
        // The first page's head: its lengths, unpacked and packed, follow one another.
        foreach (var lie in (byte[][])[[0xFE, 0xFF, 0xFF, 0xFF, 0x0F], [0x80, 0x80, 0x80, 0x80, 0x01]])
        {
            var bytes = (byte[])whole.Clone();
            lie.CopyTo(bytes.AsSpan(7));
            File.WriteAllBytes(folder["b.parquet"], bytes);
            Assert.Throws<DataException>(() => new MutantBudget().Mutant(() => ReadAll(folder["b.parquet"])));
        }
    }

    [Fact]
    public async Task Encodings_that_could_do_harm_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var options = new ParquetOptions();
        options.ColumnEncodingHints["label"] = EncodingHint.DeltaBinaryPacked;
        var label = new DataField<int>("label");
        await ParquetFiles.WriteAsync(folder["a.parquet"], label, 9, group => group.WriteAsync<int>(label, (int[])[0, 1, 2, 0, 1, 2, 0, 1, 2]), options);
        Assert.Contains("its column label is stored in the encoding DELTA_BINARY_PACKED", Sets.Sentence(Assert.Throws<DataException>(() => ParquetSource.Open(folder["a.parquet"]))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Brotli)]
    [InlineData(CompressionMethod.Lz4Raw)]
    public async Task Every_compression_passes_the_checks(CompressionMethod method)
    {
        using var folder = new TemporaryFolder();
        var count = 600;
        await ParquetFiles.WriteTextsAsync(folder["a.parquet"], [.. Enumerable.Range(0, count).Select(static i => i % 7 == 0 ? null : $"class {i % 5}")], options: new() { CompressionMethod = method });
        using var source = ParquetSource.Open(folder["a.parquet"]);
        Assert.Equal(5, source.ClassNames.Count);
        using var last = source.ReadEncoded(source.Count - 1);
        Assert.Equal(ParquetFiles.Image(599), last.Bytes);
    }

    [Fact]
    public void Stopping_is_heard_while_a_file_is_read()
    {
        using var cancel = new CancellationTokenSource();
        using var folder = new TemporaryFolder();
        using (var writer = new ParquetSetWriter(folder.Path, ["a"], 100))
        {
            writer.Add(0, ParquetFiles.Image(1), ".png", 0);
            writer.Complete();
        }
        using var begun = new ManualResetEventSlim();
        var ended = new ManualResetEventSlim();
        var reading = Task.Run(() => ParquetAccess.With<int>(folder["00000.parquet"], 0, (_, _) =>
        {
            begun.Set();
            // As a library does that loops over something and never reads again.
            ended.Wait();
            return Task.FromResult(1);
        }, cancel.Token));
        Assert.True(begun.Wait(TimeSpan.FromSeconds(20)));
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => reading.GetAwaiter().GetResult());
        ended.Set();
        Assert.Throws<OperationCanceledException>(() => ParquetSource.Open(folder.Path, null, cancel.Token));
    }

    private static long ResidentPeak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static void ReadAll(string path)
    {
        using var source = ParquetSource.Open(path);
        for (var i = 0; i < source.Count; i += 1 + (source.Count / 100))
        {
            source.ClassAt(i);
            source.ReadEncoded(i).Dispose();
        }
    }

    private static byte[] Mutant(byte[] original, int seed)
    {
        var random = new Random(seed);
        var description = BitConverter.ToInt32(original, original.Length - 8);
        var footer = original.Length - 8 - description;
        switch (random.Next(4))
        {
            case 0:
                return Mutator.Mutate(original, seed);
            case 1:
                // Damage to the description alone, whose ends stay in place.
                var part = Mutator.Mutate(original.AsSpan(footer, description), seed);
                byte[] length = BitConverter.GetBytes(part.Length);
                return [.. original[..footer], .. part, .. length, .. "PAR1"u8];
            case 2:
                var bytes = (byte[])original.Clone();
                for (var i = random.Next(1, 5); i > 0; i--)
                    bytes[footer + random.Next(description)] = (byte)random.Next(256);
                return bytes;
            default:
                var pages = (byte[])original.Clone();
                // Heads of pages lie near the start and just before the description.
                var at = random.Next(2) == 0 ? 4 + random.Next(60) : footer - 1 - random.Next(Math.Min(footer - 4, 400));
                for (var i = random.Next(1, 6); i > 0; i--)
                    pages[Math.Min(at + random.Next(8), footer - 1)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
                return pages;
        }
    }

    private static async Task<List<byte[]>> Originals(TemporaryFolder folder)
    {
        var path = folder["o.parquet"];
        var all = new List<byte[]>();
        using (var writer = new ParquetSetWriter(folder.Path, ["ant", "bee"], 100))
        {
            for (var i = 0; i < 12; i++)
                writer.Add(i, ParquetFiles.Image(i), ".png", i % 2);
            writer.Complete();
        }
        all.Add(File.ReadAllBytes(folder["00000.parquet"]));
        string?[] texts = [.. Enumerable.Range(0, 30).Select(static i => i % 9 == 0 ? null : $"class {i % 4}")];
        foreach (var method in (CompressionMethod[])[CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Zstd, CompressionMethod.Gzip, CompressionMethod.Brotli, CompressionMethod.Lz4Raw])
        {
            await ParquetFiles.WriteTextsAsync(path, texts, options: new() { CompressionMethod = method });
            all.Add(File.ReadAllBytes(path));
        }
        await ParquetFiles.WriteNumbersAsync<double>(path, [.. Enumerable.Range(0, 30).Select(static i => (double?)(i % 3))]);
        all.Add(File.ReadAllBytes(path));
        return all;
    }
}
