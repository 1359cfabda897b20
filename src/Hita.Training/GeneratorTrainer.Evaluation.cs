using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>The loss of codes that a generator does not learn from.</summary>
/// <param name="Holistic">Mean cross-entropy of the holistic codes, in nats; 0 in the vanilla family.</param>
/// <param name="Patch">Mean cross-entropy of the patch codes, in nats.</param>
public sealed record GeneratorEvaluation(double Holistic, double Patch)
{
    /// <summary>What training minimises: the sum.</summary>
    public double Loss => Holistic + Patch;
}

/// <content>Where a trainer comes from, and what it is good for between steps.</content>
public sealed partial class GeneratorTrainer
{
    /// <summary>A trainer that starts from fresh weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="options">How to train.</param>
    /// <param name="seed">The fresh weights and all that is random in training are a function of it.</param>
    /// <param name="device">Where to train, see <see cref="Compute.Device"/>.</param>
    /// <exception cref="HitaException">An option is wrong, or there is no such device.</exception>
    public static GeneratorTrainer Create(GeneratorConfig config, GeneratorTrainingOptions options, ulong seed, string device = "cpu") =>
        Build(config, options, seed, device, model => GeneratorInitializer.Initialize(model, seed));

    /// <summary>A trainer that starts from the weights of a model folder: fine-tuning.</summary>
    /// <param name="folder">A generator's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How to train.</param>
    /// <param name="seed">All that is random is a function of it.</param>
    /// <param name="device">Where to train, see <see cref="Compute.Device"/>.</param>
    /// <param name="classCount">
    /// The number of classes to train; null keeps the folder's. Another number starts a class table anew, N(0, 0.02), of which only
    /// the row for "no class" is taken over.
    /// </param>
    /// <exception cref="HitaException">The folder holds no generator, an option is wrong, or there is no such device.</exception>
    public static GeneratorTrainer Load(string folder, GeneratorTrainingOptions options, ulong seed, string device = "cpu", int? classCount = null)
    {
        var found = GeneratorFolder.Find(folder);
        var stored = GeneratorFolder.ReadConfig(found);
        var config = stored with { ClassCount = classCount ?? stored.ClassCount };
        return Build(config, options, seed, device, model =>
        {
            GeneratorInitializer.Initialize(model, seed);
            using var source = ModelFolder.OpenWeights(found);
            var loading = GeneratorNames.ForLoading(stored, source.Tensors);
            if (config.ClassCount == stored.ClassCount)
            {
                StrictLoader.Load(source, model.Parameters(), loading);
                return;
            }
            ShapeFit.Check(source, GeneratorShapes.Of(stored), loading);
            StrictLoader.Load(source, model.Parameters(), new LoadOptions
            {
                NameMap = static name => name == GeneratorNames.ClassTable ? null : name,
                AllowedMissing = static name => name == GeneratorNames.ClassTable,
            });
            TakeOverNoClass(source, model.Parameters()[GeneratorNames.ClassTable], stored.ClassCount);
        });
    }

    /// <summary>The loss of codes, in evaluation mode and without dropping classes.</summary>
    /// <param name="batch">The codes.</param>
    /// <param name="average">Whether with the average of the weights, as a finished model would, or with the latest ones.</param>
    /// <exception cref="HitaException">The batch does not fit the generator.</exception>
    public GeneratorEvaluation Evaluate(GeneratorBatch batch, bool average = true)
    {
        GeneratorBatchChecks.Check(batch, Config);
        using var swapped = average ? UseAverage() : null;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _model.eval();
        var losses = Run(batch, batch.Classes);
        return new GeneratorEvaluation(losses.Holistic?.ToDouble() ?? 0, losses.Patch.ToDouble());
    }

    /// <summary>A generator with a copy of the weights, to sample samples with; the tensor library runs it, where the stage trains.</summary>
    /// <param name="average">Whether with the average of the weights or with the latest ones.</param>
    public ImageGenerator ToGenerator(bool average = true)
    {
        using var swapped = average ? UseAverage() : null;
        var copy = new GeneratorModel(Config, _model.Placement);
        using (no_grad())
        {
            foreach (var (name, target) in copy.Parameters())
                target.copy_(State["model"][name]);
        }
        return new ImageGenerator(new TorchTokenModel(copy), WeightFingerprint.Of(copy.Parameters()), ClassNames.Default(Config.ClassCount));
    }

    /// <summary>Writes a model folder that <see cref="ImageGenerator.Load"/> reads.</summary>
    /// <param name="folder">The folder; it must not exist, or hold a model that is replaced.</param>
    /// <param name="classes">The classes' names; null for numbers.</param>
    /// <param name="average">Whether to write the average of the weights or the latest ones.</param>
    /// <param name="precision">The weights' type in the file: float32 or bfloat16.</param>
    /// <exception cref="HitaException">The folder cannot be written.</exception>
    public void Export(string folder, ClassNames? classes = null, bool average = true, Precision precision = Precision.Float32)
    {
        using var swapped = average ? UseAverage() : null;
        Hita.Training.WeightExport.Write(folder, ConfigJson.Write(Config), State["model"], precision, staging => (classes ?? ClassNames.Default(Config.ClassCount)).Save(staging));
    }

    private static GeneratorTrainer Build(GeneratorConfig config, GeneratorTrainingOptions options, ulong seed, string device, Action<GeneratorModel> fill)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var model = new GeneratorModel(config, Placement.For(device, Precision.Float32), options.Dropout);
        try
        {
            fill(model);
            return new GeneratorTrainer(model, options, seed);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void TakeOverNoClass(ITensorSource source, Tensor table, int storedCount)
    {
        var width = (int)table.size(1);
        var values = new float[(storedCount + 1) * width];
        source.ReadFloats(GeneratorNames.ClassTable, values);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        table.narrow(0, table.size(0) - 1, 1).copy_(TensorOps.FromFloats(values.AsSpan(storedCount * width), 1, width));
    }
}
