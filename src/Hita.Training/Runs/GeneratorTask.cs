using Hita.Generation;
using Hita.Imaging;
using Hita.Tokenization;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What a generator's run does besides steps: measure its loss on what is held out, decode classes, export.</summary>
internal sealed class GeneratorTask(GeneratorTrainer trainer, CodeData data, ImageTokenizer tokenizer, GeneratorRecipe recipe) : IRunTask
{
    private readonly ClassNames? _names = data.ClassNames is { Count: > 0 } names && names.Count == trainer.Config.ClassCount ? ClassNames.FromLines(names) : null;

    public string Stage => GeneratorTraining.Stage;

    public string ConfigJson => Runtime.ConfigJson.Write(trainer.Config);

    public bool CanValidate => data.HasHeldOut;

    public IReadOnlyList<KeyValuePair<string, double>> Validate(CancellationToken cancellation)
    {
        double holistic = 0, patch = 0;
        var count = 0;
        using var average = trainer.UseAverage();
        foreach (var batch in data.HeldOut(cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            var loss = trainer.Evaluate(batch, average: false);
            holistic += loss.Holistic * batch.Classes.Length;
            patch += loss.Patch * batch.Classes.Length;
            count += batch.Classes.Length;
        }
        var values = new List<KeyValuePair<string, double>> { new("validation_loss", (holistic + patch) / count) };
        if (trainer.Config.HolisticTokenCount > 0)
        {
            values.Add(new("validation_holistic_loss", holistic / count));
            values.Add(new("validation_patch_loss", patch / count));
        }
        return values;
    }

    public IReadOnlyList<KeyValuePair<string, Image>> Samples(CancellationToken cancellation)
    {
        var count = recipe.Samples.Count;
        if (count == 0)
            return [];
        using var generator = trainer.ToGenerator();
        var request = new GenerationRequest
        {
            Classes = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * trainer.Config.ClassCount / count))],
            Seed = recipe.Samples.Seed,
            Sampling = recipe.Samples.ToSampling(),
            UnseenPatches = trainer.Config.UnseenPatchesOf(tokenizer.Config),
            BatchSize = count,
        };
        var codes = generator.Generate(request, cancellation: cancellation);
        return [new("samples", ImageGrid.Compose(tokenizer.Decode(codes, cancellation: cancellation)))];
    }

    public void Export(string folder)
    {
        using var average = trainer.UseAverage();
        WeightExport.Write(folder, ConfigJson, trainer.State["model"], recipe.Export.Precision, staging =>
        {
            _names?.Save(staging);
            // The settings of the run's sheets are those by which its progress was judged: what the model is used with unless told otherwise.
            GeneratorFolder.WriteSampling(staging, recipe.Samples.ToSampling());
        });
    }
}
