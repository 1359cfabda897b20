using Hita.Imaging;

namespace Hita.Server.Jobs;

/// <summary>One result of a job: an image, or a file of another kind.</summary>
public sealed record JobResult
{
    /// <summary>What it is, in short: <c>image</c>, <c>candidate</c>, <c>strip</c>, <c>codes</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The image; null for other files.</summary>
    public Image? Image { get; init; }

    /// <summary>What an image's PNG carries, so that it can be made again.</summary>
    public IReadOnlyDictionary<string, string> Text { get; init; } = new Dictionary<string, string>();

    /// <summary>The bytes of a file that is not a plain image; null for images.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The kind of <see cref="Data"/>.</summary>
    public string ContentType { get; init; } = "image/png";

    /// <summary>What else there is to say of it, for programs: its seed, class, scores.</summary>
    public IReadOnlyDictionary<string, object?> Facts { get; init; } = new Dictionary<string, object?>();

    /// <summary>The memory that it takes, in bytes.</summary>
    internal long Bytes => (Image is { } image ? image.Pixels.Length : 0) + (Data?.Length ?? 0);
}

/// <summary>An unfinished image.</summary>
/// <param name="Sequence">Its number among the previews of the job, from 1.</param>
/// <param name="Index">Which of the job's images it is of, from 0.</param>
/// <param name="Tokens">Tokens that were known.</param>
/// <param name="Image">What they decode to.</param>
public sealed record JobPreview(int Sequence, int Index, int Tokens, Image Image);
