using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization;

/// <summary>
/// Codes as safetensors: <c>holistic</c> [images, M] and <c>patches</c> [images, height, width], with the codebook's size, the
/// model's hash and the names in the metadata.
/// </summary>
internal sealed class SafetensorsTokenFile : TokenFile
{
    private const string Format = "hita-tokens";
    private readonly SafetensorsFile _source;
    private readonly string?[] _names;

    private SafetensorsTokenFile(SafetensorsFile source)
        : base(source.Path)
    {
        _source = source;
        var metadata = source.Metadata;
        if (metadata.GetValueOrDefault("format") != Format)
            throw Wrong("is not a token file (its metadata lacks the format 'hita-tokens')");
        if (metadata.GetValueOrDefault("version") != "1")
            throw Wrong($"is a token file of version '{MessageText.Short(metadata.GetValueOrDefault("version", ""))}', and this program knows version 1; use a newer program");
        var holistic = Find("holistic", 2);
        var patches = Find("patches", 3);
        if (holistic.Shape[0] != patches.Shape[0] || patches.Shape[0] is < 1 or > int.MaxValue)
            throw Wrong($"holds the holistic codes of {holistic.Shape[0]} images and the patch codes of {patches.Shape[0]}");
        if (holistic.Shape.Concat(patches.Shape).Max() > int.MaxValue
            || !int.TryParse(metadata.GetValueOrDefault("codebook_size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            throw Wrong("does not say the size of the codebook (codebook_size) in its metadata, or has impossible sides");
        ContentHash? hash = null;
        if (metadata.TryGetValue("model_hash", out var text))
            hash = ContentHash.TryParse(text) ?? throw Wrong("holds a model hash that is not 32 hexadecimal digits");
        Layout = new CodeLayout((int)patches.Shape[1], (int)patches.Shape[2], (int)holistic.Shape[1], size, hash);
        if (Layout.Fault() is { } fault)
            throw Wrong($"cannot be used: {fault}");
        Count = (int)patches.Shape[0];
        _names = ReadNames(metadata.GetValueOrDefault("names"));
    }

    public override int Count { get; }

    public override CodeLayout Layout { get; }

    public static new SafetensorsTokenFile Open(string path)
    {
        var source = SafetensorsFile.Open(path);
        try
        {
            return new SafetensorsTokenFile(source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public override ImageCodes Read(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return new ImageCodes
        {
            Holistic = Take("holistic", Layout.HolisticCount, index),
            Patches = Take("patches", Layout.PatchCount, index),
            GridHeight = Layout.GridHeight,
            GridWidth = Layout.GridWidth,
            CodebookSize = Layout.CodebookSize,
            ModelHash = Layout.ModelHash,
            Name = _names.Length == 0 ? null : _names[index],
        };
    }

    public override void Dispose() => _source.Dispose();

    public static void Write(string path, CodeLayout layout, IReadOnlyList<ImageCodes> images)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = "1",
            ["codebook_size"] = layout.CodebookSize.ToString(CultureInfo.InvariantCulture),
        };
        if (layout.ModelHash is { } hash)
            metadata["model_hash"] = hash.ToString();
        if (images.Any(i => i.Name is not null))
            metadata["names"] = JsonSerializer.Serialize(images.Select(i => i.Name ?? ""));
        TensorEntry[] entries =
        [
            new("holistic", TensorType.Int32, [images.Count, layout.HolisticCount]),
            new("patches", TensorType.Int32, [images.Count, layout.GridHeight, layout.GridWidth]),
        ];
        using var writer = new SafetensorsWriter(path, entries, metadata);
        foreach (var image in images)
        {
            writer.Write("holistic", MemoryMarshal.AsBytes(image.Holistic.AsSpan()));
            writer.Write("patches", MemoryMarshal.AsBytes(image.Patches.AsSpan()));
        }
        writer.Complete();
    }

    private TensorEntry Find(string name, int rank)
    {
        if (!_source.Tensors.TryGetValue(name, out var entry))
            throw Wrong($"holds no '{name}' codes");
        return entry.Type.IsInteger() && entry.Shape.Count == rank
            ? entry
            : throw Wrong($"holds '{name}' as {entry.TypeName} {entry.ShapeText}, where integers of {rank} dimensions are needed");
    }

    private int[] Take(string name, int count, int index)
    {
        var type = _source.Tensors[name].Type;
        var bytes = new byte[count * type.Size()];
        _source.ReadPart(name, (long)index * bytes.Length, bytes);
        var codes = new int[count];
        var fits = TensorConversion.ToInts(type, bytes, codes);
        var wrong = Array.FindIndex(codes, c => c < 0 || c >= Layout.CodebookSize);
        if (!fits || wrong >= 0)
            throw Wrong($"holds a code in image {index} beyond its codebook of {Layout.CodebookSize}");
        return codes;
    }

    private string?[] ReadNames(string? json)
    {
        if (json is null)
            return [];
        string?[]? names;
        try
        {
            names = JsonSerializer.Deserialize<string?[]>(json);
        }
        catch (JsonException e)
        {
            throw new CheckpointException(Path, "the token file holds names that are not a list of texts.", e);
        }
        if (names?.Length != Count)
            throw Wrong($"holds {names?.Length ?? 0} names for {Count} images");
        for (var i = 0; i < names.Length; i++)
        {
            if (string.IsNullOrEmpty(names[i]))
                names[i] = null;
            else if (NameFault(names[i]!) is { } fault)
                throw Wrong($"gives image {i} a name that {fault}");
        }
        return names;
    }

    private CheckpointException Wrong(string how) => new(Path, $"the file {how}.");
}
