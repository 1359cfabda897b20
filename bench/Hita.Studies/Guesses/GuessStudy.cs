using System.Globalization;
using System.Text;
using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Studies.Guesses;

/// <summary>
/// How many tokens a pass gives where some are guessed and all are checked, so that the codes are those of sampling step by step: by
/// what decides a token, how it is guessed, and how many positions a pass takes.
/// </summary>
internal sealed class GuessStudy(ImageGenerator generator, SamplingOptions sampling)
{
    private const int Rounds = 15;
    private const int PassesOfRound = 12;

    private static readonly int[] Windows = [2, 3, 4, 8, 16];

    private CpuTokenModel Engine => generator.Tokens as CpuTokenModel ?? throw new HitaException("This study needs the CPU engine.");

    /// <summary>Images that the draft network learns from.</summary>
    public int DraftImages { get; init; } = 1024;

    /// <summary>Steps of the draft network's training; 0 for none.</summary>
    public int DraftSteps { get; init; } = 1500;

    /// <summary>Measures.</summary>
    /// <param name="count">Images of each combination.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HitaException">The generator is not run by the CPU engine, or its guidance changes from token to token.</exception>
    public GuessReport Run(int count, Action<string> say, CancellationToken cancellation)
    {
        if (sampling.Guidance.Schedule != GuidanceSchedule.Constant)
            throw new HitaException("This study needs a constant guidance.");
        var times = PassTimes(cancellation);
        var config = generator.Config;
        using var draft = DraftSteps > 0 ? Draft(say, cancellation) : null;
        using var decoding = new GuessDecoding(Engine, sampling, Windows[^1], draft);
        var lines = new List<GuessLine>();
        foreach (var coupling in Enum.GetValues<Coupling>())
        {
            var samplers = Enumerable.Range(0, count).Select(i => new CoupledSampler(coupling, config.CodebookSize, 7, (ulong)i)).ToArray();
            var expected = samplers.Select((s, i) => decoding.Sample(i % config.ClassCount, s, GuessRule.Left, 1, out _)).ToArray();
            foreach (var rule in Enum.GetValues<GuessRule>())
            {
                if (rule == GuessRule.Network && draft is null)
                    continue;
                foreach (var window in Windows)
                {
                    var total = 0;
                    for (var i = 0; i < count; i++)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        var tokens = decoding.Sample(i % config.ClassCount, samplers[i], rule, window, out var passes);
                        total += passes;
                        if (!tokens.AsSpan().SequenceEqual(expected[i]))
                            throw new InvalidOperationException($"Guessing has changed image {i}.");
                    }
                    lines.Add(new GuessLine(coupling, rule, window, count * config.SequenceLength / (double)total));
                    say(lines[^1].ToString());
                }
            }
        }
        return new GuessReport(generator.ModelHash, sampling, generator.Precision, count, times, lines);
    }

    /// <summary>Measures how long passes take, by their positions; nothing else should compute meanwhile.</summary>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="HitaException">The generator is not run by the CPU engine.</exception>
    public IReadOnlyList<PassTime> PassTimes(CancellationToken cancellation)
    {
        using var decoding = new GuessDecoding(Engine, sampling, Windows[^1], null);
        var found = new SortedDictionary<int, List<double>>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var window in Windows.Prepend(1))
            {
                cancellation.ThrowIfCancellationRequested();
                // The quickest quarter of each turn: other programs only ever lengthen a pass.
                var seconds = decoding.Seconds(window, PassesOfRound);
                found.TryAdd(window, []);
                found[window].AddRange(seconds.AsSpan(0, PassesOfRound / 4));
            }
        }
        return [.. found.Select(static f => new PassTime(f.Key, f.Value.Order().ElementAt(f.Value.Count / 2) * 1e3))];
    }

    private DraftNetwork Draft(Action<string> say, CancellationToken cancellation)
    {
        var config = generator.Config;
        say($"Sampling {DraftImages} images for the draft network");
        var classes = Enumerable.Range(0, DraftImages).Select(i => i % config.ClassCount).ToArray();
        // Another seed than the images that are measured.
        var codes = generator.Generate(new GenerationRequest { Classes = classes, Seed = 99, Sampling = sampling, BatchSize = 16 }, cancellation: cancellation);
        TorchSharp.torch.manual_seed(3);
        var network = new DraftNetwork(config);
        network.Train([.. codes.Select((c, i) => (classes[i], (int[])[.. c.Holistic, .. c.Patches]))], DraftSteps, say, cancellation);
        return network;
    }
}

/// <param name="Coupling">What decides a token.</param>
/// <param name="Rule">How tokens are guessed.</param>
/// <param name="Positions">Positions of a pass, the certain one included.</param>
/// <param name="TokensPerPass">Tokens that a pass gives on average; 1 without guesses.</param>
internal sealed record GuessLine(Coupling Coupling, GuessRule Rule, int Positions, double TokensPerPass);

/// <param name="Positions">Positions of a pass.</param>
/// <param name="Milliseconds">How long it takes in the middle of an image.</param>
internal sealed record PassTime(int Positions, double Milliseconds);

/// <param name="Generator">The generator's hash.</param>
/// <param name="Sampling">The settings.</param>
/// <param name="Precision">The type of the weights.</param>
/// <param name="Images">Images of each combination.</param>
/// <param name="Times">How long passes take; the first one is of a single position.</param>
/// <param name="Lines">The results.</param>
internal sealed record GuessReport(
    string Generator, SamplingOptions Sampling, Precision Precision, int Images, IReadOnlyList<PassTime> Times, IReadOnlyList<GuessLine> Lines)
{
    /// <summary>Times slower than a pass of one position.</summary>
    public double Cost(int positions) => Times.First(t => t.Positions == positions).Milliseconds / Times[0].Milliseconds;

    public string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Tokens a pass, {Images} images, {EnumWords.Of(Precision)}, temperature {Sampling.Patches.Temperature}, guidance {Sampling.Guidance.Scale}; every image has the codes of sampling step by step.");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| decided by | guessed by | {string.Join(" | ", Times.Skip(1).Select(static t => $"{t.Positions} positions"))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- | --- |{string.Concat(Times.Skip(1).Select(static _ => " --: |"))}");
        text.AppendLine(Row("a pass takes", FormattableString.Invariant($"× {Times[0].Milliseconds:0.00} ms"), Times.Skip(1).Select(t => Cost(t.Positions))));
        foreach (var group in Lines.GroupBy(static l => (l.Coupling, l.Rule)))
            text.AppendLine(Row(EnumWords.Of(group.Key.Coupling), EnumWords.Of(group.Key.Rule), group.Select(static l => l.TokensPerPass)));
        text.AppendLine();
        var best = Lines.MaxBy(l => l.TokensPerPass / Cost(l.Positions))!;
        text.AppendLine(CultureInfo.InvariantCulture, $"The best is {best.TokensPerPass / Cost(best.Positions):0.00} times as fast as step by step: {EnumWords.Of(best.Coupling)}, {EnumWords.Of(best.Rule)}, {best.Positions} positions; what guessing itself takes is not counted.");
        return text.ToString();
    }

    private static string Row(string first, string second, IEnumerable<double> values) =>
        $"| {first} | {second} | {string.Join(" | ", values.Select(static v => v.ToString("0.00", CultureInfo.InvariantCulture)))} |";
}
