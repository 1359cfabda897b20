using Hita.Imaging;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>Requests as clients send them.</summary>
internal static class Forms
{
    public static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    /// <summary>A form of texts and files.</summary>
    public static MultipartFormDataContent Of(params (string Name, object Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            if (value is byte[] file)
                form.Add(new ByteArrayContent(file), name, "a file.png");
            else if (value is Image image)
                form.Add(new ByteArrayContent(Png(image)), name, "a file.png");
            else
                form.Add(new StringContent((string)value), name);
        }
        return form;
    }

    public static byte[] Png(Image image) => ImageFiles.Encode(image, ImageFormat.Png);

    /// <summary>A mask of the lower half.</summary>
    public static Image LowerHalf(int width, int height) => ImageMask.LowerHalf(width, height).ToImage();
}
