using System.Buffers.Binary;
using System.Text;
using Hita.Imaging;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

public sealed class EventFileTests
{
    [Fact]
    public void The_checksum_is_castagnolis() => Assert.Equal(0xE3069283u, MaskedChecksum.Crc32C("123456789"u8));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(33)]
    public void The_checksum_of_any_length_equals_that_by_bits(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        Assert.Equal(~crc, MaskedChecksum.Crc32C(bytes));
    }

    // The record with which other writers of the format begin their files, at a time of 1.0 seconds.
    [Fact]
    public void The_first_record_has_the_formats_known_bytes()
    {
        byte[] message = [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x1A, 0x0D, .. "brain.Event:2"u8];
        var record = EventFile.Frame(message);
        // 24 bytes follow: the length and its masked checksum are the same in every such file.
        Assert.Equal([0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22], record[..12]);
        Assert.Equal(message, record[12..^4]);
        Assert.Equal(MaskedChecksum.Of(message), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(record.Length - 4)));
    }

    [Fact]
    public void Scalars_and_images_are_read_back()
    {
        using var folder = new TemporaryFolder();
        var image = ImageFiles.Noise(5, 4, 1);
        using (var file = new EventFile(folder.Path, 7, TimeProvider.System))
        {
            file.Scalars(300, [new("loss", 0.5), new("code_usage", 1)]);
            file.Image(301, "sheet", image);
        }
        var records = Records(File.ReadAllBytes(Assert.Single(Directory.EnumerateFiles(folder.Path, "events.out.tfevents.*"))));
        Assert.Equal(4, records.Count);
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(records[0][3].Single()));
        // The session that begins at step 7 makes what older files say of later steps void.
        Assert.Equal(7ul, Number(records[1][2].Single()));
        Assert.Equal(1ul, Number(Fields(records[1][7].Single())[1].Single()));
        Assert.Equal(300ul, Number(records[2][2].Single()));
        var values = Fields(records[2][5].Single())[1].Select(Fields).ToList();
        Assert.Equal(["loss", "code_usage"], values.Select(v => Encoding.UTF8.GetString(v[1].Single())));
        Assert.Equal([0.5f, 1f], values.Select(v => BinaryPrimitives.ReadSingleLittleEndian(v[2].Single())));
        var message = Fields(Fields(Fields(records[3][5].Single())[1].Single())[4].Single());
        Assert.Equal((4ul, 5ul, 3ul), (Number(message[1].Single()), Number(message[2].Single()), Number(message[3].Single())));
        Assert.Equal(image.Pixels, ImageDecoder.Decode(message[4].Single(), "sheet").Pixels);
    }

    private static List<ILookup<int, byte[]>> Records(byte[] file)
    {
        var records = new List<ILookup<int, byte[]>>();
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(MaskedChecksum.Of(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            var message = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(MaskedChecksum.Of(message), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            records.Add(Fields(message));
            at += length + 16;
        }
        return records;
    }

    private static ILookup<int, byte[]> Fields(byte[] message)
    {
        var fields = new List<(int Number, byte[] Bytes)>();
        for (var at = 0; at < message.Length;)
        {
            var key = (int)Variable(message, ref at);
            var start = at;
            var length = (key & 7) switch
            {
                0 => Skip(message, at),
                1 => 8,
                5 => 4,
                _ => (int)Variable(message, ref start),
            };
            fields.Add((key >> 3, message[start..(start + length)]));
            at = start + length;
        }
        return fields.ToLookup(f => f.Number, f => f.Bytes);
    }

    private static int Skip(byte[] bytes, int at)
    {
        var end = at;
        Variable(bytes, ref end);
        return end - at;
    }

    private static ulong Number(byte[] bytes)
    {
        var at = 0;
        return Variable(bytes, ref at);
    }

    private static ulong Variable(byte[] bytes, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
    }
}
