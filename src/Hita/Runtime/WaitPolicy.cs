using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>Lets the tensor library's threads sleep, not spin, while they wait for each other.</summary>
/// <remarks>
/// By default GNU OpenMP lets them spin, which is no faster where a processor is free for each (a step of preset B took 48 ms
/// spinning and 46 ms sleeping), and ruinous where something else computes too: a thread that waits takes the processor
/// from the one it waits for (457 ms against 46 ms at a load of 8 on two processors).
/// </remarks>
internal static partial class WaitPolicy
{
    private const string Variable = "OMP_WAIT_POLICY";

    /// <summary>Chooses sleeping, unless the user chose. Has an effect only before the library is loaded.</summary>
    public static void PreferSleeping()
    {
        // OpenMP reads the C library's environment, of which the runtime keeps a copy of its own.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(Variable) is null
            && Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null)
            _ = SetVariable(Variable, "passive", 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
