using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints;

/// <summary>Damaged and hostile safetensors files and indexes: refused in one sentence, in no time, with little memory.</summary>
public sealed partial class HostileSafetensorsTests
{
    private const int Copies = 2000;

    // What any file may take: buffers, and the objects of a few thousand tensors.
    private const int Constant = 4 << 20;

    [Fact]
    public void Damaged_files_are_read_or_refused_in_one_sentence_in_no_time_and_with_little_memory()
    {
        using var folder = new TemporaryFolder();
        var file = Sound(folder);
        var (read, refused) = (0, 0);
        for (var seed = 0; seed < Copies; seed++)
        {
            var mutant = seed % 4 == 3 ? ChangeNumbers(file, seed) : Mutator.Mutate(file, seed);
            if (Try(folder["mutant.safetensors"], mutant, $"seed {seed}"))
                read++;
            else
                refused++;
        }
        // Damage to values alone cannot be told, damage to anything else must be.
        Assert.True(read > Copies / 50 && refused > Copies / 2, $"{read} were read and {refused} refused");
    }

    [Fact]
    public void Damaged_indexes_are_read_or_refused_the_same_way()
    {
        using var folder = new TemporaryFolder();
        var entries = Enumerable.Range(0, 6).Select(i => new TensorEntry($"layers.{i}.weight", TensorType.Float32, [4, 4])).ToList();
        using (var writer = new ModelFolderWriter(folder["model"], "{}", entries, largestPart: 128))
        {
            foreach (var entry in entries)
                writer.Write(entry.Name, new byte[64]);
            writer.Complete();
        }
        var path = Path.Combine(folder["model"], ModelFolder.IndexName);
        var index = File.ReadAllBytes(path);
        var refused = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            var mutant = Mutator.Mutate(index, seed);
            File.WriteAllBytes(path, mutant);
            if (!TryOpen(folder["model"], mutant.Length, $"seed {seed}"))
                refused++;
        }
        Assert.True(refused > 250, $"{refused} were refused");
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void An_index_may_not_name_files_outside_its_folder(string file)
    {
        using var folder = new TemporaryFolder();
        Sound(folder);
        Directory.CreateDirectory(folder["model"]);
        File.Copy(folder["sound.safetensors"], folder["outside.safetensors"]);
        File.WriteAllText(Path.Combine(folder["model"], ModelFolder.IndexName), "{\"weight_map\":{\"x\":\"" + file + "\"}}");
        Sentences.Check(Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["model"]).Dispose()));
    }

    [Fact]
    public void A_header_that_describes_more_than_its_bytes_can_hold_is_refused()
    {
        using var folder = new TemporaryFolder();
        // Tensors of nothing: 48 bytes of text each would become several hundred bytes of objects.
        var json = new StringBuilder("{");
        for (var i = 0; i < 60_000; i++)
            json.Append(i == 0 ? "" : ",").Append('"').Append(i).Append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        Assert.False(Try(folder["many"], WithHeader(json.Append('}').ToString()), "many"));
        Assert.False(Try(folder["deep"], WithHeader(new string('[', 100_000)), "deep"));
        Assert.False(Try(folder["deep"], WithHeader("{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 20_000))), "deeper"));
        Assert.False(Try(folder["packed"], WithHeader("""{"a":{"dtype":"F4","shape":[4611686018427387904],"data_offsets":[0,0]}}"""), "packed"));
        Assert.False(Try(folder["text"], WithHeader("{\"__metadata__\":{\"a\":\"\\ud800\"}}"), "text"));
    }

    private static bool Try(string path, byte[] content, string what)
    {
        File.WriteAllBytes(path, content);
        return TryOpen(path, content.Length, what);
    }

    private static bool TryOpen(string path, int length, string what)
    {
        var buffer = new byte[1 << 16];
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = true;
        try
        {
            using var source = WeightFile.Open(path);
            foreach (var entry in source.Tensors.Values.Where(e => e.Type != TensorType.Other && e.ByteLength <= buffer.Length))
                source.Read(entry.Name, buffer.AsSpan(0, (int)entry.ByteLength));
        }
        catch (CheckpointException e)
        {
            read = false;
            Sentences.Check(e);
        }
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before <= (2L * length) + Constant, $"{what} allocated too much");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"{what} took {watch.Elapsed}");
        return read;
    }

    private static byte[] Sound(TemporaryFolder folder)
    {
        TensorEntry[] entries =
        [
            new("encoder.conv_in.weight", TensorType.Float32, [8, 3, 3, 3]), new("encoder.conv_in.bias", TensorType.Float16, [8]),
            new("codebook_used", TensorType.Int64, [16]), new("scale", TensorType.BFloat16, []), new("mask", TensorType.Bool, [2, 5]),
        ];
        using (var writer = new SafetensorsWriter(folder["sound.safetensors"], entries, new Dictionary<string, string> { ["format"] = "pt" }))
        {
            foreach (var entry in entries)
                writer.Write(entry.Name, new byte[entry.ByteLength]);
            writer.Complete();
        }
        return File.ReadAllBytes(folder["sound.safetensors"]);
    }

    // Sides, offsets and the sizes of types, each replaced by another number that keeps the text valid JSON.
    private static byte[] ChangeNumbers(byte[] file, int seed)
    {
        var random = new Random(seed);
        var headerLength = BitConverter.ToInt32(file, 0);
        var header = Encoding.UTF8.GetString(file, 8, headerLength);
        string[] numbers = ["0", "1", "-1", "65536", "2147483648", "4611686018427387904", "9223372036854775807", "99999999999999999999", "1e400", "0.5"];
        var places = Number().Matches(header);
        var place = places[random.Next(places.Count)];
        header = string.Concat(header.AsSpan(0, place.Index), numbers[random.Next(numbers.Length)], header.AsSpan(place.Index + place.Length));
        return [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. file[(8 + headerLength)..]];
    }

    private static byte[] WithHeader(string json) => [.. BitConverter.GetBytes((long)json.Length), .. Encoding.UTF8.GetBytes(json)];

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
