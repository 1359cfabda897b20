using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>The pictures of a run: those it learns from, and those held out.</summary>
internal sealed class TrainingData : IDisposable
{
    private TrainingData(IImageSource train, IImageSource? heldOut) => (Train, HeldOut) = (train, heldOut);

    /// <summary>What the run learns from.</summary>
    public IImageSource Train { get; }

    /// <summary>What is held out; null where nothing is.</summary>
    public IImageSource? HeldOut { get; }

    /// <summary>Opens both.</summary>
    /// <param name="data">What to learn from.</param>
    /// <param name="validation">What to hold out.</param>
    /// <param name="size">The side of the model's pictures, in which the built-in set is drawn.</param>
    /// <exception cref="HitaException">A source cannot be opened, or has too few pictures.</exception>
    public static TrainingData Open(DataSection data, ValidationSection validation, int size)
    {
        if (data.Source == DataSection.Materials)
        {
            var scenes = new MaterialsSource(size, data.MaterialsSeed, 0, data.MaterialsCount);
            // The scenes after those of the training: the list has no end.
            var after = validation.Count > 0 && validation.Source is null
                ? new MaterialsSource(size, data.MaterialsSeed, data.MaterialsCount, validation.Count)
                : null;
            return new TrainingData(scenes, after ?? OpenHeldOut(data, validation, size));
        }
        var whole = data.Open(size);
        try
        {
            if (validation.Count == 0 || validation.Source is not null)
                return new TrainingData(whole, OpenHeldOut(data, validation, size));
            if (validation.Count > whole.Count / 2)
                throw new HitaException($"validation.count is {validation.Count}, and {whole.Description} has {whole.Count} pictures; hold out half of them at most.");
            var (rest, held) = SubsetSource.Split(whole, validation.Count);
            return new TrainingData(rest, held);
        }
        catch
        {
            whole.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        HeldOut?.Dispose();
        Train.Dispose();
    }

    private static IImageSource? OpenHeldOut(DataSection data, ValidationSection validation, int size)
    {
        if (validation.Count == 0 || validation.Source is not { } path)
            return null;
        var source = (data with { Source = path }).Open(size);
        return validation.Count < source.Count ? SubsetSource.Split(source, validation.Count).HeldOut : source;
    }
}
