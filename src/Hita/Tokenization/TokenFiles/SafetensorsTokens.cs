using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>
/// Token files as safetensors: <c>patches</c> [n, H, W] and, where there are holistic codes, <c>holistic</c> [n, M], of int32, with
/// what the tensors do not say in the metadata.
/// </summary>
internal static class SafetensorsTokens
{
    private const string Format = "hita-tokens";
    private const int MaxNameBytes = 90_000_000;
    private const int NameCost = 40;
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads and checks a whole file.</summary>
    /// <exception cref="CheckpointException">Anything in it is not as the format says.</exception>
    public static TokenSet Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        CheckpointException Wrong(string fault) => new(path, fault + ".");
        if (file.Metadata.GetValueOrDefault("format") != Format || !file.Tensors.ContainsKey("patches"))
            throw Wrong($"this safetensors file holds no codes: it lacks the metadata 'format' with '{Format}' or the tensor 'patches'");
        if (file.Tensors.Keys.FirstOrDefault(static n => n is not ("patches" or "holistic")) is { } unknown)
            throw Wrong($"the token file has a tensor '{MessageText.Short(unknown)}' beside 'patches' and 'holistic'");
        var codebook = file.Metadata.GetValueOrDefault("codebook_size");
        if (!int.TryParse(codebook, NumberStyles.None, CultureInfo.InvariantCulture, out var codebookSize) || codebookSize is < 2 or > TokenSet.LargestCodebook)
            throw Wrong($"the metadata 'codebook_size' is {(codebook is null ? "missing" : $"'{MessageText.Short(codebook)}'")}, and a number from 2 to {TokenSet.LargestCodebook} must be there");
        var hash = file.Metadata.GetValueOrDefault("model_hash", "");
        if (!TokenSet.IsHash(hash))
            throw Wrong($"the metadata 'model_hash' is '{MessageText.Short(hash)}', and 32 hexadecimal digits or nothing must be there");

