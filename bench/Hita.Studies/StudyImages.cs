using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Materials;
using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Studies;

/// <summary>The true images that a study works on.</summary>
internal abstract class StudyImages : IDisposable
{
    private StudyImages(IImageSource? source) => Source = source;

    /// <summary>The set that they are from; null where they are made on the spot.</summary>
    public IImageSource? Source { get; }

    /// <summary>What they are, for the report.</summary>
    public abstract string Description { get; }

    /// <summary>Classes.</summary>
    public abstract int ClassCount { get; }

    /// <summary>How many there are; <see cref="int.MaxValue"/> where there is no end of them.</summary>
    public abstract int Count { get; }

    /// <summary>An image's class.</summary>
    public abstract int ClassAt(int index);

    /// <summary>An image.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <param name="size">Its side.</param>
    public abstract Image At(int index, int size);

    /// <summary>Closes what was opened.</summary>
    public void Dispose() => Source?.Dispose();

    /// <summary>Scenes of the built-in set.</summary>
    /// <param name="seed">Their seed.</param>
    public static StudyImages Scenes(ulong seed) => new SceneImages(seed);

    /// <summary>Images of a set, in an order that mixes its classes.</summary>
    /// <param name="path">The set, as every command takes it.</param>
    /// <param name="seed">The order.</param>
    /// <exception cref="HitaException">There are none, or they have no classes.</exception>
    public static StudyImages Of(string path, ulong seed)
    {
        var source = ImageSources.Open(path, new ImageSourceOptions { Decoding = ImageDecodeOptions.Photo }, CancellationToken.None);
        if (source.ClassNames.Count > 1)
            return new SetImages(source, seed);
        source.Dispose();
        throw new HitaException($"{path}: the images have no classes, which this study compares.");
    }

    private sealed class SceneImages(ulong seed) : StudyImages(null)
    {
        private readonly MaterialsSet _set = new(seed);

        public override string Description => $"scenes of the built-in set, seed {seed}";

        public override int ClassCount => MaterialsSet.ClassCount;

        public override int Count => int.MaxValue;

        public override int ClassAt(int index) => _set.ClassAt(index);

        public override Image At(int index, int size) => ScenePairs.Render(_set.Scene(index), size);
    }

    private sealed class SetImages(IImageSource source, ulong seed) : StudyImages(source)
    {
        private readonly int[] _order = SampleOrder.Shuffled(source.Count, seed);

        private IImageSource Set => Source!;

        public override string Description => Set.Description;

        public override int ClassCount => Set.ClassNames.Count;

        public override int Count => Set.Count;

        public override int ClassAt(int index) => Set.ClassAt(_order[index]);

        public override Image At(int index, int size) => ImageFit.Square(Set.Read(_order[index]), size);
    }
}
