using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Tests.Data;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Training.TokenCaches;

public sealed class TokenCacheTests
{
    private static readonly TokenCacheOptions Options = new()
    {
        Augmentation = new Augmentation { Size = 16, Crop = CropMethod.Center, Flip = true },
        BatchSize = 4,
        CommitEvery = 2,
    };

    [Fact]
    public void A_cache_holds_the_codes_of_every_variant()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 2, "ant", "bee");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = FolderSource.OpenClasses(folder["data"]);
        var report = TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        Assert.Equal((4, 4, 0), (report.Images, report.Encoded, report.Unreadable));
        using var cache = TokenCache.Open(folder["cache"]);
        Assert.Equal(["ant", "bee"], cache.Info.ClassNames);
        Assert.Equal([0, 0, 1, 1], Enumerable.Range(0, cache.Count).Select(cache.ClassAt));
        for (var image = 0; image < cache.Count; image++)
        {
            for (var variant = 0; variant < 2; variant++)
            {
                var wanted = tokenizer.Encode([Options.Augmentation.ApplyVariant(source.Read(image), variant)])[0];
                int[] holistic = new int[8], patches = new int[64];
                cache.Read(image, variant, holistic, patches);
                Assert.Equal(wanted.Holistic, holistic);
                Assert.Equal(wanted.Patches, patches);
            }
        }
    }

    [Fact]
    public void A_cache_is_written_by_one_process_at_a_time()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 2, "ant", "bee");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = FolderSource.OpenClasses(folder["data"]);
        using (FolderLock.TryTake(folder["cache"]))
        {
            Assert.Null(FolderLock.TryTake(folder["cache"]));
            var refused = Assert.Throws<HitaException>(() => TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options));
            Assert.Contains("another process is writing this token cache", refused.Message, StringComparison.Ordinal);
            Assert.True(File.Exists(folder["cache/.lock"]));
        }
        TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        Assert.False(File.Exists(folder["cache/.lock"]));
    }

    [Fact]
    public void An_interrupted_cache_goes_on_and_a_cut_one_is_refused()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 4, "ant", "bee");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = FolderSource.OpenClasses(folder["data"]);
        TokenCacheBuilder.Build(source, tokenizer, folder["whole"], Options);

        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options, new StopAt(4, stop), stop.Token));
        Assert.Contains("4 of 8 images", Sentences.Check(Assert.Throws<CheckpointException>(() => TokenCache.Open(folder["cache"]))), StringComparison.Ordinal);
        // What a kill leaves behind the last point that lasts is written anew.
        File.AppendAllText(folder["cache/codes.bin"], "half an image");
        Assert.Equal(4, TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options).Encoded);
        Assert.Equal(0, TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options).Encoded);
        foreach (var file in (string[])["codes.bin", "labels.bin", "cache.json"])
            Assert.Equal(File.ReadAllBytes(folder[$"whole/{file}"]), File.ReadAllBytes(folder[$"cache/{file}"]));

        using (var codes = File.OpenWrite(folder["cache/codes.bin"]))
            codes.SetLength(codes.Length - 1);
        Sentences.Check(Assert.Throws<CheckpointException>(() => TokenCache.Open(folder["cache"])));
    }

    [Fact]
    public void Images_that_cannot_be_read_are_counted_and_left_out()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 2, "ant", "bee");
        File.WriteAllText(folder["data/ant/0001.png"], "no image");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = FolderSource.OpenClasses(folder["data"]);
        var report = TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        Assert.Equal((4, 1), (report.Images, report.Unreadable));
        Assert.Contains("0001.png", Assert.Single(report.FirstUnreadable), StringComparison.Ordinal);
        // A cache that is there already tells the same, though nothing is read again.
        var again = TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        Assert.Equal((4, 0, 1), (again.Images, again.Encoded, again.Unreadable));
        using var cache = TokenCache.Open(folder["cache"]);
        Assert.Equal([0, 1, 1], Enumerable.Range(0, cache.Count).Select(cache.ClassAt));
    }

    [Fact]
    public void Nothing_is_read_any_more_when_a_build_has_failed()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 4, "ant", "bee");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = new SlowSource(FolderSource.OpenClasses(folder["data"]));
        Assert.Throws<InvalidDataException>(() => TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options));
        Assert.Equal(0, source.Reading);
    }

    [Fact]
    public void A_folder_of_other_contents_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 1, "ant");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var other = ImageTokenizer.Create(TinyTrainers.Tokenizer, 2);
        using var source = FolderSource.OpenClasses(folder["data"]);
        Assert.Contains("holds 'ant'", Assert.Throws<HitaException>(() => TokenCacheBuilder.Build(source, tokenizer, folder["data"], Options)).Message, StringComparison.Ordinal);
        TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        Assert.Null(TokenCacheInfo.Read(folder["cache"]).EncoderPrecision);
        Assert.Contains("another tokenizer", Assert.Throws<HitaException>(() => TokenCacheBuilder.Build(source, other, folder["cache"], Options)).Message, StringComparison.Ordinal);
        using var half = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1, new TokenizerOptions { EncoderPrecision = Precision.BFloat16 });
        Assert.Contains("another type", Assert.Throws<HitaException>(() => TokenCacheBuilder.Build(source, half, folder["cache"], Options)).Message, StringComparison.Ordinal);
        TokenCacheBuilder.Build(source, half, folder["half"], Options);
        Assert.Equal(Precision.BFloat16, TokenCacheInfo.Read(folder["half"]).EncoderPrecision);
        File.WriteAllText(folder["file"], "");
        Assert.Contains("this is a file", Assert.Throws<HitaException>(() => TokenCacheBuilder.Build(source, tokenizer, folder["file"], Options)).Message, StringComparison.Ordinal);
        Assert.Contains("no token cache", Sentences.Check(Assert.Throws<CheckpointException>(() => TokenCache.Open(folder["data"]))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_code_outside_the_codebook_is_a_damaged_file()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 1, "ant");
        using var tokenizer = ImageTokenizer.Create(TinyTrainers.Tokenizer, 1);
        using var source = FolderSource.OpenClasses(folder["data"]);
        TokenCacheBuilder.Build(source, tokenizer, folder["cache"], Options);
        using (var codes = File.OpenWrite(folder["cache/codes.bin"]))
            codes.Write([0xFF, 0xFF]);
        using var cache = TokenCache.Open(folder["cache"]);
        Assert.Contains("65535", Sentences.Check(Assert.Throws<CheckpointException>(() => cache.Read(0, 0, new int[8], new int[64]))), StringComparison.Ordinal);
    }

    /// <summary>Fails when the first images are written, while later ones are being read.</summary>
    private sealed class SlowSource(IImageSource inner) : IImageSource
    {
        private int _reading;

        public int Reading => Volatile.Read(ref _reading);

        public int Count => inner.Count;

        public IReadOnlyList<string> ClassNames => inner.ClassNames;

        public string Description => inner.Description;

        public IReadOnlyList<string> Notes => inner.Notes;

        public int ClassAt(int index)
        {
            SpinWait.SpinUntil(() => Reading > 0, TimeSpan.FromSeconds(10));
            throw new InvalidDataException();
        }

        public string NameAt(int index) => inner.NameAt(index);

        public Hita.Imaging.Image Read(int index)
        {
            Interlocked.Increment(ref _reading);
            Thread.Sleep(200);
            Interlocked.Decrement(ref _reading);
            return inner.Read(index);
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class StopAt(int done, CancellationTokenSource source) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value >= done)
                source.Cancel();
        }
    }
}