        var patches = Sides(file, "patches", 3);
        var holistic = file.Tensors.ContainsKey("holistic") ? Sides(file, "holistic", 2) : [patches[0], 0];
        if (holistic[0] != patches[0])
            throw Wrong($"'holistic' has the codes of {holistic[0]} images and 'patches' those of {patches[0]}");
        if (TokenImage.SizeFault(patches[1], patches[2], holistic[1]) is { } fault)
            throw Wrong($"the images are not possible: {fault}");
        var names = Names(file, patches[0]);
        var images = new SafetensorsImages(
            holistic[1] == 0 ? [] : Codes(file, "holistic", codebookSize), Codes(file, "patches", codebookSize), names,
            (int)patches[0], (int)holistic[1], (int)patches[1], (int)patches[2]);
        return TokenSet.OfChecked(codebookSize, images, hash);
    }

    /// <summary>Writes the file; it appears under its name complete, or not at all.</summary>
    /// <exception cref="CheckpointException">The images differ in shape, or the file cannot be written.</exception>
    public static void Write(TokenSet set, string path)
    {
        var first = set.Images[0].Codes;
        foreach (var (index, image) in set.Images.Index())
        {
            var codes = image.Codes;
            if (codes.GridHeight != first.GridHeight || codes.GridWidth != first.GridWidth || codes.Holistic.Count != first.Holistic.Count)
                throw new CheckpointException(path, $"a safetensors token file holds images of one shape, and {TokenSet.Describe(index, image.Name)} has {Shape(codes)} where the first has {Shape(first)}; write a .hita file instead.");
        }
        long count = set.Images.Count;
        var entries = new List<TensorEntry> { new("patches", TensorType.Int32, [count, first.GridHeight, first.GridWidth]) };
        if (first.Holistic.Count > 0)
            entries.Add(new("holistic", TensorType.Int32, [count, first.Holistic.Count]));
        if (entries.Any(static e => e.Count > Array.MaxLength / sizeof(int)))
            throw new CheckpointException(path, "these are more codes than a safetensors token file may have; split the images over several files.");

        using var writer = new SafetensorsWriter(path, entries, Metadata(set, path));
        if (first.Holistic.Count > 0)
            WriteCodes("holistic", static codes => codes.Holistic);
        WriteCodes("patches", static codes => codes.Patches);
        writer.Complete();

        void WriteCodes(string name, Func<ImageCodes, IReadOnlyList<int>> part)
        {
            foreach (var image in set.Images)
                writer.Write(name, MemoryMarshal.AsBytes(part(image.Codes).ToArray().AsSpan()));
        }
    }

    private static Dictionary<string, string> Metadata(TokenSet set, string path)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["codebook_size"] = set.CodebookSize.ToString(CultureInfo.InvariantCulture),
        };
        if (set.ModelHash.Length > 0)
            metadata["model_hash"] = set.ModelHash;
        if (set.Images.Any(static i => i.Name is not null))
        {
            var names = JsonSerializer.Serialize(set.Images.Select(static i => i.Name ?? ""), Relaxed);
            // Quotes and backslashes are escaped once more inside the header, whose size the format bounds.
            if (Encoding.UTF8.GetByteCount(names) + names.Count(static c => c is '"' or '\\') > MaxNameBytes)
                throw new CheckpointException(path, "the names of these images are too long for a safetensors token file; write a .hita file instead.");
            metadata["names"] = names;
        }
        return metadata;
    }

    private static IReadOnlyList<long> Sides(SafetensorsFile file, string name, int rank)
    {
        var entry = file.Tensors[name];
        if (entry.Type is not (TensorType.Int32 or TensorType.Int64))
            throw new CheckpointException(file.Path, $"'{name}' holds {entry.TypeName} values where int32 codes are needed.");
        if (entry.Shape.Count != rank || entry.Shape.Any(static s => s is < 1 or > int.MaxValue))
            throw new CheckpointException(file.Path, $"'{name}' has the shape {entry.ShapeText}, and {(rank == 3 ? "[n, H, W]" : "[n, M]")} without zeros is needed.");
        return entry.Shape;
    }

    private static int[] Codes(SafetensorsFile file, string name, int codebookSize)
    {
        var codes = file.ReadInts(name);
        var wrong = codes.AsSpan().IndexOfAnyExceptInRange(0, codebookSize - 1);
        return wrong < 0
            ? codes
            : throw new CheckpointException(file.Path, $"'{name}' has the code {codes[wrong]}, which is not in a codebook of {codebookSize} entries.");
    }

    private static string?[] Names(SafetensorsFile file, long count)
    {
        if (!file.Metadata.TryGetValue("names", out var text))
            return [];
        var names = new List<string?>();
        var budget = new AllocationBudget(file.Path, file.Tensors.Values.Sum(static t => t.ByteLength) + text.Length);
        var utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            var reader = new Utf8JsonReader(utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, utf8)), new JsonReaderOptions { MaxDepth = 2 });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
                throw Wrong("is not a list");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                    throw Wrong("has something other than texts");
                if (names.Count == count)
                    throw Wrong($"has more entries than there are images ({count})");
                budget.Charge(NameCost + (2L * reader.ValueSpan.Length));
                var name = reader.GetString();
                if (TokenImage.NameFault(name) is { } fault)
                    throw Wrong($"cannot name image {names.Count + 1}: {fault}");
                names.Add(name);
            }
            while (reader.Read())
            {
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong("is not a list of texts in JSON", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
        return names.Count == count ? [.. names] : throw Wrong($"has {names.Count} entries for {count} images");

        CheckpointException Wrong(string fault, Exception? inner = null) => new(file.Path, $"the metadata 'names' {fault}.", inner);
    }

    private static string Shape(ImageCodes codes) =>
        $"{codes.Holistic.Count} holistic codes and a grid of {codes.GridHeight} × {codes.GridWidth}";

    private sealed class SafetensorsImages(
        int[] holistic, int[] patches, string?[] names, int count, int holisticCount, int gridHeight, int gridWidth) : IReadOnlyList<TokenImage>
    {
        public int Count => count;

        public TokenImage this[int index]
        {
            get
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
                var size = gridHeight * gridWidth;
                var codes = new ImageCodes(
                    new ArraySegment<int>(holistic, index * holisticCount, holisticCount),
                    new ArraySegment<int>(patches, index * size, size), gridHeight, gridWidth);
                return new TokenImage(codes, names.Length == 0 ? null : names[index]);
            }
        }

        public IEnumerator<TokenImage> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
                yield return this[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
