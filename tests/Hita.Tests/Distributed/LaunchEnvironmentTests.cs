using Hita.Distributed.Collectives;
using Hita.Distributed.Launching;

namespace Hita.Tests.Distributed;

public sealed class LaunchEnvironmentTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_LOCAL_RANK=1", 3, 8, 1)]
    [InlineData("PMI_RANK=1 PMI_SIZE=2", 1, 2, 0)]
    [InlineData("SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=6 SLURM_LOCALID=2 SLURM_STEP_ID=0 SLURM_NTASKS=12", 5, 6, 2)]
    [InlineData("RANK=0 WORLD_SIZE=1 LOCAL_RANK=0", 0, 1, 0)]
    // A launcher inside another one's job.
    [InlineData("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_STEP_ID=3 OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4", 2, 4, 0)]
    public void What_launchers_say_is_understood(string text, int rank, int size, int local)
    {
        var found = LaunchEnvironment.Find(Variables(text));
        Assert.Equal((rank, size, local), (found!.Rank, found.Size, found.LocalRank));
    }

    [Theory]
    [InlineData("")]
    [InlineData("RANK=3")]
    [InlineData("PMIX_RANK=0")]
    // The script of a job is no rank.
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=7")]
    public void Without_a_launcher_there_are_no_ranks(string text) => Assert.Null(LaunchEnvironment.Find(Variables(text)));

    [Theory]
    [InlineData("RANK=4 WORLD_SIZE=4", "RANK=4 and WORLD_SIZE=4")]
    [InlineData("RANK=0 WORLD_SIZE=0", "WORLD_SIZE=0")]
    [InlineData("RANK=-1 WORLD_SIZE=2", "RANK='-1'")]
    [InlineData("PMI_RANK=first PMI_SIZE=2", "PMI_RANK='first'")]
    public void Nonsense_is_named(string text, string part)
    {
        var error = Assert.Throws<GroupException>(() => LaunchEnvironment.Find(Variables(text)));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Variables(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static v => v.Split('=')).ToDictionary(static v => v[0], static v => v[1], StringComparer.Ordinal);
}
