namespace Hita.Data.Sources;

/// <summary>Where the parts of a pickled <c>{'image': bytes, 'label': int}</c> lie.</summary>
/// <param name="Image">The image file; null where there is none.</param>
/// <param name="Label">The class; null where there is none.</param>
internal readonly record struct PickledSample(LmdbValue? Image, long? Label)
{
    /// <summary>What the pickle holds instead of what is missing, as a part of a sentence; null where nothing is.</summary>
    public string? Instead { get; init; }

    /// <summary>Further keys, which nothing is made of.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>
    /// Finds the parts without reading the image. Nothing is ever called; numbers of NumPy are read as the data they are.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="record">Where the pickle lies in it.</param>
    /// <returns>Null where it is no pickle.</returns>
    public static PickledSample? Find(LmdbFile file, LmdbValue record)
    {
        if (!PickleScanner.TryScan(file, record, out var value, out var fault))
            return fault is null ? null : new PickledSample(null, null) { Instead = fault };
        if (value is not Dictionary<string, object?> sample)
            return new PickledSample(null, null) { Instead = $"it is {PickledLabel.KindOf(value)} and no dictionary" };
        byte[] Bytes(LmdbValue place)
        {
            var bytes = new byte[place.Length];
            file.Read(place.Offset, bytes);
            return bytes;
        }
        var image = sample.GetValueOrDefault("image") as LmdbValue?;
        var label = PickledLabel.Number(sample.GetValueOrDefault("label"), Bytes);
        return new PickledSample(image, label)
        {
            Instead = image is null ? Missing(sample, "image") : label is null ? Missing(sample, "label") : null,
            Others = [.. sample.Keys.Where(static k => k is not ("image" or "label"))],
        };
    }

    private static string Missing(Dictionary<string, object?> sample, string key)
    {
        if (sample.TryGetValue(key, out var value))
            return $"its '{key}' is {(value is PickledObject { Name: "_codecs.encode" } ? "bytes in the form of pickle protocols 0 to 2, of which protocol 3 or later can be read" : PickledLabel.KindOf(value))}";
        return sample.Count == 0 ? "it is empty" : $"it has no '{key}' but {Hita.Runtime.MessageText.Few([.. sample.Keys.Select(static k => $"'{k}'")])}";
    }
}
