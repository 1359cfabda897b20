using System.Diagnostics;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization.TokenFiles;

namespace Hita.Tests.Tokenization.TokenFiles;

public sealed class MutatedTokenFilesTests(ITestOutputHelper output) : IDisposable
{
    // What opening any file costs beside its bytes.
    private const int ReadOverhead = 8 << 10;

    // Throwing any exception makes the runtime allocate some tens of kilobytes, the more the deeper the stack.
    private const int RefusalOverhead = 128 << 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mutated_hita_files_are_refused_unless_the_damage_changed_nothing() =>
        Check("a.hita", TokenSets.Uniform(1000, 3, 5, 4, 6), static mutant => mutant, mayChange: false);

    [Fact]
    public void Mutated_hita_files_whose_checksum_fits_are_read_or_refused() =>
        Check("a.hita", TokenSets.Uniform(1000, 3, 5, 4, 6), TokenSets.Sealed, mayChange: true);

    [Fact]
    public void Mutated_safetensors_files_are_read_or_refused() =>
        Check("a.safetensors", TokenSets.Uniform(1000, 3, 5, 4, 6), static mutant => mutant, mayChange: true);

    // The worst honest files: as many images and as small codes as the bytes can hold.
    [Theory]
    [InlineData("a.hita", 2, 1, 1)]
    [InlineData("a.hita", 2, 64, 64)]
    [InlineData("a.hita", 16384, 21, 21)]
    [InlineData("a.safetensors", 16384, 21, 21)]
    public void A_large_file_takes_at_most_twice_its_size(string name, int codebook, int rows, int columns)
    {
        var codes = TokenSets.Codes(codebook, 0, rows, columns, 1);
        TokenFile.Write(new TokenSet(codebook, [.. Enumerable.Repeat(new TokenImage(codes), 400_000 / (rows * columns))]), _folder[name]);
        TokenFile.Read(_folder[name]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var set = TokenFile.Read(_folder[name]);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var length = new FileInfo(_folder[name]).Length;
        output.WriteLine($"{set.Images.Count} images in {length} bytes: {allocated} allocated, {(double)allocated / length:0.00} times");
        Assert.InRange(allocated, length / 2, 2 * length);
    }

    private void Check(string name, TokenSet set, Func<byte[], byte[]> finish, bool mayChange)
    {
        var path = _folder[name];
        TokenFile.Write(set, path);
        TokenFile.Read(path);
        var file = File.ReadAllBytes(path);
        var (read, slowest, most) = (0, TimeSpan.Zero, 0L);
        var faults = new HashSet<string>();
        for (var seed = 0; seed < 2000; seed++)
        {
            var mutant = finish(Mutator.Mutate(file, seed));
            File.WriteAllBytes(path, mutant);
            var watch = Stopwatch.StartNew();
            var before = GC.GetAllocatedBytesForCurrentThread();
            TokenSet? result = null;
            try
            {
                result = TokenFile.Read(path);
                read++;
            }
            catch (CheckpointException e)
            {
                Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', e.Message);
                faults.Add(string.Concat(e.Message[path.Length..].Where(char.IsAsciiLetter).Take(30)));
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"seed {seed} took {watch.Elapsed}");
            Assert.True(allocated <= (2 * file.Length) + (result is null ? RefusalOverhead : ReadOverhead), $"seed {seed} allocated {allocated} bytes for {mutant.Length}");
            (slowest, most) = (watch.Elapsed > slowest ? watch.Elapsed : slowest, Math.Max(most, allocated));
            if (result is not null)
            {
                Assert.True(mayChange || mutant.AsSpan().SequenceEqual(file), $"seed {seed} damaged the file and it was read");
                AssertSound(result);
            }
        }
        output.WriteLine($"{file.Length} bytes: {read} of 2000 read, {faults.Count} kinds of refusal, slowest {slowest.TotalMilliseconds:0.0} ms, most allocated {most} bytes");
        Assert.InRange(read, 1, 1999);
    }

    // What is let through must be as good as what is written.
    private void AssertSound(TokenSet set)
    {
        var rebuilt = new TokenSet(set.CodebookSize, set.Images, set.ModelHash);
        TokenFile.Write(rebuilt, _folder["again.hita"]);
        TokenSets.AssertEqual(rebuilt, TokenFile.Read(_folder["again.hita"]));
    }
}
