using System.Diagnostics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Small checkpoints damaged in thousands of ways, the same ones in every run.</summary>
public sealed class MutatedCheckpointTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutations = 2000;
    private readonly HostileFile _file = new();

    [Fact]
    public void Mutated_checkpoints_are_read_or_refused()
    {
        var file = TorchFiles.Zip(Rich());
        Check(Mutations, "whole files", seed => Mutator.Mutate(file, seed));
    }

    [Fact]
    public void Checkpoints_with_mutated_pickles_are_read_or_refused()
    {
        var parts = Rich();
        Check(Mutations / 2, "pickles", seed => TorchFiles.Zip([parts[0] with { Bytes = Mutator.Mutate(parts[0].Bytes, seed) }, .. parts[1..]]));
    }

    [Fact]
    public void Checkpoints_with_mutated_directories_are_read_or_refused()
    {
        var parts = Rich();
        foreach (var zip64 in new[] { false, true })
        {
            var file = TorchFiles.Zip(parts, zip64);
            var start = file.AsSpan().IndexOf("PK\u0001\u0002"u8);
            Check(Mutations / 4, zip64 ? "ZIP64 directories" : "directories", seed => [.. file[..start], .. Mutator.Mutate(file.AsSpan(start), seed)]);
        }
    }

    [Fact]
    public void Mutated_checkpoints_of_torch_are_read_or_refused()
    {
        var file = File.ReadAllBytes(TestFiles.Vector("tokenizer-vanilla.dinov2.pth"));
        Check(100, "torch's own file", seed => Mutator.Mutate(file, seed));
    }

    [Fact]
    public void Mutated_files_of_torch_before_1_6_are_read_or_refused()
    {
        var file = RichLegacy();
        var whole = file.ToBytes();
        Check(Mutations, "files of the older format", seed => Mutator.Mutate(whole, seed));
        Check(Mutations / 2, "their descriptions", seed => (file with { Object = Mutator.Mutate(file.Object, seed) }).ToBytes());
        Check(Mutations / 4, "their lists and storages", seed =>
        {
            byte[] end = [.. file.Names, .. file.Storages];
            return (file with { Names = Mutator.Mutate(end, seed), Storages = [] }).ToBytes();
        });
    }

    public void Dispose() => _file.Dispose();

    /// <summary>A small file with every kind of thing a published one has.</summary>
    internal static ZipPart[] Rich()
    {
        var script = new PickleScript().Op('}').Raw((byte)'q', 0).Op('(')
            .Text("steps").Integer(70_000).Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Op('}').Text("lr").Number(1e-4).Op('s').Op('b')
            .Text("optimizer").Op('}').Integer(0).Tensor("FloatStorage", "0", 12, 0, [12], [1]).Op('s')
            .Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Raw((byte)'q', 1).Op('(')
            .Text("plain.weight").Tensor("FloatStorage", "0", 12, 0, [3, 4], [4, 1], "cuda:0")
            .Text("turned.weight").Tensor("FloatStorage", "0", 12, 0, [4, 3], [1, 4], "cuda:0")
            .Text("half.bias").Tensor("BFloat16Storage", "1", 5, 1, [4], [1])
            .Text("count").Tensor("LongStorage", "2", 1, 0, [], []).Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b')
            .Text("again").Raw((byte)'h', 1).Op('u');
        return
        [
            new("archive/data.pkl", script.End()), new("archive/byteorder", "little"u8.ToArray()), new("archive/data/0", TorchLayoutTests.Numbers(12)),
            new("archive/data/1", new byte[10]), new("archive/data/2", new byte[8]), new("archive/version", "3\n"u8.ToArray()),
        ];
    }

    internal static LegacyFile RichLegacy()
    {
        var script = new PickleScript().Op('}').Raw((byte)'q', 0).Op('(')
            .Text("epoch").Integer(90).Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Op('}').Text("lr").Number(1e-4).Op('s').Op('b')
            .Text("state_dict").Global("collections", "OrderedDict").Op(']').Raw(0x85).Op('R').Raw((byte)'q', 1).Op('(')
            .Text("plain.weight").OldTensor("FloatStorage", "94001", 12, 0, [3, 4], [4, 1], location: "cuda:0")
            .Text("turned.weight").OldTensor("FloatStorage", "94001", 12, 0, [4, 3], [1, 4])
            .Text("part.weight").OldTensor("FloatStorage", "94001", 12, 1, [2, 2], [2, 1], view: (4, 6))
            .Text("half.bias").Global("torch.nn.parameter", "Parameter").OldTensor("HalfStorage", "94002", 5, 1, [4], [1]).Raw(0x85).Op('R')
            .Op('(').Raw(0x88).Raw(0x89).Op('N').Op('t').Op('b')
            .Text("oldest.bias").Global("torch", "FloatTensor").Op(')').Raw(0x81).Op('(').OldStorage("FloatStorage", "94001", 12).Integer(2).Integers(3).Integers(1).Op('t').Op('b')
            .Text("count").OldTensor("LongStorage", "94003", 1, 0, [], []).Op('u')
            .Text("again").Raw((byte)'h', 1).Op('u');
        return LegacyFile.Of(script.End(), ("94001", 4, TorchLayoutTests.Numbers(12)), ("94002", 2, new byte[10]), ("94003", 8, new byte[8]));
    }

    private void Check(int count, string what, Func<int, byte[]> mutate)
    {
        var (read, slowest, most, total) = (0, TimeSpan.Zero, 0L, Stopwatch.StartNew());
        for (var seed = 0; seed < count; seed++)
        {
            var mutant = mutate(seed);
            try
            {
                read += _file.Outcome(mutant, out var elapsed, out var allocated) is null ? 1 : 0;
                slowest = elapsed > slowest ? elapsed : slowest;
                most = Math.Max(most, allocated - (2L * mutant.Length));
            }
            catch (Exception e) when (e is not CheckpointException)
            {
                throw new InvalidOperationException($"Seed {seed} of the mutated {what}: {e.Message}", e);
            }
        }
        output.WriteLine($"{what}: {read} of {count} read, slowest {slowest.TotalMilliseconds:0.0} ms, at most {most} bytes beyond twice the file, all {total.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(read, 1, count - 1);
    }
}
