using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Tests.Generation.Engine;

/// <summary>Sequences that share steps at positions of their own.</summary>
public sealed class SlotDecoderTests
{
    public static TheoryData<Precision> Precisions { get; } = [.. Enum.GetValues<Precision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Logits_have_the_same_bits_whatever_positions_the_other_rows_are_at_and_however_many_a_step_takes(Precision precision)
    {
        var config = FrameworkParityTests.Odd;
        const int Sequences = 19, Slots = 11, MostPositions = 5;
        var tokens = Enumerable.Range(0, Sequences).Select(row => Decoding.Tokens(config, row)).ToArray();
        var boundaries = Enumerable.Range(0, Sequences).Select(static i => i % 3 == 0 ? BoundaryMode.Published : BoundaryMode.Trained).ToArray();
        using var engine = Decoding.Engine(config, precision, threads: 2);
        var expected = tokens.Select((t, i) => Decoding.TeacherForced(engine, [t], boundaries[i])).ToArray();

        using var decoder = engine.BeginSlots(Slots, MostPositions * Slots);
        var random = new Random(5);
        var position = new int[Sequences];
        var slotOf = Enumerable.Repeat(-1, Sequences).ToArray();
        var free = new Stack<int>(Enumerable.Range(0, Slots));
        var next = 0;
        while (next < Sequences || slotOf.Any(static s => s >= 0))
        {
            while (next < Sequences && free.Count > 0 && random.Next(3) > 0)
                slotOf[next++] = free.Pop();
            // Not every sequence takes part in every step, and the order of rows is no matter.
            var members = Enumerable.Range(0, Sequences).Where(i => slotOf[i] >= 0 && random.Next(5) > 0).OrderBy(_ => random.Next()).ToArray();
            if (members.Length == 0)
                continue;
            var rows = members.SelectMany(i => Enumerable
                .Range(position[i], Math.Min(1 + (random.Next(3) * random.Next(3)), config.SequenceLength - position[i]))
                .Select(at => (Sequence: i, Row: new DecodingRow(slotOf[i], at, tokens[i][at], random.Next(4) > 0, boundaries[i])))).ToArray();
            var logits = new float[rows.Count(static r => r.Row.NeedsLogits) * config.CodebookSize];
            decoder.Advance([.. rows.Select(static r => r.Row)], logits);
            var place = 0;
            foreach (var (sequence, row) in rows)
            {
                if (row.NeedsLogits)
                    Decoding.AssertSame(expected[sequence][row.Position], logits.AsSpan(place++ * config.CodebookSize, config.CodebookSize));
                position[sequence] = row.Position + 1;
            }
            foreach (var i in members.Where(i => position[i] == config.SequenceLength))
            {
                free.Push(slotOf[i]);
                slotOf[i] = -1;
            }
        }
        Assert.All(position, p => Assert.Equal(config.SequenceLength, p));
    }

    [Fact]
    public void A_step_out_of_order_is_refused_and_changes_nothing()
    {
        var config = Decoding.Preset("tiny");
        using var engine = Decoding.Engine(config);
        using var decoder = engine.BeginSlots(2, 3);
        var one = new float[config.CodebookSize];
        var two = new float[2 * config.CodebookSize];
        decoder.Advance([new DecodingRow(0, 0, 3)], one);
        Assert.Throws<ArgumentException>(() => decoder.Advance([], []));
        Assert.Throws<ArgumentException>(() => decoder.Advance([.. Enumerable.Range(1, 4).Select(static i => new DecodingRow(0, i, 3, false))], []));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3), new DecodingRow(0, 3, 3)], two));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3, false), new DecodingRow(1, 0, 3), new DecodingRow(0, 2, 3)], two));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3, false), new DecodingRow(0, 2, 3)], two));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(2, 0, 3)], one));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3), new DecodingRow(0, 1, 3)], two));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 2, 3)], one));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(1, 1, 3)], one));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3)], two));
        Assert.Throws<ArgumentException>(() => decoder.Advance([new DecodingRow(0, 1, 3)], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Advance([new DecodingRow(0, 1, config.CodebookSize)], one));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Advance([new DecodingRow(1, 0, config.ClassCount + 1)], one));
        decoder.Advance([new DecodingRow(0, 1, 3), new DecodingRow(1, 0, 3)], two);
        decoder.Dispose();
        Assert.Throws<ObjectDisposedException>(() => decoder.Advance([new DecodingRow(0, 2, 3)], one));
    }
}
