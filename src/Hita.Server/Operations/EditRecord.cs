using Hita.Editing;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Notes in a result how it was edited, as the command line does.</summary>
internal static class EditRecord
{
    public static JobResult Result(
        string name, Image image, string edit, ServedModel model, bool generated, IReadOnlyList<InputImage> inputs, object settings, IReadOnlyDictionary<string, object?>? facts = null)
    {
        var pipeline = model.Pipeline;
        var record = new EditSettings(
            edit,
            pipeline.Tokenizer.ModelHash,
            generated ? pipeline.Generator.ModelHash : null,
            generated ? EnumWords.Of(pipeline.Generator.Precision) : null,
            [.. inputs.Select(static i => i.Record)],
            settings);
        return new JobResult
        {
            Name = name,
            Image = image,
            Text = new Dictionary<string, string> { [ImageSettings.EditKeyword] = record.ToText() },
            Facts = facts ?? new Dictionary<string, object?>(),
        };
    }
}
