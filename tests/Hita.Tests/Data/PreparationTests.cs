using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Data;

/// <summary>What is done with scans when they are read: the border goes, and the paper fills the square.</summary>
public sealed class PreparationTests
{
    [Fact]
    public void A_dark_border_is_cut_off_on_every_side_that_has_one()
    {
        var scan = Sheet(120, 180);
        Fill(scan, 0, 0, 7, 180, 20);
        Fill(scan, 112, 0, 8, 180, 10);
        Fill(scan, 0, 174, 120, 6, 25);
        // A light line outside the border, as scanners leave it.
        Fill(scan, 0, 0, 1, 180, 250);
        var box = BorderTrim.Inside(scan);
        Assert.Equal(new PixelBox(8, 0, 103, 173), box);
        var trimmed = BorderTrim.Apply(scan);
        Assert.Equal((103, 173), (trimmed.Width, trimmed.Height));
        Assert.All(trimmed.Pixels.ToArray(), static v => Assert.InRange(v, (byte)150, (byte)255));
    }

    [Fact]
    public void Images_without_a_border_and_dark_images_stay_as_they_are()
    {
        var sheet = Sheet(120, 180);
        Assert.Same(sheet, BorderTrim.Apply(sheet));
        var night = new Image(90, 60);
        night.Fill(15, 20, 30);
        Assert.Same(night, BorderTrim.Apply(night));
        // A dark thing in the middle, even a large one, is no border.
        Fill(sheet, 30, 30, 60, 120, 5);
        Assert.Same(sheet, BorderTrim.Apply(sheet));
        Assert.Equal(1, BorderTrim.Apply(new Image(1, 1)).Width);
    }

    [Theory]
    [InlineData(60, 100)]
    [InlineData(100, 60)]
    public void A_square_has_the_whole_image_and_margins_of_its_paper(int width, int height)
    {
        var sheet = Sheet(width, height);
        // Writing and a leaf at an edge must not colour the margin.
        Fill(sheet, 0, 0, width > height ? width / 4 : 2, width > height ? 2 : height / 4, 30);
        var square = PaperMargin.Square(sheet);
        Assert.Equal((100, 100), (square.Width, square.Height));
        var (x, y) = ((100 - width) / 2, (100 - height) / 2);
        Assert.True(square.Crop(x, y, width, height).Pixels.SequenceEqual(sheet.Pixels));
        for (var i = 0; i < 100; i++)
        {
            foreach (var (red, green, blue) in ((byte, byte, byte)[])(width > height ? [square[i, 0], square[i, 99]] : [square[0, i], square[99, i]]))
            {
                Assert.InRange(red, (byte)225, (byte)255);
                Assert.InRange(green, (byte)215, (byte)250);
                Assert.InRange(blue, (byte)180, (byte)225);
            }
        }
        Assert.Same(square, PaperMargin.Square(square));
    }

