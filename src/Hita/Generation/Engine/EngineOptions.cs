using Hita.Generation.Engine.Kernels;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>How the CPU engine runs.</summary>
public sealed record EngineOptions
{
    /// <summary>How the weights are kept. Default float32.</summary>
    public Precision Precision { get; init; }

    /// <summary>Threads that compute a step together, 1 to 1024; 0 takes one a processor, at most 32. Results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>The instruction set. Default the best one.</summary>
    public EngineKernels Kernels { get; init; }

    /// <summary>
    /// The folder that keeps packed weights; models that are loaded from folders have one beside them. Null takes a folder of <see cref="Runtime.CacheFolder"/>.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>Whether packed weights are kept in a file at all. Default true.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public EngineOptions Validate()
    {
        var faults = new FaultCollector();
        faults.OneOf(Precision, "the precision");
        faults.Require(Threads is >= 0 and <= 1024, $"threads is {Threads}, 1 to 1024, or 0 for one a processor, are possible");
        faults.OneOf(Kernels, "the kernels", verb: "are");
        return faults.Checked(this, "The engine's settings");
    }
}
