using Hita.Imaging;
using Hita.Models;
using Hita.Server.Jobs;
using Hita.Server.Requests;
using Hita.Studio.Sessions;

namespace Hita.Studio.Work;

/// <summary>Makes images for the gallery of results.</summary>
internal static class Results
{
    private static readonly ImageEncoding Png = new(OutputFormat.Png);

    /// <summary>An image, with its settings in its file.</summary>
    /// <param name="result">What came out.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="kind">How it was made.</param>
    /// <param name="model">By which model.</param>
    public static GalleryImage Of(JobResult result, string title, string kind, ServedModel model)
    {
        var image = result.Image ?? throw new InvalidOperationException($"The result '{result.Name}' is no image.");
        return new GalleryImage
        {
            Title = title,
            Kind = kind,
            Image = image,
            File = Png.Encode(image, result.Text),
            Settings = result.Text.TryGetValue(ImageSettings.Keyword, out var text) ? ImageSettings.Parse(text, title) : null,
            Model = model.Id,
        };
    }

    /// <summary>An animation.</summary>
    /// <param name="result">The file.</param>
    /// <param name="first">Its first frame.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="kind">How it was made.</param>
    /// <param name="model">By which model.</param>
    public static GalleryImage Animation(JobResult result, Image first, string title, string kind, ServedModel model) => new()
    {
        Title = title,
        Kind = kind,
        Image = first,
        File = result.Data!,
        ContentType = result.ContentType,
        Model = model.Id,
    };
}
