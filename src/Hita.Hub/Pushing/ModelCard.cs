using System.Globalization;
using System.Text;
using System.Text.Json;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>A measured number on a card.</summary>
/// <param name="Name">Its name in files, for example <c>fid</c>.</param>
/// <param name="Title">Its name as people write it.</param>
/// <param name="Value">The number.</param>
/// <param name="Text">The number as people write it, with unit and spread.</param>
/// <param name="Data">What it was measured on.</param>
public sealed record CardMetric(string Name, string Title, double Value, string Text, string Data);

/// <summary>
/// A model's page on the hub, <c>README.md</c>: the facts that the hub reads (YAML between two lines of dashes) and the text that people do.
/// </summary>
public sealed record ModelCard
{
    /// <summary>The file's name.</summary>
    public const string FileName = "README.md";

    private const string Fence = "---";
    private const int ShownClasses = 12;

    /// <summary>The licence by the hub's short name, for example <c>mit</c> or <c>cc-by-4.0</c>; null where it is not said.</summary>
    public string? License { get; init; }

    /// <summary>Measured numbers.</summary>
    public IReadOnlyList<CardMetric> Metrics { get; init; } = [];

    /// <summary>Images in the repository that the card shows.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>The card of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="target">Where it goes.</param>
    /// <returns>The text: the folder's own one, with facts before it if it has none, else a new one.</returns>
    public string Write(PushFolder folder, HubReference target)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(target);
        if (folder.Files.FirstOrDefault(static f => f.Name == FileName)?.Path is { } own)
        {
            var text = File.ReadAllText(own);
            return HasFacts(text) ? text : $"{Facts(folder, target)}\n{text}";
        }
        return $"{Facts(folder, target)}\n{Body(folder, target)}";
    }

    /// <summary>Whether a text begins with facts for the hub.</summary>
    /// <param name="text">A card's text.</param>
    public static bool HasFacts(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.TrimStart('\uFEFF').ReplaceLineEndings("\n").StartsWith(Fence + "\n", StringComparison.Ordinal);
    }

    private string Facts(PushFolder folder, HubReference target)
    {
        var yaml = new StringBuilder($"{Fence}\n");
        if (License is not null)
            yaml.Append(CultureInfo.InvariantCulture, $"license: {Quoted(License)}\n");
        yaml.Append("library_name: hita\n");
        yaml.Append(CultureInfo.InvariantCulture, $"pipeline_tag: {Task(folder)}\n");
        yaml.Append("tags:\n");
        foreach (var tag in Tags(folder))
            yaml.Append(CultureInfo.InvariantCulture, $"- {tag}\n");
        if (Metrics.Count > 0)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"model-index:\n- name: {Quoted(NameOf(target))}\n  results:\n");
            foreach (var data in Metrics.GroupBy(static m => m.Data, StringComparer.Ordinal))
            {
                yaml.Append(CultureInfo.InvariantCulture, $"  - task:\n      type: {Task(folder)}\n    dataset:\n      name: {Quoted(data.Key)}\n      type: {Quoted(data.Key)}\n    metrics:\n");
                foreach (var metric in data.Where(static m => double.IsFinite(m.Value)))
                    yaml.Append(CultureInfo.InvariantCulture, $"    - name: {Quoted(metric.Title)}\n      type: {Quoted(metric.Name)}\n      value: {metric.Value:R}\n");
            }
        }
        return yaml.Append(Fence).Append('\n').ToString();
    }

    private string Body(PushFolder folder, HubReference target)
    {
        var text = new StringBuilder($"# {NameOf(target)}\n\n{Description(folder)}\n\n");
        foreach (var image in Images)
            text.Append(CultureInfo.InvariantCulture, $"![{Cell(Path.GetFileNameWithoutExtension(image))}]({Uri.EscapeDataString(image).Replace("%2F", "/", StringComparison.Ordinal)})\n\n");
        text.Append(Usage(folder, target));
        text.Append("## The model\n\n| | |\n| --- | --- |\n");
        foreach (var (name, value) in Rows(folder))
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {Cell(value)} |\n");
        if (Metrics.Count > 0)
        {
            text.Append("\n## Metrics\n\n| metric | value | measured on |\n| --- | --- | --- |\n");
            foreach (var metric in Metrics)
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(metric.Title)} | {Cell(metric.Text)} | {Cell(metric.Data)} |\n");
        }
        return text.ToString();
    }

    private static string Description(PushFolder folder) => (folder.Generator, folder.Tokenizer) switch
    {
        ({ } generator, { } tokenizer) => string.Create(
            CultureInfo.InvariantCulture,
            $"A holistic image tokenizer and an autoregressive generator of its codes ([Hita](https://arxiv.org/abs/2507.02358)): images of {generator.GridWidth * tokenizer.PatchSize}×{generator.GridHeight * tokenizer.PatchSize} pixels of {generator.ClassCount} classes, for Hita for .NET."),
        ({ } generator, null) => string.Create(
            CultureInfo.InvariantCulture, $"An autoregressive generator of image codes ([Hita](https://arxiv.org/abs/2507.02358)) of {generator.ClassCount} classes, for Hita for .NET; it needs the tokenizer whose codes it writes."),
        _ => string.Create(
            CultureInfo.InvariantCulture, $"An image tokenizer ([Hita](https://arxiv.org/abs/2507.02358)): an image of {folder.Tokenizer!.ImageSize} pixels becomes {folder.Tokenizer.HolisticTokenCount} holistic and {folder.Tokenizer.GridSide * folder.Tokenizer.GridSide} patch codes and back, for Hita for .NET."),
    };

    private static string Usage(PushFolder folder, HubReference target)
    {
        var name = HubReference.Scheme + target;
        var isPipeline = folder is { Generator: not null, Tokenizer: not null };
        var (command, use) = isPipeline
            ? ($"hita generate -m {name} --class {Example(folder)} --count 4 -o out", "using var pipeline = ImagePipeline.Load(folder);\nawait foreach (var image in pipeline.GenerateAsync(new GenerationRequest { Classes = [0], Sampling = pipeline.Generator.Sampling }))\n    ImageWriter.Write(image.Image, $\"{image.Index}.png\");")
            : folder.Generator is not null
                ? ($"hita generate -m {name} --tokenizer DIR -o out", "using var generator = ImageGenerator.Load(folder);")
                : ($"hita reconstruct photo.jpg -m {name} -o out", "using var tokenizer = ImageTokenizer.Load(folder);");
        var space = isPipeline ? "using Hita.Generation;\nusing Hita.Hub;\nusing Hita.Imaging;\nusing Hita.Models;" : folder.Generator is not null ? "using Hita.Generation;\nusing Hita.Hub;" : "using Hita.Hub;\nusing Hita.Tokenization;";
        return $"## How to use it\n\n```sh\n{command}\n```\n\n```csharp\n{space}\n\nusing var hub = new HubClient(HubSettings.FromEnvironment());\nvar folder = await new HubModels(hub).LocateAsync(\"{name}\");\n{use}\n```\n\n";
    }

    // A name that a shell takes as it is; the number says the same.
    private static string Example(PushFolder folder) =>
        folder.Classes is { HasNames: true } names && names[0] is var name && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-') ? $"\"{name}\"" : "0";

    private static IEnumerable<(string Name, string Value)> Rows(PushFolder folder)
    {
        yield return ("values", folder.ParameterCount.ToString("N0", CultureInfo.InvariantCulture));
        if (folder.Tokenizer is { } tokenizer)
        {
            yield return ("image", string.Create(CultureInfo.InvariantCulture, $"{tokenizer.ImageSize} pixels, patches of {tokenizer.PatchSize}"));
            yield return ("codes", string.Create(CultureInfo.InvariantCulture, $"{tokenizer.HolisticTokenCount} holistic and {tokenizer.GridSide * tokenizer.GridSide} patch codes of {tokenizer.CodebookSize}"));
            yield return ("encodes", folder.CanEncode ? "yes" : "no, its semantic encoder is not part of it");
        }
        if (folder.Generator is not { } generator)
            yield break;
        yield return ("generator", string.Create(CultureInfo.InvariantCulture, $"{generator.Layers} layers, {generator.Width} wide, {generator.Heads} heads"));
        var names = folder.Classes is { HasNames: true } classes ? Enumerable.Range(0, Math.Min(ShownClasses, classes.Count)).Select(n => classes[n]) : [];
        var shown = string.Join(", ", names);
        yield return ("classes", string.Create(CultureInfo.InvariantCulture, $"{generator.ClassCount}{(shown.Length > 0 ? ": " + shown : "")}{(generator.ClassCount > ShownClasses && shown.Length > 0 ? ", …" : "")}"));
    }

    private static string Task(PushFolder folder) => folder.Generator is not null ? "unconditional-image-generation" : "image-feature-extraction";

    private static IEnumerable<string> Tags(PushFolder folder)
    {
        yield return "hita";
        yield return "image-tokenizer";
        if (folder.Generator is not null)
            yield return "autoregressive";
        if (folder.Generator is not null)
            yield return "class-conditional-image-generation";
        yield return "arxiv:2507.02358";
    }

    private static string NameOf(HubReference target) => (target.Path.Length > 0 ? target.Path : target.Repository).Split('/')[^1];

    // Every text of JSON is one of YAML.
    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    // What comes from files is text, not markup.
    private static string Cell(string text) => PrintableText.Escape(text)
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("`", "\\`", StringComparison.Ordinal)
        .Replace("[", "\\[", StringComparison.Ordinal)
        .Replace("*", "\\*", StringComparison.Ordinal);
}