    [Fact]
    public void A_source_is_prepared_when_it_is_opened_so_and_shows_say_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        var scan = Sheet(60, 100);
        Fill(scan, 0, 0, 4, 100, 0);
        ImageWriter.Write(scan, folder["a/1.png"]);
        using var plain = ImageSources.Open(folder.Path);
        using var prepared = ImageSources.Open(folder.Path, new ImageSourceOptions { Preparation = new PreparationOptions(BorderCut.Dark, SquareMethod.Pad) });
        Assert.Equal((60, 100), (plain.Read(0).Width, plain.Read(0).Height));
        Assert.Equal((100, 100), (prepared.Read(0).Width, prepared.Read(0).Height));
        Assert.EndsWith(", trimmed, squared", prepared.Description, StringComparison.Ordinal);
        var (code, output, error) = Cli.CommandLine.Run("data", "show", folder.Path, "-o", folder["sheet.png"], "--trim", "dark", "--square", "pad", "--size", "32");
        Assert.True(code == 0, error);
        Assert.Contains("trimmed, squared", output, StringComparison.Ordinal);
        (code, _, error) = Cli.CommandLine.Run("data", "convert", folder.Path, "-o", folder["out"], "--trim", "dark", "--square", "pad", "--format", "class-folders");
        Assert.True(code == 0, error);
        using var converted = ImageSources.Open(folder["out"]);
        Assert.Equal((100, 100), (converted.Read(0).Width, converted.Read(0).Height));
    }

    [Theory]
    [InlineData(0, 8, 2)]
    [InlineData(0.5, 8, 4)]
    [InlineData(1, 8, 8)]
    public void Small_classes_come_more_often(double balance, int large, int small)
    {
        // Eight of class 0, two of class 1.
        int[] classes = [0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
        var items = ClassBalance.Repeat(classes.Length, i => classes[i], balance);
        Assert.Equal(large, items.Count(i => classes[i] == 0));
        Assert.Equal(small, items.Count(i => classes[i] == 1));
        Assert.Equal(Enumerable.Range(0, 10), items.Distinct());
        Assert.Equal(items.Order(), items);
        // As evenly as can be.
        Assert.InRange(items.GroupBy(static i => i).Where(g => classes[g.Key] == 1).Max(static g => g.Count()), small / 2, (small + 1) / 2);
    }

    [Fact]
    public void Training_is_balanced_and_what_is_held_out_is_not_and_is_not_in_it()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder.Path, 24, "many");
        Sets.WriteClasses(folder.Path, 6, "few");
        var section = new DataSection { Source = folder.Path, ClassBalance = 1 };
        using var data = TrainingData.Open(section, new ValidationSection { Count = 10 }, 16);
        Assert.Equal(10, data.HeldOut!.Count);
        var held = Enumerable.Range(0, 10).Select(data.HeldOut.NameAt).ToHashSet();
        var counts = Enumerable.Range(0, data.Train.Count).CountBy(data.Train.ClassAt).Select(static c => c.Value).ToList();
        Assert.Equal(counts[0], counts[1]);
        Assert.DoesNotContain(Enumerable.Range(0, data.Train.Count), i => held.Contains(data.Train.NameAt(i)));
        Assert.Equal(20, Enumerable.Range(0, data.Train.Count).Select(data.Train.NameAt).Distinct().Count());
    }

    [Fact]
    public void Parts_of_a_balanced_source_begin_with_their_first_image()
    {
        using var whole = new MadeUpSource(9) { PartStarts = [0, 4, 7], PartsTogether = 2 };
        using var balanced = new BalancedSource(new Weighted(whole), 1);
        Assert.Equal(2, balanced.PartsTogether);
        foreach (var (part, start) in ((int, int)[])[(0, 0), (1, 4), (2, 7)])
        {
            Assert.Equal(start, balanced.IndexInWhole(balanced.PartStarts[part]));
            Assert.True(balanced.PartStarts[part] == 0 || balanced.IndexInWhole(balanced.PartStarts[part] - 1) < start);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => new BalancedSource(whole, 1.5));
        var fault = Assert.Throws<ConfigException>(() => TokenizerRecipe.Parse(
            "model: {preset: tiny-llamagen}\ndata: {source: x, class_balance: 2, trim: dark, square: pad}\nschedule: {steps: 1}"));
        Assert.Contains("data.class_balance is 2, 0 to 1 are possible", fault.Message, StringComparison.Ordinal);
    }

    // Cream paper that grows darker to the right, as scans do.
    private static Image Sheet(int width, int height)
    {
        var sheet = new Image(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
                sheet[x, y] = ((byte)(250 - (10 * x / width)), (byte)(240 - (10 * x / width)), (byte)(215 - (15 * y / height)));
        }
        return sheet;
    }

    private static void Fill(Image image, int x, int y, int width, int height, byte value)
    {
        for (var row = y; row < y + height; row++)
        {
            for (var column = x; column < x + width; column++)
                image[column, row] = (value, value, value);
        }
    }

    // One image of class 1, the others of class 0.
    private sealed class Weighted(IImageSource whole) : IImageSource
    {
        public string Description => whole.Description;

        public int Count => whole.Count;

        public IReadOnlyList<string> ClassNames => whole.ClassNames;

        public IReadOnlyList<int> PartStarts => whole.PartStarts;

        public int PartsTogether => whole.PartsTogether;

        public int ClassAt(int index) => index == 5 ? 1 : 0;

        public string NameAt(int index) => whole.NameAt(index);

        public Image Read(int index) => whole.Read(index);

        public void Dispose()
        {
        }
    }
}
