using Hita.Imaging;
using Hita.Server.Requests;

namespace Hita.Studio.Work;

/// <summary>Images inside the page itself: for those that are replaced a moment later.</summary>
internal static class DataAddress
{
    private static readonly ImageEncoding Encoding = new(OutputFormat.Webp, 92);

    /// <summary>A data address of an image.</summary>
    public static string Of(Image image) => $"data:{Encoding.ContentType};base64,{Convert.ToBase64String(Encoding.Encode(image))}";
}
