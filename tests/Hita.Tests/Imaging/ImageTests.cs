using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Tests.Imaging;

public sealed class ImageTests
{
    [Fact]
    public void Pixels_lie_row_by_row_with_red_first()
    {
        var image = new Image(2, 2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        Assert.Equal(((byte)10, (byte)11, (byte)12), image[1, 1]);
        image[0, 1] = (70, 80, 90);
        Assert.Equal([70, 80, 90, 10, 11, 12], image.Row(1).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => image[2, 0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => image[0, -1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = image.Row(2); });
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Image(2, 2, new byte[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(0, 2));
        Assert.Throws<HitaException>(() => new Image(100_000, 100_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(4, 4).Crop(1, 0, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(4, 4).Crop(0, 0, 0, 1));
    }

    [Fact]
    public void A_sheet_has_its_images_in_reading_order_with_white_between()
    {
        Image[] images = [.. Enumerable.Range(1, 5).Select(i => Flat(3, 2, (byte)i))];
        var sheet = ImageGrid.Compose(images, gap: 1);
        Assert.Equal((11, 5), (sheet.Width, sheet.Height));
        Assert.Equal([1, 1, 1, 255, 2, 2, 2, 255, 3, 3, 3], Reds(sheet, 1));
        Assert.Equal(Enumerable.Repeat(255, 11), Reds(sheet, 2));
        Assert.Equal([4, 4, 4, 255, 5, 5, 5, 255, 255, 255, 255], Reds(sheet, 3));
        var column = ImageGrid.Compose(images, columns: 1, gap: 0);
        Assert.Equal((3, 10), (column.Width, column.Height));
        Assert.Equal(3, ImageGrid.Compose([images[0]], columns: 7).Width);
    }

    [Fact]
    public void Two_images_lie_side_by_side()
    {
        var pair = ImageGrid.SideBySide(Flat(2, 1, 7), Flat(2, 1, 9));
        Assert.Equal([7, 7, 255, 255, 9, 9], Reds(pair, 0));
        Assert.Throws<ArgumentException>(() => ImageGrid.SideBySide(Flat(2, 1, 7), Flat(2, 2, 9)));
        Assert.Throws<ArgumentException>(() => ImageGrid.SideBySide());
    }

    [Fact]
    public void A_photo_fills_a_square_without_being_squeezed()
    {
        var photo = new Image(60, 20);
        photo.Fill(9, 9, 9);
        for (var y = 0; y < 20; y++)
            photo.Row(y).Slice(20 * 3, 20 * 3).Fill(200);
        var square = ImageFit.Square(photo, 10);
        Assert.Equal((10, 10), (square.Width, square.Height));
        Assert.All(square.Pixels.ToArray(), v => Assert.Equal(200, v));
        Assert.Equal(photo.Pixels, ImageFit.Cover(photo, 60, 20).Pixels);
    }

    [Fact]
    public void A_photo_shown_whole_has_bars_where_its_shape_differs()
    {
        var whole = ImageFit.Contain(Flat(40, 20, 50), 10, 10, bar: 0);
        Assert.Equal(Enumerable.Repeat(0, 10), Reds(whole, 1));
        Assert.Equal(Enumerable.Repeat(50, 10), Reds(whole, 2));
        Assert.Equal(Enumerable.Repeat(50, 10), Reds(whole, 6));
        Assert.Equal(Enumerable.Repeat(0, 10), Reds(whole, 7));
    }

    [Theory]
    [InlineData(4000, 3000, 384, 288)]
    [InlineData(3000, 4000, 288, 384)]
    [InlineData(50, 50, 336, 336)]
    [InlineData(10_000, 100, 672, 160)]
    public void Sides_become_multiples_near_the_wanted_area(int width, int height, int newWidth, int newHeight)
    {
        Assert.Equal((newWidth, newHeight), ImageFit.SizeFor(width, height, 16, 336));
        var small = ImageFit.ToMultiple(new Image(Math.Max(width / 50, 1), Math.Max(height / 50, 1)), 16, 336);
        Assert.Equal((newWidth, newHeight), (small.Width, small.Height));
    }

    private static Image Flat(int width, int height, byte value)
    {
        var image = new Image(width, height);
        image.Fill(value, value, value);
        return image;
    }

    private static IEnumerable<int> Reds(Image image, int y) =>
        Enumerable.Range(0, image.Width).Select(x => (int)image[x, y].Red);
}
