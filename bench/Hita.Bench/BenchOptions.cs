using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Bench;

/// <summary>What a benchmark measures.</summary>
public enum BenchPart
{
    /// <summary>How fast memory is read and matrices are multiplied.</summary>
    Machine,

    /// <summary>A token step of each generator.</summary>
    Steps,

    /// <summary>From an image to its codes.</summary>
    Encode,

    /// <summary>From codes to an image.</summary>
    Decode,

    /// <summary>Whole images, from a class to pixels.</summary>
    Images,

    /// <summary>From packed weights on the disk to the first token.</summary>
    Start,

    /// <summary>Whole images for several clients at a time, by one sampling loop.</summary>
    Serve,

    /// <summary>Sampling and decoding by the tensor library on a device, in float32 and bf16, without guidance.</summary>
    Device,
}

/// <summary>What to measure and for how long. Weights are filled from their names, so that no model has to be there.</summary>
public sealed record BenchOptions
{
    /// <summary>The parts. Default all but <see cref="BenchPart.Serve"/>, which takes many images, and <see cref="BenchPart.Device"/>, which is for GPUs.</summary>
    public IReadOnlyList<BenchPart> Parts { get; init; } = [.. Enum.GetValues<BenchPart>().Where(static p => p is not (BenchPart.Serve or BenchPart.Device))];

    /// <summary>Generators by preset; the first one generates the whole images. Default <c>hita-b</c>, <c>hita-l</c>, <c>hita-xl</c>.</summary>
    public IReadOnlyList<string> Generators { get; init; } = ["hita-b", "hita-l", "hita-xl"];

    /// <summary>The tokenizer by preset. Default <c>hita-v</c>.</summary>
    public string Tokenizer { get; init; } = "hita-v";

    /// <summary>Images of a token step. One image is guided, which takes two rows; several are not. Default 1, 8 and 32.</summary>
    public IReadOnlyList<int> StepBatches { get; init; } = [1, 8, 32];

    /// <summary>Guided images generated together in the part of the whole images. Default 1.</summary>
    public IReadOnlyList<int> ImageBatches { get; init; } = [1];

    /// <summary>Clients that are served at a time, each with a guided image. Default 1, 4, 16 and 32.</summary>
    public IReadOnlyList<int> Clients { get; init; } = [1, 4, 16, 32];

    /// <summary>The folder or name of the pipeline that serves; null takes the first generator and the tokenizer by preset. Default null.</summary>
    public string? Pipeline { get; init; }

    /// <summary>The device of <see cref="BenchPart.Device"/>, see <see cref="Compute.Device"/>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Tokens of an image that are sampled on the device; 0 for all. Default 0.</summary>
    public int Tokens { get; init; }

    /// <summary>How long to repeat each measurement, in seconds; large ones take one round at least. Default 10.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Threads; 0 for one a processor. Default 0.</summary>
    public int Threads { get; init; }

    /// <summary>Whether the framework's own loop and layout are measured beside. Default true.</summary>
    public bool Framework { get; init; } = true;

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public BenchOptions Validate()
    {
        var faults = new FaultCollector();
        foreach (var name in Generators.Where(static n => !GeneratorPresets.TryGet(n, out _)))
            faults.Add($"there is no generator preset '{name}'");
        faults.Require(TokenizerPresets.TryGet(Tokenizer, out _), $"there is no tokenizer preset '{Tokenizer}'");
        faults.Require(Parts.Count > 0, $"no part is given");
        faults.Require(
            Generators.Count > 0 || !Parts.Any(static p => p is BenchPart.Steps or BenchPart.Images or BenchPart.Start or BenchPart.Serve or BenchPart.Device), $"no generator is given");
        foreach (var batch in StepBatches.Concat(ImageBatches).Distinct())
            faults.Range(batch, 1, 1024, "a batch", "images");
        faults.Require(Clients.Count > 0 || !Parts.Contains(BenchPart.Serve), $"no number of clients is given");
        foreach (var count in Clients.Distinct())
            faults.Range(count, 1, 1024, "the number of clients");
        faults.Require(Seconds is > 0 and <= 3600, $"the time is {Seconds} seconds, more than 0 and up to 3600 are possible");
        faults.Require(Tokens >= 0, $"tokens is {Tokens}, 1 or more, or 0 for all, are possible");
        faults.Require(Compute.IsDeviceName(Device), $"there is no device '{Device}'");
        faults.Require(Threads is >= 0 and <= 1024, $"threads is {Threads}, 1 to 1024, or 0 for one a processor, are possible");
        return faults.Checked(this, "The benchmark's settings");
    }
}
