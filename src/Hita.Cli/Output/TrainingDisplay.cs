using System.Globalization;
using Hita.Runtime;
using Hita.Training.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Hita.Cli.Output;

/// <summary>Shows a run: a table that is redrawn on a terminal, a plain line now and then elsewhere.</summary>
internal abstract class TrainingDisplay(Terminal terminal, string stage) : ITrainingObserver, IDisposable
{
    private RunPlan? _plan;
    private long _from;
    private long _began;
    private double _left;

    protected Terminal Terminal { get; } = terminal;

    protected string Stage { get; } = stage;

    /// <summary>The display that suits a terminal.</summary>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="stage">What is trained.</param>
    /// <param name="isRanked">Whether a launcher passes on what is printed, together with what other ranks print: then lines are best.</param>
    public static TrainingDisplay For(Terminal terminal, string stage, bool isRanked = false) =>
        terminal.Live is { } console && !isRanked ? new LiveTrainingDisplay(terminal, stage, console) : new PlainTrainingDisplay(terminal, stage);

    /// <summary>Runs the work and shows it meanwhile.</summary>
    public abstract void Show(Action work);

    public virtual void Started(RunPlan plan, long from)
    {
        (_plan, _from, _began) = (plan, from, Terminal.Clock.GetTimestamp());
        Noted(string.Create(
            CultureInfo.InvariantCulture,
            $"Training a {Stage} on {plan.Data}: {plan.Steps} steps of {plan.ImagesPerStep} images, {(double)plan.Steps / plan.StepsPerEpoch:0.##} passes{(from > 0 ? $", from step {from}" : "")}."));
    }

    public virtual void Stepped(StepRecord record)
    {
        var done = record.Step - _from;
        // Validation and saving take their part of the time that is left.
        _left = Terminal.Clock.GetElapsedTime(_began).TotalSeconds / done * (_plan!.Steps - record.Step);
    }

    public virtual void Written(long number, string path)
    {
    }

    public abstract void Noted(string sentence);

    public virtual void Began(string what)
    {
    }

    public virtual void Dispose()
    {
    }

    protected long Steps => _plan!.Steps;

    protected string TimeLeft => Duration.Text(TimeSpan.FromSeconds(Math.Min(_left, 1e9)));

    protected static string Speed(StepRecord record) => record.TokensPerSecond > 0
        ? $"{Duration.Rate(record.TokensPerSecond)} tokens/s"
        : $"{Duration.Rate(record.ImagesPerSecond)} images/s";

    protected static string Waiting(StepRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.WaitShare * 100:0} % waiting for data");

    protected static string Number(string name, double value) => name.EndsWith("_usage", StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.0} %")
        : value.ToString(Math.Abs(value) is >= 1e-3 and < 1e4 ? "0.####" : value == 0 ? "0" : "0.##e+0", CultureInfo.InvariantCulture);
}

/// <summary>Lines for files and pipes.</summary>
internal sealed class PlainTrainingDisplay(Terminal terminal, string stage) : TrainingDisplay(terminal, stage)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private long? _last;

    public override void Show(Action work) => work();

    public override void Noted(string sentence) => Terminal.Error.WriteLine($"hita: {sentence}");

    public override void Stepped(StepRecord record)
    {
        base.Stepped(record);
        var now = Terminal.Clock.GetTimestamp();
        var isLast = record.Step == Steps;
        if (_last is { } last && !isLast && record.Validation.Count == 0 && Terminal.Clock.GetElapsedTime(last, now) < Interval)
            return;
        _last = now;
        // Losses, norms and usage; what is constant over most of a run is in the log.
        var values = record.Values.Where(static v => v.Key != "learning_rate").Concat(record.Validation).Select(static v => $"{v.Key} {Number(v.Key, v.Value)}");
        Terminal.Error.WriteLine(
            $"step {record.Step} of {Steps}, {Speed(record)}, {Waiting(record)}, {TimeLeft} left: {string.Join(", ", values)}{(record.Skipped ? " (skipped)" : "")}");
    }
}

/// <summary>A table on a terminal.</summary>
internal sealed class LiveTrainingDisplay(Terminal terminal, string stage, IAnsiConsole console) : TrainingDisplay(terminal, stage)
{
    private const int MaxNotes = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly Queue<string> _notes = new();
    private readonly Dictionary<string, double> _measured = new(StringComparer.Ordinal);
    private LiveDisplayContext? _context;
    private StepRecord? _record;
    private string _busy = "getting ready";
    private long _last;

    public override void Show(Action work) => console.Live(Render()).Start(context =>
    {
        _context = context;
        work();
        Refresh(force: true);
    });

    public override void Stepped(StepRecord record)
    {
        base.Stepped(record);
        (_record, _busy) = (record, "");
        foreach (var (name, value) in record.Validation)
            _measured[name] = value;
        Refresh();
    }

    public override void Began(string what)
    {
        _busy = what;
        Refresh(force: true);
    }

    public override void Written(long number, string path) => Note($"after step {number}: {path}");

    public override void Noted(string sentence) => Note(sentence);

    private void Note(string text)
    {
        _notes.Enqueue(text);
        if (_notes.Count > MaxNotes)
            _notes.Dequeue();
        Refresh(force: true);
    }

    private void Refresh(bool force = false)
    {
        var now = Terminal.Clock.GetTimestamp();
        if (_context is null || (!force && Terminal.Clock.GetElapsedTime(_last, now) < Interval))
            return;
        _last = now;
        _context.UpdateTarget(Render());
    }

    private Rows Render()
    {
        var parts = new List<IRenderable>();
        if (_record is { } record)
        {
            var share = (double)record.Step / Steps;
            const int Width = 28;
            var bar = new string('━', (int)(share * Width)).PadRight(Width, '╌');
            parts.Add(new Text(string.Create(CultureInfo.InvariantCulture, $"{bar} step {record.Step} of {Steps}, pass {record.Epoch:0.00}, {TimeLeft} left")));
            parts.Add(new Text(PrintableText.Escape($"{Speed(record)}, {Waiting(record)}{(_busy.Length > 0 ? $"; {_busy} …" : "")}")));
            var table = new Table().Border(TableBorder.Simple).AddColumn("metric").AddColumn(new TableColumn("value").RightAligned());
            foreach (var (name, value) in record.Values.Concat(_measured))
                table.AddRow(new Text(name.Replace('_', ' ')), new Text(Number(name, value)));
            parts.Add(table);
        }
        else
        {
            parts.Add(new Text(PrintableText.Escape($"{_busy} …")));
        }
        parts.AddRange(_notes.Select(static n => new Text(PrintableText.Escape(n))));
        return new Rows(parts);
    }
}
