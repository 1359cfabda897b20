using System.Text.Json;
using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Cli;

/// <summary>What a generated picture carries in its PNG text: all that is needed to make it again.</summary>
/// <param name="Generator">The generator's hash.</param>
/// <param name="Tokenizer">The tokenizer's hash.</param>
/// <param name="Class">The class.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Image">The image's number under the seed.</param>
/// <param name="Precision">The type of the generator's weights.</param>
/// <param name="Boundary">The boundary mode.</param>
/// <param name="Sampling">Temperature, filters and guidance.</param>
internal sealed record PictureSettings(
    string Generator, string Tokenizer, int Class, ulong Seed, long Image, string Precision, BoundaryMode Boundary, SamplingOptions Sampling)
{
    /// <summary>One line: the text has to pass through tools that break long ones.</summary>
    public static JsonSerializerOptions Json { get; } = new(ConfigJson.Options) { WriteIndented = false };
}
