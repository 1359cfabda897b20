using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Files of the format of PyTorch before 1.6 that are broken or meant to do harm: each is refused in one sentence, without filling memory.</summary>
public sealed class HostileLegacyTests : IDisposable
{
    private readonly HostileFile _file = new();

    [Theory]
    [InlineData("os", "system")]
    [InlineData("__builtin__", "eval")]
    [InlineData("torch.serialization", "load")]
    [InlineData("torchvision.models.vgg", "VGG")]
    public void A_name_outside_the_list_is_refused_by_name_in_every_pickle(string module, string name)
    {
        var evil = new PickleScript().Global(module, name).Op('(').Text("echo").Op('t').Op('R').End();
        foreach (var file in new[] { Honest() with { Version = evil }, Honest() with { Machine = evil }, Honest() with { Object = evil }, Honest() with { Names = evil } })
            Assert.Contains($"asks for {module}.{name},", Refusal(file), StringComparison.Ordinal);
        // A module saved whole, with its class and its source.
        var whole = new PickleScript().Op('(').Text("module").Global(module, name).Text("vgg.py").Text("class VGG: pass").Op('t').Op('Q').Op(')').Raw(0x81).Op('}').Op('b').End();
        Assert.Contains($"asks for {module}.{name},", Refusal(Honest() with { Object = whole }), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_beginning_of_a_file_is_refused()
    {
        var whole = Honest().ToBytes();
        Assert.Null(Outcome(whole));
        var mark = Honest().Mark.Length - 1;
        for (var length = 0; length < whole.Length; length++)
        {
            var message = Outcome(whole[..length]);
            Assert.True(message is not null, $"the first {length} bytes were read");
            if (length >= mark)
                Assert.Contains("cut short, so copy or download it again", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lengths_that_differ_or_cannot_be_are_refused()
    {
        var honest = Honest();
        foreach (var claimed in new[] { 0, 1, 3, -1, 1L << 40, long.MaxValue, long.MinValue })
            Assert.Contains("storage 'k' is to hold 2 elements and has", Refusal(honest with { Storages = LegacyFile.Storage(claimed, TorchLayoutTests.Numbers(2)) }), StringComparison.Ordinal);
        foreach (var claimed in new[] { 3, 1L << 40, long.MaxValue / 4, long.MaxValue })
        {
            var file = LegacyFile.Of(One("FloatStorage", claimed, claimed), ("k", 4, TorchLayoutTests.Numbers(2)));
            Assert.Contains("is to hold", Refusal(file), StringComparison.Ordinal);
            Assert.Contains("ends within the storage 'k'", Refusal(file with { Storages = LegacyFile.Storage(claimed, TorchLayoutTests.Numbers(2)) }), StringComparison.Ordinal);
        }
        Assert.Contains("negative", Refusal(honest with { Object = One("FloatStorage", -1, 0) }), StringComparison.Ordinal);
        // Elements of another size make the same bytes another number of them.
        Assert.Contains("ends within", Refusal(honest with { Object = One("DoubleStorage", 2, 2) }), StringComparison.Ordinal);
    }

    [Fact]
    public void Storages_that_are_not_listed_or_not_described_are_refused()
    {
        var honest = Honest();
        Assert.Contains("'w' lies in the storage 'k', which the file lacks", Refusal(honest with { Names = LegacyFile.NamesOf(), Storages = [] }), StringComparison.Ordinal);
        Assert.Contains("no tensor lies in, 'other'", Refusal(honest with { Names = LegacyFile.NamesOf("other") }), StringComparison.Ordinal);
        Assert.Contains("no tensor lies in", Refusal(honest with { Names = new PickleScript().Op(']').Integer(5).Op('a').End() }), StringComparison.Ordinal);
        Assert.Contains("list the storages", Refusal(honest with { Names = new PickleScript().Op('}').End() }), StringComparison.Ordinal);
        Assert.Contains("'k' twice", Refusal(honest with { Names = LegacyFile.NamesOf("k", "k"), Storages = [.. honest.Storages, .. honest.Storages] }), StringComparison.Ordinal);
        Assert.Contains("two different ways", Refusal(honest with
        {
            Object = TorchLayoutTests.Flat(static p => p.Text("w").OldTensor("FloatStorage", "k", 2, 0, [2], [1]).Text("n").OldTensor("IntStorage", "k", 2, 0, [2], [1])),
        }), StringComparison.Ordinal);
        Assert.Contains("two different ways", Refusal(honest with
        {
            Object = TorchLayoutTests.Flat(static p => p.Text("w").OldTensor("FloatStorage", "k", 2, 0, [2], [1]).Text("v").OldTensor("FloatStorage", "k", 1, 0, [1], [1])),
        }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 1)]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public void A_part_outside_its_storage_is_refused(long first, long count) =>
        Assert.Contains("does not lie in it", Refusal(Honest() with
        {
            Object = TorchLayoutTests.Flat(p => p.Text("w").OldTensor("FloatStorage", "k", 2, 0, [1], [1], view: (first, count))),
        }), StringComparison.Ordinal);

    [Fact]
    public void A_tensor_outside_its_part_is_refused_though_the_storage_holds_it()
    {
        Assert.Contains("beyond its storage", Refusal(Honest() with
        {
            Object = TorchLayoutTests.Flat(static p => p.Text("w").OldTensor("FloatStorage", "k", 2, 0, [2], [1], view: (0, 1))),
        }), StringComparison.Ordinal);
        Assert.Contains("was never given any elements", Refusal(Honest() with
        {
            Object = TorchLayoutTests.Flat(static p => p.Text("v").OldTensor("FloatStorage", "k", 2, 0, [2], [1]).Text("w").Global("torch", "FloatTensor").Op(')').Raw(0x81)),
        }), StringComparison.Ordinal);
        Assert.Contains("without saying where", Refusal(Honest() with
        {
            Object = TorchLayoutTests.Flat(static p => p.Text("w").Global("torch", "FloatTensor").Op(')').Raw(0x81).Integers(1, 2, 3, 4).Op('b')),
        }), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_machines_and_versions_are_refused_by_name()
    {
        Assert.Contains("big-endian machine", Refusal(Honest() with { Machine = LegacyFile.MachineOf(littleEndian: false) }), StringComparison.Ordinal);
        Assert.Contains("order of the bytes", Refusal(Honest() with { Machine = new PickleScript().Op('}').End() }), StringComparison.Ordinal);
        Assert.Contains("version 1002", Refusal(Honest() with { Version = new PickleScript().Integer(1002).End() }), StringComparison.Ordinal);
        Assert.Contains("does not say the version", Refusal(Honest() with { Version = new PickleScript().Text("1001").End() }), StringComparison.Ordinal);
        Assert.Contains("number that marks", Refusal(Honest() with { Mark = [.. Honest().Mark[..^1], (byte)'0', (byte)'N', (byte)'.'] }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_few_bytes_do_not_become_many()
    {
        // Texts, integers and frames that claim more than there is; many texts that are each longer than what is held at a time.
        foreach (var claim in new byte[][] { [(byte)'X', 0xFF, 0xFF, 0xFF, 0x7F], [0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [(byte)'B', 0xFF, 0xFF, 0xFF, 0xFF], [0x8B, 0xFF, 0xFF, 0xFF, 0x7F] })
            Refusal(Honest() with { Object = new PickleScript().Raw(claim).End() });
        Refusal(Honest() with { Object = new PickleScript().Repeat(5_000_000, (byte)']').End() });
        var longer = new PickleScript();
        for (var length = 70_000; length < 1_400_000; length += 70_000)
            longer.Raw((byte)'X').Raw(BitConverter.GetBytes(length)).Raw(new byte[length]).Op('0');
        Refusal(Honest() with { Object = longer.End() });
        // Tensors without elements, and parts of one storage, again and again.
        Refusal(Honest() with { Object = new PickleScript().Global("torch", "FloatTensor").Raw((byte)'q', 0).Repeat(200_000, (byte)'h', 0, (byte)')', 0x81, (byte)'0').End() });
        var part = new PickleScript().Op('(').Text("storage").Global("torch", "FloatStorage").Text("k").Text("cpu").Integer(2)
            .Op('(').Text("v").Integer(0).Integer(1).Op('t').Op('t').Raw((byte)'q', 0);
        Refusal(Honest() with { Object = part.Repeat(200_000, (byte)'h', 0, (byte)'Q', (byte)'0').End() });
        // A hundred thousand names of storages that nobody described.
        Refusal(Honest() with { Names = LegacyFile.NamesOf([.. Enumerable.Range(0, 100_000).Select(static i => $"{i}")]) });
        var script = new PickleScript().Op('}').Op('(');
        for (var i = 0; i < 500; i++)
            script.Text($"w{i}").OldTensor("FloatStorage", "k", 20_000, 0, [20_000], [1]);
        Assert.Contains("more than twice", Refusal(LegacyFile.Of(script.Op('u').End(), ("k", 4, TorchLayoutTests.Numbers(20_000)))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_description_of_hundreds_of_megabytes_is_not_read()
    {
        using var folder = new TemporaryFolder();
        using (var file = File.Create(folder["long.pth"]))
        {
            file.Write([.. Honest().Mark, .. Honest().Version, .. Honest().Machine, 0x80, 2, (byte)'X', 0, 0, 0, 0x10]);
            file.SetLength(300 << 20);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Assert.Throws<CheckpointException>(() => WeightFile.Open(folder["long.pth"]).Dispose());
        Assert.Contains("first 64 MiB", fault.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    public void Dispose() => _file.Dispose();

    private static LegacyFile Honest() => LegacyFile.Of(One("FloatStorage", 2, 2), ("k", 4, TorchLayoutTests.Numbers(2)));

    private static byte[] One(string storage, long count, long side) => TorchLayoutTests.Flat(p => p.Text("w").OldTensor(storage, "k", count, 0, [side], [1]));

    private string Refusal(LegacyFile file)
    {
        var message = Outcome(file.ToBytes());
        Assert.NotNull(message);
        return message;
    }

    private string? Outcome(byte[] file) => _file.Outcome(file, out _, out _);
}
