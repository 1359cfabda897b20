using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Server.Settings;

namespace Hita.Cli.Commands.Serve;

/// <summary>The options that limit what a server takes.</summary>
internal sealed class ServerLimits
{
    private static readonly HitaServerOptions Defaults = new();

    private readonly Option<int> _queue = Number("--max-queue", "Images that may wait or run at once; beyond it requests are answered with 429.", Defaults.MaxQueue);
    private readonly Option<int> _batch = Number("--max-batch", "Images of a model that are sampled together; they do not depend on it.", Defaults.MaxBatch);
    private readonly Option<int> _images = Number("--max-images", "Images that one request may ask for.", Defaults.MaxImages);
    private readonly Option<int> _pixels = Number("--max-pixels", "Pixels (width × height) of an uploaded image, and of a result, at most.", (int)Defaults.MaxPixels);
    private readonly Option<int> _body = Number("--max-body", "MiB (2²⁰ bytes) of a request's body at most.", (int)(Defaults.MaxBodyBytes >> 20));
    private readonly Option<int> _memory = Number("--max-memory", "MiB (2²⁰ bytes) that the bodies of all requests and the images of their jobs may take together; beyond it requests are answered with 429.", (int)(Defaults.MaxRequestBytes >> 20));
    private readonly Option<int> _seconds = Number("--max-seconds", "Seconds for one request or job, its waiting included.", (int)Defaults.MaxTime.TotalSeconds);

    public ServerLimits()
    {
        NumberOptions.Between(_queue, 1, 100_000);
        NumberOptions.Between(_batch, 1, 1024);
        NumberOptions.Between(_images, 1, 10_000);
        NumberOptions.Between(_pixels, 1, 500_000_000);
        NumberOptions.Between(_body, 1, 1024);
        NumberOptions.Between(_memory, 1, 1 << 20);
        NumberOptions.Between(_seconds, 1, 86_400);
    }

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_queue, _batch, _images, _pixels, _body, _memory, _seconds])
            command.Options.Add(option);
    }

    public void Apply(ParseResult parsed, HitaServerOptions options)
    {
        options.MaxQueue = parsed.GetValue(_queue);
        options.MaxBatch = parsed.GetValue(_batch);
        options.MaxImages = parsed.GetValue(_images);
        options.MaxPixels = parsed.GetValue(_pixels);
        options.MaxBodyBytes = (long)parsed.GetValue(_body) << 20;
        options.MaxRequestBytes = (long)parsed.GetValue(_memory) << 20;
        options.MaxTime = TimeSpan.FromSeconds(parsed.GetValue(_seconds));
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
}
