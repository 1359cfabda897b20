using System.Collections;
using System.Globalization;
using Hita.Distributed.Collectives;
using Hita.Runtime;

namespace Hita.Distributed.Launching;

/// <summary>What the launcher that started this process says of it in the environment.</summary>
/// <param name="Launcher">The launcher, for people.</param>
/// <param name="Rank">The number of this process, from 0.</param>
/// <param name="Size">How many processes there are.</param>
/// <param name="LocalRank">The number of this process among those of its machine.</param>
/// <param name="SizeVariable">The variable that says the size.</param>
public sealed record LaunchEnvironment(string Launcher, int Rank, int Size, int LocalRank, string SizeVariable)
{
    // In this order: what a launcher sets inside another one's job is nearer to the truth.
    private static readonly Names[] Known =
    [
        new("Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
        new("an MPI launcher (PMI)", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
        // Set in a job's script as well, which is no rank of anything; only a step has a number and tasks.
        new("Slurm's srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", Needed: "SLURM_STEP_ID"),
        new("RANK and WORLD_SIZE", "RANK", "WORLD_SIZE", "LOCAL_RANK"),
    ];

    /// <summary>Whether Open MPI's own launcher set it.</summary>
    internal bool IsOpenMpi => SizeVariable.StartsWith("OMPI_", StringComparison.Ordinal);

    /// <summary>What the environment of this process says.</summary>
    /// <returns>Null where no launcher started it.</returns>
    /// <exception cref="GroupException">A variable has no sense.</exception>
    public static LaunchEnvironment? Find() => Find(
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static e => (string)e.Key, static e => (string?)e.Value ?? ""));

    /// <summary>What an environment says.</summary>
    /// <param name="variables">The variables.</param>
    /// <returns>Null where no launcher made it.</returns>
    /// <exception cref="GroupException">A variable has no sense.</exception>
    public static LaunchEnvironment? Find(IReadOnlyDictionary<string, string> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        foreach (var names in Known)
        {
            if (!variables.ContainsKey(names.Rank) || !variables.ContainsKey(names.Size) || (names.Needed is { } needed && !variables.ContainsKey(needed)))
                continue;
            var (rank, size) = (Number(variables, names.Rank), Number(variables, names.Size));
            if (size < 1 || rank >= size)
                throw new GroupException($"The environment says {names.Rank}={rank} and {names.Size}={size}: ranks count from 0 to the size less one; start the ranks with mpirun or srun, which set both.");
            return new LaunchEnvironment(names.Launcher, rank, size, variables.ContainsKey(names.LocalRank) ? Number(variables, names.LocalRank) : 0, names.Size);
        }
        return null;
    }

    private static int Number(IReadOnlyDictionary<string, string> variables, string name) =>
        int.TryParse(variables[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new GroupException($"The environment says {name}='{MessageText.Short(variables[name])}', which is not a number of a rank; start the ranks with mpirun or srun, which set it.");

    private sealed record Names(string Launcher, string Rank, string Size, string LocalRank, string? Needed = null);
}
