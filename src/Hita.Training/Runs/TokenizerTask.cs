using Hita.Data;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What a tokenizer's run does besides steps: reconstruct what is held out, measure and show it, export.</summary>
internal sealed class TokenizerTask(TokenizerTrainer trainer, TrainingData data, TokenizerRecipe recipe) : IRunTask
{
    private const int LargestBatch = 32;
    private const int SheetColumns = 8;

    public string Stage => TokenizerTraining.Stage;

    public string ConfigJson => Runtime.ConfigJson.Write(trainer.Config);

    public bool CanValidate => data.HeldOut is not null;

    public IReadOnlyList<KeyValuePair<string, double>> Validate(CancellationToken cancellation)
    {
        var holistic = new CodeUsage(trainer.Config.CodebookSize);
        var patches = new CodeUsage(trainer.Config.CodebookSize);
        double squares = 0, decibels = 0;
        long count = 0;
        using var average = trainer.UseAverage();
        foreach (var batch in Measured(data.HeldOut!).Epoch(0, cancellation))
        {
            using (batch)
            {
                var (images, reconstructions) = Reconstruct(batch, holistic, patches);
                for (var i = 0; i < images.Length; i++)
                {
                    squares += MeanSquare(images[i], reconstructions[i]);
                    // Equal images have no finite ratio; 8-bit samples cannot tell more than this.
                    decibels += Math.Min(ImageComparison.Psnr(images[i], reconstructions[i]), 100);
                }
                count += images.Length;
            }
        }
        var values = new List<KeyValuePair<string, double>>
        {
            new("validation_mse", squares / count),
            new("validation_psnr", decibels / count),
            new("validation_patch_usage", patches.Usage),
            new("validation_patch_perplexity", patches.Perplexity),
        };
        if (trainer.Config.Holistic is not null)
        {
            values.Add(new("validation_holistic_usage", holistic.Usage));
            values.Add(new("validation_holistic_perplexity", holistic.Perplexity));
        }
        return values;
    }

    public IReadOnlyList<KeyValuePair<string, Image>> Samples(CancellationToken cancellation)
    {
        var shown = new List<Image>();
        var decoded = new List<Image>();
        if (recipe.Samples.Count == 0)
            return [];
        using var average = trainer.UseAverage();
        foreach (var batch in Measured(data.HeldOut ?? data.Train).Epoch(0, cancellation))
        {
            using (batch)
            {
                var (images, reconstructions) = Reconstruct(batch, null, null);
                shown.AddRange(images);
                decoded.AddRange(reconstructions);
            }
            if (shown.Count >= recipe.Samples.Count)
                break;
        }
        // A row of images, and under it a row of what became of them.
        var rows = shown.Take(recipe.Samples.Count).Chunk(SheetColumns).Zip(decoded.Take(recipe.Samples.Count).Chunk(SheetColumns));
        var sheet = ImageGrid.Compose([.. rows.SelectMany(static r => Padded(r.First).Concat(Padded(r.Second)))], SheetColumns);
        return [new("reconstructions", sheet)];
    }

    public void Export(string folder) => trainer.Export(folder, precision: recipe.Export.Precision);

    private BatchLoader Measured(IImageSource source) => new(
        source,
        new BatchLoaderOptions
        {
            BatchSize = Math.Min(recipe.Schedule.BatchSize / recipe.Schedule.Accumulation, LargestBatch),
            Augmentation = new Augmentation { Size = recipe.Data.ImageSize ?? trainer.Config.ImageSize },
            MaxUnreadable = recipe.Data.MaxUnreadable,
            Workers = 1,
            Ahead = 2,
        }.ForMeasuring);

    private (Image[] Images, Image[] Reconstructions) Reconstruct(ImageBatch batch, CodeUsage? holistic, CodeUsage? patches)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var evaluation = trainer.Evaluate(batch.ToTensor(), average: false);
        holistic?.Add(evaluation.HolisticCodes);
        patches?.Add(evaluation.PatchCodes);
        return ([.. Enumerable.Range(0, batch.Count).Select(batch.ImageAt)], ImageTensors.ToImages(evaluation.Reconstruction));
    }

    // In the models' range from −1 to 1, as the losses are.
    private static double MeanSquare(Image a, Image b)
    {
        ReadOnlySpan<byte> first = a.Pixels, second = b.Pixels;
        long sum = 0;
        for (var i = 0; i < first.Length; i++)
            sum += (first[i] - second[i]) * (first[i] - second[i]);
        return sum / (127.5 * 127.5 * first.Length);
    }

    private static IEnumerable<Image> Padded(Image[] row)
    {
        foreach (var image in row)
            yield return image;
        for (var i = row.Length; i < SheetColumns; i++)
        {
            var blank = new Image(row[0].Width, row[0].Height);
            blank.Fill(255, 255, 255);
            yield return blank;
        }
    }
}
