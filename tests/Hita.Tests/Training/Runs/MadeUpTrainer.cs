using Hita.Imaging;
using Hita.Runtime;
using Hita.Training;
using Hita.Training.Runs;
using static TorchSharp.torch;

namespace Hita.Tests.Training.Runs;

/// <summary>A trainer whose one tensor counts steps, with values that a test chooses.</summary>
internal sealed class MadeUpTrainer(Func<long, IReadOnlyList<KeyValuePair<string, double>>> measure) : ITrainer<long>
{
    private readonly Tensor _count = zeros(3, dtype: ScalarType.Float32).DetachFromDisposeScope();

    public Tensor Count => _count;

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State => new Dictionary<string, IReadOnlyDictionary<string, Tensor>>
    {
        ["model"] = new Dictionary<string, Tensor> { ["count"] = _count },
        ["ema"] = new Dictionary<string, Tensor> { ["count"] = _count },
    };

    public StepReport TakeStep(IReadOnlyList<long> microBatches, long number)
    {
        Assert.Equal([number], microBatches);
        var values = measure(number);
        var skipped = values.Any(v => !double.IsFinite(v.Value));
        if (!skipped)
            _count.AddInPlace(ones(3));
        return new StepReport(values, skipped);
    }

    public void Dispose() => _count.Dispose();
}

/// <summary>Delivers the step's number, from the one after a step on; breaks at a step if told to.</summary>
internal sealed class MadeUpFeed(long from = 0, long breaksAt = 0) : IBatchFeed<long>
{
    private long _number = from;

    public double WaitSeconds => 0.25;

    public IReadOnlyList<long> NextBatches(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return ++_number == breaksAt ? throw new DataException("made up", "too many images cannot be read.") : [_number];
    }

    public void Dispose()
    {
    }
}

internal sealed class MadeUpTask(Func<int, double>? validation = null) : IRunTask
{
    private int _validations;

    public string Stage => "tokenizer";

    public string ConfigJson => "{}\n";

    public bool CanValidate => validation is not null;

    public IReadOnlyList<KeyValuePair<string, double>> Validate(CancellationToken cancellation) => [new("validation_loss", validation!(++_validations))];

    public IReadOnlyList<KeyValuePair<string, Image>> Samples(CancellationToken cancellation) => [new("samples", new Image(4, 4))];

    public void Export(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
    }
}

/// <summary>Writes down what it is told.</summary>
internal class Listener : ITrainingObserver
{
    public List<string> Notes { get; } = [];

    public List<StepRecord> Steps { get; } = [];

    public virtual void Started(RunPlan plan, long from)
    {
    }

    public virtual void Stepped(StepRecord record) => Steps.Add(record);

    public virtual void Written(long number, string path)
    {
    }

    public void Noted(string sentence) => Notes.Add(sentence);

    public void Began(string what)
    {
    }
}
