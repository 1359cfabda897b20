using Hita.Imaging;

namespace Hita.Data;

/// <summary>Images by number, as training and evaluation read them. Reading may happen on several threads at once.</summary>
public interface IImageSource : IDisposable
{
    /// <summary>What it is, for messages and records: the kind, the path, the count.</summary>
    string Description { get; }

    /// <summary>How many images there are.</summary>
    int Count { get; }

    /// <summary>The classes' names in the order of their numbers; empty for a source without classes.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>What a person should know before training on it, each one sentence: an empty class, files left out.</summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>
    /// The first image of each part that is read in one piece, ascending from 0; empty where any order of reading costs the
    /// same. A shuffled order stays within a few parts at a time.
    /// </summary>
    IReadOnlyList<int> PartStarts => [];

    /// <summary>How many of the parts a shuffled order mixes with each other; the source keeps them at hand.</summary>
    int PartsTogether => 1;

    /// <summary>The class of an image, known without decoding it; 0 in a source without classes.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    int ClassAt(int index);

    /// <summary>Where an image comes from, for messages: a path, a key, a row.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    string NameAt(int index);

    /// <summary>Reads and decodes an image.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="Runtime.HitaException">It cannot be read; the message names it.</exception>
    Image Read(int index);
}
