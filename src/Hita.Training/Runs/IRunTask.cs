using Hita.Imaging;

namespace Hita.Training.Runs;

/// <summary>What a run does besides taking steps: it differs between the two stages.</summary>
public interface IRunTask
{
    /// <summary><c>tokenizer</c> or <c>generator</c>.</summary>
    string Stage { get; }

    /// <summary>The architecture's text, for <c>config.json</c>.</summary>
    string ConfigJson { get; }

    /// <summary>Whether there are images held out.</summary>
    bool CanValidate { get; }

    /// <summary>Measures the averaged weights on what is held out.</summary>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Values by name; the first is the one to compare checkpoints by, lower is better.</returns>
    IReadOnlyList<KeyValuePair<string, double>> Validate(CancellationToken cancellation);

    /// <summary>Sheets of sample images made with the averaged weights, by name.</summary>
    /// <param name="cancellation">Stops between two batches.</param>
    IReadOnlyList<KeyValuePair<string, Image>> Samples(CancellationToken cancellation);

    /// <summary>Writes the averaged weights as a model folder that every command takes.</summary>
    /// <param name="folder">The folder; a model that lies there is replaced.</param>
    void Export(string folder);
}
