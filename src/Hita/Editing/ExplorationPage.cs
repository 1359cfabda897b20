using System.Globalization;
using System.Net;
using System.Text;
using Hita.Imaging;

namespace Hita.Editing;

/// <summary>Writes what was found about an image's codes as images and as one page that needs no other file.</summary>
public static class ExplorationPage
{
    /// <summary>The page's name in the folder.</summary>
    public const string FileName = "index.html";

    private const string Extension = ".png";
    private const string ImageName = "image";
    private const string ReconstructionName = "reconstruction";
    private const string OtherName = "other";
    private const string AllChangesName = "all-changes";
    private const string AllAttentionName = "all-attention";

    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #222; background: #fafafa; }
        h1 { font-size: 1.4rem; } figure { margin: 0; } img { display: block; width: 100%; image-rendering: auto; border-radius: 3px; }
        .top { display: flex; flex-wrap: wrap; gap: 1rem; } .top figure { width: 200px; }
        .codes { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1rem; margin-top: 1rem; }
        .code { background: #fff; border: 1px solid #ddd; border-radius: 6px; padding: .6rem; }
        .code div { display: grid; grid-template-columns: repeat(3, 1fr); gap: .3rem; } .code p { margin: 0 0 .4rem; }
        figcaption { font-size: .8rem; color: #555; }
        """;

    /// <summary>The files that <see cref="Write"/> writes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="codes">The numbers of the codes that are explored.</param>
    /// <param name="swaps">Whether they are swapped for another image's instead of dropped.</param>
    public static IEnumerable<string> FilesOf(string folder, IEnumerable<int> codes, bool swaps)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(codes);
        string[] all = [ImageName, ReconstructionName, AllChangesName, AllAttentionName, .. swaps ? [OtherName] : (string[])[]];
        return all.Concat(codes.SelectMany(c => (string[])[EffectName(c, swaps), ChangeName(c), AttentionName(c)]))
            .Select(n => Path.Combine(folder, n + Extension)).Prepend(Path.Combine(folder, FileName));
    }

    /// <summary>Writes the page and the images in it.</summary>
    /// <param name="exploration">What was found.</param>
    /// <param name="folder">The folder; it is created where it is missing.</param>
    /// <param name="title">A name for the image.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="Runtime.ImageException">A file cannot be written.</exception>
    public static string Write(CodeExploration exploration, string folder, string title)
    {
        ArgumentNullException.ThrowIfNull(exploration);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(title);
        Directory.CreateDirectory(folder);
        // One scale for all codes: a pale map is a weak code.
        var strongest = Math.Max(exploration.Effects.SelectMany(static e => e.Difference).DefaultIfEmpty().Max(), (byte)1);
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{Text(title)}</title>\n<style>\n{Style}\n</style>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>What the holistic codes of {Text(title)} do</h1>\n<p>{Explanation(exploration, strongest)}</p>\n<div class=\"top\">\n");
        AppendFigure(html, Save(exploration.Image, folder, ImageName), "the image");
        AppendFigure(html, Save(exploration.Reconstruction, folder, ReconstructionName), "what all its codes decode to");
        if (exploration.Other is { } other)
            AppendFigure(html, Save(other, folder, OtherName), "where the other codes come from");
        html.Append("</div>\n<div class=\"codes\">\n");
        var (changes, gazes) = (new List<Image>(), new List<Image>());
        var pages = new SortedDictionary<(double, int), string>();
        foreach (var effect in exploration.Effects)
        {
            // Roots, as most codes change little beside the strongest.
            var change = HeatMap.Render([.. effect.Difference.Select(static d => Math.Sqrt(d))], exploration.Image.Width, Math.Sqrt(strongest));
            var min = effect.Attention.Min();
            var gaze = HeatMap.Overlay(
                exploration.Image, [.. effect.Attention.Select(a => a - min)], exploration.GridWidth, Math.Max(effect.Attention.Max() - min, 1e-9));
            changes.Add(change);
            gazes.Add(gaze);
            pages[(-effect.MeanChange, effect.Index)] = Code(effect, folder, change, gaze);
        }
        html.AppendJoin("", pages.Values).Append("</div>\n</html>\n");
        if (changes.Count > 0)
        {
            Save(ImageGrid.Compose(changes), folder, AllChangesName);
            Save(ImageGrid.Compose(gazes), folder, AllAttentionName);
        }
        var path = Path.Combine(folder, FileName);
        ImageFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(html.ToString())));
        return path;
    }

    private static string Explanation(CodeExploration exploration, int strongest) => string.Create(
        CultureInfo.InvariantCulture,
        $"One holistic code at a time was {(exploration.Other is null ? "dropped" : "swapped for the other image's")} and the image decoded again. Each card shows that image, which pixels changed (brightest: {strongest} of 255 levels, the same scale for all codes, by square roots), and where the code's query looked while the image was encoded (from the patch it attends to least to the one it attends to most). The codes that change most come first.");

    private static string Code(CodeEffect effect, string folder, Image change, Image gaze)
    {
        var html = new StringBuilder();
        var swapped = effect.OtherCode is { } other ? $" → {other}" : "";
        html.Append(CultureInfo.InvariantCulture, $"<div class=\"code\"><p><b>{effect.Index}</b> (code {effect.Code}{swapped}): mean change {effect.MeanChange:0.00} of 255, visible on {100 * effect.Reach:0.0} % of the pixels</p><div>\n");
        AppendFigure(html, Save(effect.Changed, folder, EffectName(effect.Index, effect.OtherCode is not null)), effect.OtherCode is null ? "without it" : "swapped");
        AppendFigure(html, Save(change, folder, ChangeName(effect.Index)), "what changed");
        AppendFigure(html, Save(gaze, folder, AttentionName(effect.Index)), "where it looks");
        return html.Append("</div></div>\n").ToString();
    }

    private static string CodeName(int code) => string.Create(CultureInfo.InvariantCulture, $"code-{code:000}");

    private static string EffectName(int code, bool swaps) => $"{CodeName(code)}-{(swaps ? "swapped" : "dropped")}";

    private static string ChangeName(int code) => $"{CodeName(code)}-change";

    private static string AttentionName(int code) => $"{CodeName(code)}-attention";

    // The image's file for other uses, and a smaller copy inside the page.
    private static string Save(Image image, string folder, string name)
    {
        ImageWriter.Write(image, Path.Combine(folder, name + Extension));
        using var stream = new MemoryStream();
        ImageWriter.Write(image, stream, ImageFormat.Jpeg, new ImageWriteOptions { Quality = 90 });
        return $"data:image/jpeg;base64,{Convert.ToBase64String(stream.GetBuffer(), 0, (int)stream.Length)}";
    }

    private static void AppendFigure(StringBuilder html, string source, string caption) =>
        html.Append(CultureInfo.InvariantCulture, $"<figure><img src=\"{source}\" alt=\"{Text(caption)}\"><figcaption>{Text(caption)}</figcaption></figure>\n");

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
