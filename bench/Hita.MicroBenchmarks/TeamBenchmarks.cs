using BenchmarkDotNet.Attributes;
using Hita.Generation.Engine.Threads;

namespace Hita.MicroBenchmarks;

/// <summary>What sixty phases without work cost: the price of a token's meetings.</summary>
public sealed class TeamBenchmarks : ITeamTask, IDisposable
{
    private const int Phases = 60;

    private ThreadTeam _team = null!;

    [Params(1, 2)]
    public int Members { get; set; }

    [GlobalSetup]
    public void Prepare() => _team = new ThreadTeam(Members);

    [Benchmark]
    public void Meet() => _team.Run(this);

    [GlobalCleanup]
    public void Dispose() => _team.Dispose();

    void ITeamTask.Execute(int member)
    {
        for (var phase = 0; phase < Phases; phase++)
            _team.Meet(member);
    }
}
