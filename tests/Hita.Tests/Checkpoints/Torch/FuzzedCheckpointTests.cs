using System.Diagnostics;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>
/// Checkpoints of all formats with everything that frameworks put into them, damaged in five thousand ways, several at once in some:
/// each is read or refused in a sentence, within a second, and within a few megabytes beyond twice the file.
/// </summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class FuzzedCheckpointTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutants = 5000;
    private const int Seed = 17;
    private readonly HostileFile _file = new();
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Mutated_checkpoints_of_every_format_are_read_or_refused()
    {
        var (zip, legacy) = (Framework(), MutatedCheckpointTests.RichLegacy());
        byte[][] whole = [TorchFiles.Zip(zip), legacy.ToBytes(), Safetensors(), TorchFiles.Zip(MutatedCheckpointTests.Rich(), zip64: true)];
        Func<Func<byte[], byte[]>, byte[]>[] kinds =
        [
            damage => damage(whole[0]),
            damage => TorchFiles.Zip([zip[0] with { Bytes = damage(zip[0].Bytes) }, .. zip[1..]]),
            damage => damage(whole[1]),
            damage => (legacy with { Object = damage(legacy.Object) }).ToBytes(),
            damage => damage(whole[2]),
            damage => damage(whole[3]),
        ];
        var (read, slowest, most, total) = (new int[kinds.Length], TimeSpan.Zero, 0L, Stopwatch.StartNew());
        for (var i = 0; i < Mutants; i++)
        {
            var random = new Random(Seed + i);
            var mutant = kinds[i % kinds.Length](bytes => Damage(bytes, random));
            try
            {
                read[i % kinds.Length] += _file.Outcome(mutant, out var elapsed, out var allocated) is null ? 1 : 0;
                slowest = elapsed > slowest ? elapsed : slowest;
                most = Math.Max(most, allocated - (2L * mutant.Length));
            }
            catch (Exception e) when (e is not HitaException)
            {
                throw new InvalidOperationException($"Mutant {i}: {e.Message}", e);
            }
        }
        output.WriteLine($"{string.Join(", ", read)} of {Mutants / kinds.Length} each read, slowest {slowest.TotalMilliseconds:0.0} ms, at most {most} bytes beyond twice the file, all {total.Elapsed.TotalSeconds:0.0} s");
        Assert.All(read, n => Assert.InRange(n, 1, (Mutants / kinds.Length) - 1));
    }

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        for (var times = 1 + (random.Next(3) / 2); times > 0 && bytes.Length >= 8; times--)
            bytes = Mutator.Mutate(bytes, random.Next());
        return bytes;
    }

    // Wrapped names, a random state, settings, callbacks, bytes and an expanded buffer.
    private static ZipPart[] Framework()
    {
        var script = new PickleScript().Op('}').Raw((byte)'q', 0).Op('(')
            .Text("epoch").Integer(3).Text("git").Global("_codecs", "encode").Text("abcdef").Text("latin1").Raw(0x86).Op('R')
            .Text("rng").Global("numpy.core.multiarray", "_reconstruct").Raw((byte)'q', 2).Global("numpy", "ndarray").Integer(0).Raw(0x85).Op('N').Raw(0x87).Op('R')
            .Op('(').Integer(1).Global("numpy", "dtype").Text("u4").Raw(0x89, 0x88, 0x87).Op('R').Op('t').Op('b')
            .Text("hyper_parameters").Global("omegaconf.dictconfig", "DictConfig").Op(')').Raw(0x81).Op('}').Text("_content").Op('}').Op('s').Op('b')
            .Text("callbacks").Op('}').Text("k").Global("lightning.callbacks", "Saver").Op(')').Raw(0x81).Op('(').Text("a").Integer(1).Op('u').Op('s')
            .Text("state_dict").Global("collections", "OrderedDict").Op(')').Op('R').Raw((byte)'q', 1).Op('(')
            .Text("model._orig_mod.tok_embeddings.weight").Tensor("FloatStorage", "0", 12, 0, [3, 4], [4, 1])
            .Text("model._orig_mod.cls_embedding.embedding_table.weight").Tensor("FloatStorage", "0", 12, 0, [4, 3], [1, 4])
            .Text("model.layers.0._fsdp_wrapped_module.wo.weight").Tensor("HalfStorage", "1", 5, 1, [4], [1])
            .Text("model.causal_mask").Tensor("BoolStorage", "2", 8, 0, [1, 1, 16, 16], [0, 0, 0, 0])
            .Text("metric.total").Tensor("LongStorage", "2", 1, 0, [], []).Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b').Op('u');
        return
        [
            new("archive/data.pkl", script.End()), new("archive/byteorder", "little"u8.ToArray()), new("archive/data/0", TorchLayoutTests.Numbers(12)),
            new("archive/data/1", new byte[10]), new("archive/data/2", new byte[8]), new("archive/version", "3\n"u8.ToArray()),
        ];
    }

    private byte[] Safetensors()
    {
        TensorEntry[] entries = [new("module.a", TensorType.Float32, [3, 4]), new("module.b", TensorType.BFloat16, [5]), new("module.c", TensorType.Int64, [])];
        using (var writer = new SafetensorsWriter(_folder["a"], entries, new Dictionary<string, string> { ["format"] = "pt" }))
        {
            foreach (var entry in entries)
                writer.Write(entry.Name, new byte[entry.ByteLength]);
            writer.Complete();
        }
        return File.ReadAllBytes(_folder["a"]);
    }
}
