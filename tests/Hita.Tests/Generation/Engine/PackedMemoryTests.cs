using Hita.Generation.Engine;
using Hita.Generation.Engine.Packing;
using Hita.Generation.Model;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Generation.Engine;

public sealed class PackedMemoryTests
{
    private static readonly GeneratorConfig Config = Decoding.Preset("tiny");

    [Fact]
    public void Weights_are_packed_once_and_mapped_afterwards()
    {
        using var folder = new TemporaryFolder();
        foreach (var precision in Enum.GetValues<Precision>())
        {
            var source = new CountingWeights();
            var expected = Logits(source, folder.Path, precision, out var first);
            Assert.True(source.Reads > 0);
            source.Reads = 0;
            var actual = Logits(source, folder.Path, precision, out var second);
            Assert.Equal(0, source.Reads);
            Assert.NotNull(first);
            Assert.Equal(first, second);
            Decoding.AssertSame(expected, actual);
            Decoding.AssertSame(expected, Logits(source, folder: null, precision, out var none));
            Assert.Null(none);
        }
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void Other_weights_and_other_architectures_have_files_of_their_own()
    {
        using var folder = new TemporaryFolder();
        Logits(new CountingWeights(), folder.Path, Precision.Int8, out var one);
        Logits(new CountingWeights { Fingerprint = "other" }, folder.Path, Precision.Int8, out var two);
        using var third = CpuTokenModel.Load(
            Config with { GridHeight = 3 }, new CountingWeights(), new EngineOptions { Precision = Precision.Int8, CacheFolder = folder.Path });
        using var same = CpuTokenModel.Load(
            Config with { Preset = "another name" }, new CountingWeights(), new EngineOptions { Precision = Precision.Int8, CacheFolder = folder.Path });
        Assert.Equal(3, new HashSet<string?> { one, two, third.PackedPath }.Count);
        Assert.Equal(one, same.PackedPath);
    }

    [Fact]
    public void A_damaged_file_is_made_again()
    {
        using var folder = new TemporaryFolder();
        var expected = Logits(new CountingWeights(), folder.Path, Precision.BFloat16, out var path);
        var whole = File.ReadAllBytes(path!);
        var otherHeader = (byte[])whole.Clone();
        otherHeader[10] ^= 1;
        foreach (var damaged in (byte[][])[[], whole[..100], whole[..^1], [.. whole, 0], otherHeader])
        {
            File.WriteAllBytes(path!, damaged);
            var source = new CountingWeights();
            Decoding.AssertSame(expected, Logits(source, folder.Path, Precision.BFloat16, out var again));
            Assert.True(source.Reads > 0);
            Assert.Equal(path, again);
            Assert.Equal(whole, File.ReadAllBytes(path!));
        }
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Several_may_pack_at_the_same_time()
    {
        using var folder = new TemporaryFolder();
        var expected = Logits(new CountingWeights(), folder: null, Precision.Int8, out _);
        Parallel.For(0, 8, _ =>
            Decoding.AssertSame(expected, Logits(new CountingWeights(), folder.Path, Precision.Int8, out var _)));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_does_not_keep_anyone_from_generating()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "not a folder");
        var source = new CountingWeights();
        var expected = Logits(source, folder: null, Precision.Int8, out _);
        Decoding.AssertSame(expected, Logits(source, folder["file"], Precision.Int8, out var path));
        Assert.Null(path);
    }

    [Fact]
    public void Packing_that_fails_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        var source = new CountingWeights { FailAt = "layers.1.attention.wo.weight" };
        Assert.Throws<CheckpointException>(() => Logits(source, folder.Path, Precision.Int8, out _));
        Assert.Throws<CheckpointException>(() => Logits(source, folder: null, Precision.Int8, out _));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Weights_that_are_not_numbers_are_refused_by_name()
    {
        var source = new CountingWeights { DamageAt = "layers.1.attention.wo.weight" };
        foreach (var precision in Enum.GetValues<Precision>())
        {
            var error = Assert.Throws<HitaException>(() => Logits(source, folder: null, precision, out _));
            Assert.Contains("layers.1.attention.wo.weight", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Weights_come_from_a_file_too_and_a_wrong_one_is_named()
    {
        using var file = WeightFile.Open(TestFiles.Vector("gpt.safetensors"));
        var error = Assert.Throws<CheckpointException>(() => Load(new GeneratorWeightsFromFile(file)));
        Assert.Contains("cls_embedding.embedding_table.weight is missing", error.Message, StringComparison.Ordinal);

        CpuTokenModel Load(IGeneratorWeights weights) => CpuTokenModel.Load(Config, weights, new EngineOptions { UseCache = false });
    }

    private static float[] Logits(IGeneratorWeights source, string? folder, Precision precision, out string? path)
    {
        using var engine = CpuTokenModel.Load(
            Config, source, new EngineOptions { Precision = precision, Threads = 1, CacheFolder = folder, UseCache = folder is not null });
        path = engine.PackedPath;
        return [.. Decoding.TeacherForced(engine, [Decoding.Tokens(Config, 0)], positions: 20).SelectMany(l => l)];
    }

    private sealed class CountingWeights : IGeneratorWeights
    {
        private readonly GeneratorWeightsByName _weights = new();

        public string Fingerprint { get; init; } = "test";

        public string? FailAt { get; init; }

        public string? DamageAt { get; init; }

        public int Reads { get; set; }

        public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination)
        {
            Reads++;
            if (name == FailAt)
                throw new CheckpointException("the file", $"the tensor {name} is missing.");
            _weights.Read(name, shape, destination);
            if (name == DamageAt)
                destination[17] = float.NaN;
        }
    }
}
