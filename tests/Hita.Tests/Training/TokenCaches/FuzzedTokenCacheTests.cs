using System.Text;
using Hita.Data;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Training.TokenCaches;

/// <summary>Small caches damaged in thousands of ways, the same ones in every run.</summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class FuzzedTokenCacheTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutants = 5000;
    private static readonly string[] Files = [TokenCacheInfo.FileName, "codes.bin", "labels.bin"];

    // What honest numbers and lists are replaced by.
    private static readonly string[] Values =
        ["0", "-1", "1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "1e9", "1e400", "0.5", "null", "true", "\"\"", "[]", "[null]", "{}", "[[]]", "\"center\"", "65536", "1048576", "4096"];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Mutated_caches_are_read_or_refused()
    {
        Write();
        var honest = Files.ToDictionary(static f => f, f => File.ReadAllBytes(_folder[f]));
        var (read, budget) = (0, new MutantBudget());
        budget.Honest(() => Read());
        for (var seed = 0; seed < Mutants; seed++)
        {
            var random = new Random(seed);
            var file = Files[random.Next(4) is var n && n > 2 ? 0 : n];
            var mutant = file == TokenCacheInfo.FileName && seed % 2 == 0 ? Replace(honest[file], random) : Mutator.Mutate(honest[file], seed);
            File.WriteAllBytes(_folder[file], mutant);
            try
            {
                budget.Mutant(() => read += Read() ? 1 : 0);
            }
            catch (Exception e) when (e is not HitaException)
            {
                throw new InvalidOperationException($"Seed {seed} of the mutated {file}: {e.Message}\n{Encoding.Latin1.GetString(mutant)}", e);
            }
            File.WriteAllBytes(_folder[file], honest[file]);
        }
        output.WriteLine($"{read} of {Mutants} caches are read; {budget}");
        Assert.InRange(read, 1, Mutants - 1);
    }

    public void Dispose() => _folder.Dispose();

    // One value of the description is replaced by another, which a random byte would hardly make.
    private static byte[] Replace(byte[] json, Random random)
    {
        var lines = Encoding.UTF8.GetString(json).Split('\n');
        var at = Enumerable.Range(0, lines.Length).Where(i => lines[i].Contains(": ", StringComparison.Ordinal)).OrderBy(_ => random.Next()).First();
        var start = lines[at].IndexOf(": ", StringComparison.Ordinal) + 2;
        var rest = lines[at].EndsWith(',') ? "," : "";
        if (lines[at].EndsWith('['))
        {
            // A list goes to the line that closes it.
            var end = Array.FindIndex(lines, at, static l => l.TrimStart().StartsWith(']'));
            rest = lines[end].EndsWith(',') ? "," : "";
            Array.Clear(lines, at + 1, end - at);
        }
        lines[at] = lines[at][..start] + Values[random.Next(Values.Length)] + rest;
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private bool Read()
    {
        try
        {
            using var cache = TokenCache.Open(_folder.Path);
            var (holistic, patches) = (new int[cache.Info.HolisticTokenCount], new int[cache.Info.GridHeight * cache.Info.GridWidth]);
            for (var image = 0; image < cache.Count; image++)
            {
                Assert.InRange(cache.ClassAt(image), 0, Math.Max(0, cache.Info.ClassNames.Count - 1));
                for (var variant = 0; variant < cache.Info.Variants; variant++)
                    cache.Read(image, variant, holistic, patches);
            }
            Assert.DoesNotContain(cache.Info.ClassNames, static n => n is null);
            return true;
        }
        catch (HitaException e)
        {
            Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            return false;
        }
    }

    private void Write()
    {
        var info = new TokenCacheInfo
        {
            ModelHash = new string('a', 32),
            CodebookSize = 100,
            HolisticTokenCount = 3,
            GridHeight = 4,
            GridWidth = 4,
            Variants = 2,
            ImageSize = 64,
            Crop = CropMethod.Center,
            Flip = true,
            TenCropScales = [1.1],
            Source = "made up",
            Images = 5,
            ClassNames = ["ant", "bee"],
        };
        using var writer = TokenCacheWriter.Open(_folder.Path, info);
        var codes = new ImageCodes([1, 2, 3], [.. Enumerable.Range(0, 16)], 4, 4);
        for (var i = 0; i < 5; i++)
            writer.Write(i % 2, [codes, codes]);
        writer.Commit();
    }
}
