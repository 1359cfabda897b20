using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Reading images leaves next to nothing for the garbage collector.</summary>
[Collection(Alone.Name)]
public sealed class LoaderMemoryTests
{
    [Fact]
    public void Photos_are_decoded_cropped_and_batched_in_memory_that_is_used_again()
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < 16; i++)
            ImageWriter.Write(ImageFiles.Noise(400, 300, i), folder[$"{i}.jpg"]);
        using var source = ImageSources.Open(folder.Path);
        var loader = new BatchLoader(source, new() { BatchSize = 8, Augmentation = new() { Size = 96 }, Workers = 2 });
        var (batches, from) = (0, 0L);
        foreach (var batch in loader.Batches())
        {
            using (batch)
                batches++;
            if (batches == 10)
                from = GC.GetTotalAllocatedBytes(precise: true);
            if (batches == 40)
                break;
        }
        // A photo of 400×300 alone has 360 KB, its halves and crops as much again. What is left are filter tables and handles.
        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - from) / (30 * 8), 0, 60_000);
    }
}
