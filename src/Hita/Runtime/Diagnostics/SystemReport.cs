using System.Text.Json.Serialization;

namespace Hita.Runtime.Diagnostics;

/// <summary>What this process computes with, and what is wrong with it. <see cref="SystemReporter"/> makes it.</summary>
public sealed record SystemReport
{
    /// <summary>The library's version, with the commit where it is known.</summary>
    public required string Version { get; init; }

    /// <summary>The .NET runtime, for example <c>.NET 10.0.12</c>.</summary>
    public required string DotNet { get; init; }

    /// <summary>The operating system's own description of itself.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The process's architecture, for example <c>X64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The processor.</summary>
    public required ProcessorReport Processor { get; init; }

    /// <summary>Memory that this process may use, in bytes; a container's limit counts.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory that is free now, in bytes; null where the system does not tell.</summary>
    public required long? FreeMemoryBytes { get; init; }

    /// <summary>The tensor library; null where it does not load (a finding says why).</summary>
    public required TorchReport? Torch { get; init; }

    /// <summary>The version of the native image library; null where it does not load (a finding says why).</summary>
    public required string? Skia { get; init; }

    /// <summary>The file of ResNet-18's weights; null where they were not looked for, or not found (a finding says how to get them).</summary>
    [JsonPropertyName("resnet18")]
    public string? ResNet18 { get; init; }

    /// <summary>What multiplies in large linear layers of encoders, for each type of values; null where it was not asked for.</summary>
    public IReadOnlyList<LinearReport>? LinearLayers { get; init; }

    /// <summary>What there is for several processes to work together; null where it was not looked for.</summary>
    public ClusterReport? Cluster { get; init; }

    /// <summary>The cache folder.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether files can be written to the cache folder.</summary>
    public required bool CacheFolderWritable { get; init; }

    /// <summary>What is missing or broken, and how to mend it; the broken things first.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Whether something that every command needs is broken.</summary>
    public bool Broken => Findings.Any(f => f.Severity == FindingSeverity.Broken);
}

/// <summary>The processor, as this process sees it.</summary>
public sealed record ProcessorReport
{
    /// <summary>The maker's name of it, or the architecture where the system does not tell.</summary>
    public required string Model { get; init; }

    /// <summary>Logical processors that this process may use.</summary>
    public required int Count { get; init; }

    /// <summary>The vector instructions that matter here and are present, for example <c>AVX2</c>.</summary>
    public required IReadOnlyList<string> VectorInstructions { get; init; }
}

/// <summary>The tensor library.</summary>
public sealed record TorchReport
{
    /// <summary>The version of the native library that is loaded; null where it does not tell.</summary>
    public required string? Version { get; init; }

    /// <summary>The native version that the managed package was built for.</summary>
    public required string ExpectedVersion { get; init; }

    /// <summary>The vector instructions that the native library's kernels use, for example <c>AVX512</c>; null if unknown.</summary>
    public required string? KernelInstructions { get; init; }

    /// <summary>Threads of one operation.</summary>
    public required int Threads { get; init; }

    /// <summary>Threads that run independent operations.</summary>
    public required int InteropThreads { get; init; }

    /// <summary>Devices that tensors can live on: <c>cpu</c>, <c>cuda:0</c> …</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>The native files in use, full paths.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The folder of a libtorch of the user's own; null for the one that came with the program.</summary>
    public required string? ForeignFolder { get; init; }

    /// <summary>What was done to load it, in order.</summary>
    public required IReadOnlyList<string> LoadSteps { get; init; }

    /// <summary>The devices on which a small computation gave the right result.</summary>
    public required IReadOnlyList<string> CheckedDevices { get; init; }
}

/// <summary>What multiplies in large linear layers of encoders, or of whatever is trained.</summary>
public sealed record LinearReport
{
    /// <summary>The type of values: <c>float32</c> or <c>bf16</c>.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Whether it is about training, where the same kernel computes the gradients; otherwise about encoders. Default false.</summary>
    public bool Training { get; init; }

    /// <summary><c>library</c>, <c>convolution</c> or <c>packed</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>Why: <c>pinned</c> by the environment, <c>remembered</c>, just <c>measured</c>, or by <c>rule</c> where nothing can be kept.</summary>
    public required string Origin { get; init; }

    /// <summary>Floating-point operations a second of each kernel by one thread when the choice was made, by its name; empty where it was not measured.</summary>
    public required IReadOnlyDictionary<string, double> Rates { get; init; }

    /// <summary>Where the choice is kept; null where it is not.</summary>
    public string? File { get; init; }
}

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Nothing computes, or results are wrong, until it is mended.</summary>
    Broken,

    /// <summary>Something could be better, or is absent without being needed.</summary>
    Note,
}

/// <summary>Something that is missing or broken.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="Message">What it is and how to mend it, in full sentences.</param>
public sealed record Finding(FindingSeverity Severity, string Message);
