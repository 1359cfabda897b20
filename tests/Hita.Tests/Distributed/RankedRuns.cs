using System.Text.Json;
using Hita.Tests.Support;
using Hita.Tests.Training.Runs;
using Hita.Training.Ranks;
using Hita.Training.Recipes;

namespace Hita.Tests.Distributed;

/// <summary>Tiny runs of the program over ranks.</summary>
internal sealed class RankedRuns : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Writes data and recipes of both stages.</summary>
    /// <param name="steps">Steps of a run.</param>
    /// <param name="every">Steps between checkpoints.</param>
    public RankedRuns(long steps, long every)
    {
        TinyRuns.WriteImages(_folder["data"]);
        var checkpoints = new CheckpointSection { Every = every };
        var validation = new ValidationSection { Count = 2, Every = 0 };
        // Four parts, which one, two and four ranks can share out.
        var schedule = new ScheduleSection { Steps = steps, BatchSize = 8, Accumulation = 4 };
        var distributed = new DistributedOptions { CompareEvery = 2 };
        var tokenizer = TinyRuns.Tokenizer(_folder["data"], steps) with { Checkpoints = checkpoints, Validation = validation, Schedule = schedule, Distributed = distributed };
        var generator = TinyRuns.Generator(_folder["data"], _folder["tokenizer"], steps) with { Checkpoints = checkpoints, Validation = validation, Schedule = schedule, Distributed = distributed };
        File.WriteAllText(_folder["tokenizer.yaml"], tokenizer.Write());
        File.WriteAllText(_folder["generator.yaml"], generator.Write());
    }

    /// <summary>A path in the folder of everything.</summary>
    public string this[string name] => _folder[name];

    /// <summary>The arguments of a training.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="more">More arguments.</param>
    public string[] Arguments(string stage, string run, params string[] more) =>
        ["train", stage, _folder[$"{stage}.yaml"], "-o", _folder[run], "--threads", "1", .. more];

    /// <summary>Trains to the end.</summary>
    /// <param name="ranks">How many; 0 for no launcher.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="more">More arguments.</param>
    /// <returns>What was printed.</returns>
    public string Train(int ranks, string stage, string run, params string[] more)
    {
        var (code, output, error) = Ranks.Run(ranks, Arguments(stage, run, more));
        Assert.True(code == 0, $"{ranks} ranks ended with {code}: {output}{error}");
        return output + error;
    }

    /// <summary>The values of a run's steps by name, from a step on.</summary>
    public double[] Values(string run, string name, int from = 1) =>
        [.. File.ReadLines(Path.Combine(_folder[run], "metrics.jsonl")).Skip(from - 1).Select(l => JsonDocument.Parse(l).RootElement.GetProperty(name).GetDouble())];

    public void Dispose() => _folder.Dispose();
}
