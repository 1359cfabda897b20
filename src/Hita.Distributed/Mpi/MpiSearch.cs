using Hita.Distributed.Launching;

namespace Hita.Distributed.Mpi;

/// <summary>Where MPI libraries are looked for.</summary>
/// <param name="Candidates">Names or paths, the likeliest first.</param>
/// <param name="Absence">The sentence for when there is none.</param>
internal sealed record MpiSearch(IReadOnlyList<string> Candidates, string Absence)
{
    /// <summary>The environment variable that names the library.</summary>
    public const string Variable = "HITA_MPI";

    private static readonly string[] OpenMpi = OperatingSystem.IsMacOS() ? ["libmpi.40.dylib", "libmpi.dylib"] : ["libmpi.so.40", "libmpi.so"];
    private static readonly string[] Others = OperatingSystem.IsWindows() ? ["msmpi.dll"]
        : OperatingSystem.IsMacOS() ? ["libmpi_abi.0.dylib", "libmpi.12.dylib", "libmpich.12.dylib"]
        : ["libmpi_abi.so.0", "libmpi.so.12", "libmpich.so.12"];

    /// <summary>Where to look in a process that a launcher started.</summary>
    /// <param name="launched">What the launcher says; null for none.</param>
    public static MpiSearch For(LaunchEnvironment? launched)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return new([named], $"{Variable} names '{named}', which cannot be loaded as a library; name the file of an MPI library, such as /usr/lib/x86_64-linux-gnu/libmpi.so.40.");
        // Each launcher's own library first: another one would know nothing of the other ranks.
        string[] candidates = launched is null or { IsOpenMpi: true } ? [.. OpenMpi, .. Others] : [.. Others, .. OpenMpi];
        var started = launched is null ? "" : $"{launched.Launcher} started this process as one of {launched.Size} ranks, and ";
        return new(
            candidates,
            $"{started}no MPI library was found ({string.Join(", ", candidates)}): install one, on Debian and Ubuntu with 'apt-get install openmpi-bin', or name it with {Variable}.");
    }
}
