using Hita.Data;
using Hita.Data.Checking;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Sets as people have them: what is wrong is told, and reading goes on or stops.</summary>
public sealed class BadDataTests
{
    private static readonly BatchLoaderOptions Options = new() { BatchSize = 10, Augmentation = new() { Size = 16 }, Workers = 2 };

    [Fact]
    public void A_set_with_some_broken_files_is_read_to_its_end_and_checked()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 50, "ant", "bee");
        Directory.CreateDirectory(folder["void"]);
        // Five in a hundred are broken, each in its own way.
        File.WriteAllText(folder["ant/0001.png"], "<html>404</html>");
        File.WriteAllBytes(folder["ant/0002.png"], []);
        File.WriteAllBytes(folder["ant/0003.png"], File.ReadAllBytes(folder["ant/0003.png"])[..200]);
        File.WriteAllBytes(folder["bee/0004.png"], ImageFiles.Png(30_000, 20_000, 8, 2, new byte[100]));
        File.WriteAllText(folder["bee/notes.jpg"], "a text that is named like an image");
        ImageWriter.Write(ImageFiles.Noise(30_000, 4, 1), folder["bee/wide.png"]);

        using var source = ImageSources.Open(folder.Path);
        Assert.Equal(102, source.Count);
        var loader = new BatchLoader(source, Options with { MaxUnreadable = 0.2 });
        var batches = 0;
        foreach (var batch in loader.Batches().Take(20))
        {
            using (batch)
                batches++;
        }
        Assert.Equal(20, batches);
        Assert.Equal(200, loader.Statistics.ImagesRead);
        Assert.InRange(loader.Statistics.Unreadable, 5, 25);
        Assert.All(loader.Statistics.FirstUnreadable, f => Assert.StartsWith(folder.Path, f, StringComparison.Ordinal));

        var report = DataChecker.Check(source);
        Assert.Equal(5, report.Unreadable.Count);
        Assert.Contains(report.Unreadable, u => u.StartsWith(folder["bee/0004.png"], StringComparison.Ordinal) && u.Contains("30000×20000", StringComparison.Ordinal));
        Assert.Contains(report.Unreadable, u => u.StartsWith(folder["bee/notes.jpg"], StringComparison.Ordinal));
        Assert.Equal(0, report.Classes[2].Count);
        Assert.Contains("void", Assert.Single(report.Notes), StringComparison.Ordinal);
        Assert.Equal((folder["bee/wide.png"], 7500.0), (report.Sizes!.Longest, report.Sizes.LongestShape));
        Assert.Equal(52.0 / 50, report.Imbalance);
    }

    [Fact]
    public void A_set_with_too_many_broken_files_stops()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 40, "ant");
        for (var i = 0; i < 20; i++)
            File.WriteAllText(folder[$"ant/{i:0000}.png"], "broken");
        using var source = ImageSources.Open(folder.Path);
        var fault = Assert.Throws<DataException>(() =>
        {
            foreach (var batch in new BatchLoader(source, Options).Batches())
                batch.Dispose();
        });
        Assert.Contains("images cannot be read, more than the 10% allowed", Sets.Sentence(fault), StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicates_and_look_alikes_are_found()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        Directory.CreateDirectory(folder["b"]);
        using var materials = ImageSources.Open("materials:1:0..30", new() { MaterialsSize = 96 });
        for (var i = 0; i < 30; i++)
            ImageWriter.Write(materials.Read(i), folder[$"{(i % 2 == 0 ? "a" : "b")}/{i:00}.png"]);
        ImageWriter.Write(materials.Read(4), folder["b/copy.webp"], new() { Lossless = true });
        ImageWriter.Write(materials.Read(6).Resize(80, 80), folder["a/smaller.jpg"]);
        using var source = ImageSources.Open(folder.Path);
        var report = DataChecker.Check(source);
        Assert.Equal([folder["a/04.png"], folder["b/copy.webp"]], Assert.Single(report.Duplicates));
        Assert.Equal(1, report.ContradictingDuplicates);
        Assert.Equal([folder["a/06.png"], folder["a/smaller.jpg"]], Assert.Single(report.NearDuplicates));
        Assert.Equal(2, report.Sizes!.Sizes);
    }

    [Fact]
    public void A_check_can_be_stopped_and_tells_how_far_it_is()
    {
        using var source = new MadeUpSource(1000) { Milliseconds = static _ => 1 };
        using var cancel = new CancellationTokenSource();
        var most = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => DataChecker.Check(source, progress: new Told(n =>
        {
            most = Math.Max(most, n);
            if (n == 20)
                cancel.Cancel();
        }), cancellation: cancel.Token));
        Assert.InRange(most, 20, 500);
    }

    [Fact]
    public void A_contact_sheet_shows_every_class_and_what_cannot_be_read()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 9, "ant", "bee", "cat");
        File.WriteAllText(folder["cat/0000.png"], "text");
        using var source = ImageSources.Open(folder.Path);
        var sheet = ContactSheet.Render(source, new() { Count = 27, Size = 16, Columns = 9 });
        Assert.Equal(((9 * 16) + (8 * 4), (3 * 27) + (2 * 4)), (sheet.Width, sheet.Height));
        Assert.Equal(0.0, Grey(sheet, 0));
        Assert.Equal(0.0, Grey(sheet, 1));
        Assert.InRange(Grey(sheet, 2), 100, 256);
        using var nine = new MadeUpSource(9);
        var plain = ContactSheet.Render(nine, new() { Count = 40, Size = 16, Labels = false, Columns = 4 });
        Assert.Equal(((4 * 16) + (3 * 4), (3 * 16) + (2 * 4)), (plain.Width, plain.Height));
        Assert.Equal(3, Assert.Throws<ConfigException>(() => ContactSheet.Render(source, new() { Count = 0, Size = 2, Columns = 0 })).Faults.Count);

        static double Grey(Image sheet, int row) =>
            Enumerable.Range(row * 31, 16).Sum(y => Enumerable.Range(0, sheet.Width).Count(x => sheet[x, y] == (200, 200, 200)));
    }

    [Fact]
    public void Labels_are_legible_letters()
    {
        var image = new Image(40, 9);
        ImageText.Write(image, 0, 1, "iL", 255);
        string Row(int y) => string.Concat(Enumerable.Range(0, 11).Select(x => image[x, y].Red > 0 ? '#' : '.'));
        Assert.Equal(".###..#....", Row(1));
        Assert.Equal("..#...#....", Row(4));
        Assert.Equal(".###..#####", Row(7));
        Assert.Equal("GOLDEN..", ImageText.Fit("GOLDEN RETRIEVER", 47));
    }

    private sealed class Told(Action<int> act) : IProgress<int>
    {
        public void Report(int value) => act(value);
    }
}
