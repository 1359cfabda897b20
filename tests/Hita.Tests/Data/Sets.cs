using Hita.Data;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Small sets of images for tests of what reads them.</summary>
internal static class Sets
{
    /// <summary>Writes class folders of small PNG files, each image different.</summary>
    public static void WriteClasses(string folder, int perClass, params ReadOnlySpan<string> classes)
    {
        for (var c = 0; c < classes.Length; c++)
        {
            Directory.CreateDirectory(Path.Combine(folder, classes[c]));
            for (var i = 0; i < perClass; i++)
                ImageWriter.Write(ImageFiles.Noise(20 + c, 16 + i, (100 * c) + i), Path.Combine(folder, classes[c], $"{i:0000}.png"));
        }
    }

    /// <summary>Asserts that a fault is one sentence behind the name of what is at fault, and returns the sentence.</summary>
    public static string Sentence(DataException fault)
    {
        Assert.StartsWith(fault.Path + ": ", fault.Message, StringComparison.Ordinal);
        var sentence = fault.Message[(fault.Path.Length + 2)..];
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", sentence, StringComparison.Ordinal);
        Assert.InRange(sentence.Length, 15, 800);
        return sentence;
    }
}

/// <summary>A source made of nothing: image n is grey, of brightness n; some cannot be read.</summary>
internal sealed class MadeUpSource(int count, params int[] broken) : IImageSource
{
    private int _reads;

    public string Description => "made up";

    public int Count => count;

    public IReadOnlyList<string> ClassNames => ["even", "odd"];

    public IReadOnlyList<int> PartStarts { get; init; } = [];

    public int PartsTogether { get; init; } = 1;

    /// <summary>What every reading waits for, to make threads overtake each other.</summary>
    public Func<int, int>? Milliseconds { get; init; }

    public int Reads => _reads;

    public bool IsDisposed { get; private set; }

    public int ClassAt(int index) => index % 2;

    public string NameAt(int index) => $"number {index}";

    public Image Read(int index)
    {
        Interlocked.Increment(ref _reads);
        if (Milliseconds is { } wait)
            Thread.Sleep(wait(index));
        if (broken.Contains(index))
            throw new ImageException(NameAt(index), "It is broken.");
        var image = new Image(8, 8);
        image.Fill((byte)index, (byte)index, (byte)index);
        return image;
    }

    public void Dispose() => IsDisposed = true;
}
