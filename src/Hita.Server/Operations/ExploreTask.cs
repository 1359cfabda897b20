using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Finds out what each holistic code of an image does.</summary>
/// <param name="image">The image.</param>
/// <param name="other">An image whose codes are swapped in; null to drop codes.</param>
/// <param name="codes">The codes to explore; null for all.</param>
public sealed class ExploreTask(InputImage image, InputImage? other, IReadOnlyList<int>? codes) : EditTask
{
    /// <inheritdoc/>
    public override string Kind => "explore";

    /// <inheritdoc/>
    public override long InputBytes => image.Bytes + (other?.Bytes ?? 0);

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        NeedsEncoder.Check(model);
        var count = model.Pipeline.Tokenizer.Config.HolisticTokenCount;
        foreach (var code in codes ?? [])
        {
            if (code < 0 || code >= count)
                throw new Runtime.HitaException($"There is no holistic code {code}: this model's are numbered 0 to {count - 1}.");
        }
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var found = new CodeExplorer(model.Pipeline.Tokenizer).Explore(
            image.Image, other?.Image, codes, new DirectProgress<EditProgress>(p => context.Report(p.Done, p.Total)), context.Cancellation);
        // One scale for all codes: a pale map is a weak code.
        var strongest = Math.Max(found.Effects.SelectMany(static e => e.Difference).DefaultIfEmpty().Max(), (byte)1);
        var results = new List<JobResult>
        {
            new() { Name = "original", Image = found.Image },
            new() { Name = "reconstruction", Image = found.Reconstruction },
        };
        foreach (var effect in found.Effects)
        {
            var facts = new Dictionary<string, object?>
            {
                ["index"] = effect.Index,
                ["code"] = effect.Code,
                ["other_code"] = effect.OtherCode,
                ["mean_change"] = effect.MeanChange,
                ["reach"] = effect.Reach,
            };
            results.Add(new JobResult { Name = "changed", Image = effect.Changed, Facts = facts });
            // Roots, as most codes change little beside the strongest.
            results.Add(new JobResult
            {
                Name = "change",
                Image = HeatMap.Render([.. effect.Difference.Select(static d => Math.Sqrt(d))], found.Image.Width, Math.Sqrt(strongest)),
                Facts = facts,
            });
            results.Add(new JobResult { Name = "attention", Image = Attention(found, effect), Facts = facts });
        }
        return results;
    }

    private static Image Attention(CodeExploration found, CodeEffect effect)
    {
        var smallest = effect.Attention.Min();
        return HeatMap.Overlay(
            found.Image, [.. effect.Attention.Select(a => a - smallest)], found.GridWidth, Math.Max(effect.Attention.Max() - smallest, 1e-9));
    }
}
