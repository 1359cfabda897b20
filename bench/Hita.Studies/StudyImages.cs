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
    private readonly IImageSource? _source;

    private StudyImages(IImageSource? source) => _source = source;

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
    public void Dispose() => _source?.Dispose();

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

        private IImageSource Source => _source!;

        public override string Description => Source.Description;

        public override int ClassCount => Source.ClassNames.Count;

        public override int Count => Source.Count;

        public override int ClassAt(int index) => Source.ClassAt(_order[index]);

        public override Image At(int index, int size) => ImageFit.Square(Source.Read(_order[index]), size);
    }
}
