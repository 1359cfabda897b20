using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data;

/// <summary>How a contact sheet looks.</summary>
public sealed record ContactSheetOptions
{
    /// <summary>Images on the sheet, 1 to 10,000; as many as there are if those are fewer. 36 unless set.</summary>
    public int Count { get; init; } = 36;

    /// <summary>Side of an image on the sheet in pixels, 16 to 1024; 128 unless set.</summary>
    public int Size { get; init; } = 128;

    /// <summary>Images in a row, at least 1; about a square where null.</summary>
    public int? Columns { get; init; }

    /// <summary>Whether the class's name stands below each image; it does unless set otherwise.</summary>
    public bool Labels { get; init; } = true;

    /// <summary>Chooses other images; 0 unless set.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every setting.</summary>
    /// <returns>The settings themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public ContactSheetOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Count, 1, 10_000, "count");
        faults.Range(Size, 16, 1024, "size");
        faults.Range(Columns, 1, 10_000, "columns");
        return faults.Checked(this, "The contact sheet");
    }
}

/// <summary>Shows what is in a set: some of its images on one sheet, by class.</summary>
public static class ContactSheet
{
    private const int Gap = 4;

    /// <summary>Renders the sheet. Images that cannot be read are grey fields that say so.</summary>
    /// <param name="source">The set.</param>
    /// <param name="options">What the sheet shows; the defaults where null.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>The centre squares of images chosen at random, as evenly from the classes as their order in the lot allows.</returns>
    /// <exception cref="ConfigException">The settings have faults.</exception>
    /// <exception cref="HitaException">The sheet would be too large for memory.</exception>
    public static Image Render(IImageSource source, ContactSheetOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options = (options ?? new()).Validate();
        var chosen = Choose(source, options);
        var labelled = options.Labels && source.ClassNames.Count > 0;
        var tiles = new Image[chosen.Length];
        Parallel.For(0, tiles.Length, new ParallelOptions { CancellationToken = cancellation }, i => tiles[i] = Tile(source, chosen[i], options.Size, labelled));
        return ImageGrid.Compose(tiles, options.Columns, Gap);
    }

    /// <summary>As <see cref="Render"/>, on another thread.</summary>
    /// <inheritdoc cref="Render" path="/param"/>
    /// <inheritdoc cref="Render" path="/exception"/>
    public static Task<Image> RenderAsync(IImageSource source, ContactSheetOptions? options = null, CancellationToken cancellation = default) =>
        Background.Run(() => Render(source, options, cancellation), cancellation);

    // The lot decides within the classes; every class has its turn before one comes a second time, as long as it has images.
    private static int[] Choose(IImageSource source, ContactSheetOptions options)
    {
        var count = Math.Min(options.Count, source.Count);
        var lots = new EpochOrder(source.Count, source.PartStarts, source.PartsTogether, options.Seed, 0);
        if (source.ClassNames.Count == 0)
            return [.. Enumerable.Range(0, count).Select(lots.At)];
        var looked = Math.Min(source.Count, Math.Max(20L * count, 20L * source.ClassNames.Count));
        var turns = new int[source.ClassNames.Count];
        return
        [
            .. Enumerable.Range(0, (int)looked).Select(lots.At)
                .Select(i => (Index: i, Class: Math.Clamp(source.ClassAt(i), 0, turns.Length - 1)))
                .Select(p => (p.Index, p.Class, Turn: turns[p.Class]++))
                .OrderBy(static p => p.Turn).Take(count)
                .OrderBy(static p => p.Class).ThenBy(static p => p.Turn).Select(static p => p.Index),
        ];
    }

    private static Image Tile(IImageSource source, int index, int size, bool labelled)
    {
        var tile = new Image(size, size + (labelled ? ImageText.Height + Gap : 0));
        tile.Fill(255, 255, 255);
        try
        {
            var square = ImageFit.Square(source.Read(index), size);
            for (var y = 0; y < size; y++)
                square.Row(y).CopyTo(tile.Row(y));
        }
        catch (HitaException)
        {
            for (var y = 0; y < size; y++)
                tile.Row(y).Fill(200);
            ImageText.Write(tile, 3, size / 2, ImageText.Fit("unreadable", size - 6), 60);
        }
        if (labelled)
            ImageText.Write(tile, 1, size + (Gap / 2) + 1, ImageText.Fit(source.ClassNames[source.ClassAt(index)], size - 2), 60);
        return tile;
    }
}
