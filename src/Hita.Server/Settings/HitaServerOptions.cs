using System.Net;
using Hita.Runtime;

namespace Hita.Server.Settings;

/// <summary>What a server offers, to whom, and how much at once.</summary>
public sealed class HitaServerOptions
{
    /// <summary>The pipelines to load; the first one answers requests that name none. At least one.</summary>
    public IList<ServedPipeline> Pipelines { get; } = [];

    /// <summary>The device of all models, see <see cref="Compute.Device"/>. Default <c>cpu</c>.</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>Threads of the CPU engine, and of one tensor operation in the whole process; 0 for one a processor. Default 0.</summary>
    public int Threads { get; set; }

    /// <summary>
    /// Whether encoders are loaded too, as everything but generating and decoding needs them. Where an encoder's weights are not on the
    /// machine, its model generates all the same, and the log says how to get them. Default true.
    /// </summary>
    public bool Editing { get; set; } = true;

    /// <summary>Images that may wait or run at once over all requests, 1 to 100000; beyond it requests are refused. Default 256.</summary>
    public int MaxQueue { get; set; } = 256;

    /// <summary>Images of one model that are sampled together, 1 to 1024; the images do not depend on it. Default 16.</summary>
    public int MaxBatch { get; set; } = 16;

    /// <summary>Images that one request may ask for, 1 to 10000. Default 16.</summary>
    public int MaxImages { get; set; } = 16;

    /// <summary>Pixels (width × height) of an uploaded image, and of a result, at most. Default 16 million.</summary>
    public long MaxPixels { get; set; } = 16_000_000;

    /// <summary>Bytes of a request's body at most. Default 32 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 32 << 20;

    /// <summary>
    /// Bytes that the bodies of all requests and the images of all jobs that wait or run may take together; beyond it requests are
    /// refused. A body counts twice while it is read. Default 1 GiB.
    /// </summary>
    public long MaxRequestBytes { get; set; } = 1L << 30;

    /// <summary>The share of the time that previews may take, above 0 to 1. Default 0.08.</summary>
    public double MaxPreviewShare { get; set; } = 0.08;

    /// <summary>Time for one request or job: its body's arrival, and apart from it the job with its waiting. Default 10 minutes.</summary>
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Time in which a stopping server finishes what runs; what is left then is cancelled. Default 20 seconds.</summary>
    public TimeSpan StoppingTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time for which a finished job and its results can be fetched. Default 1 hour.</summary>
    public TimeSpan ResultTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Bytes that the results of finished jobs may take; the oldest make room. Default 256 MiB.</summary>
    public long MaxResultBytes { get; set; } = 256 << 20;

    /// <summary>The keys that are accepted; none by default, and then no key is asked for.</summary>
    public ApiKeys Keys { get; set; } = ApiKeys.None;

    /// <summary>Origins (<c>https://example.org</c>) whose pages may call the API from a browser. Default none.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>
    /// Names that the <c>Host</c> header may have; none allows all. <c>hita serve</c> sets the loopback names where it listens on
    /// loopback, so that no foreign name that leads there reaches the server from a browser.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>
    /// Reverse proxies, of which <c>X-Forwarded-Proto</c> is believed: it tells that a browser's own address begins with https, which
    /// origins and the addresses of results are compared with and made of. None by default; <c>hita serve</c> adds those of this machine.
    /// </summary>
    public IList<IPNetwork> TrustedProxies { get; } = [];

    /// <summary>Checks every setting.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public HitaServerOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Require(Pipelines.Count > 0, $"no pipeline is given");
        foreach (var twice in Pipelines.GroupBy(static p => p.Id, StringComparer.Ordinal).Where(static g => g.Count() > 1))
            faults.Add($"two pipelines are named '{twice.Key}', and requests choose by name");
        faults.Range(MaxQueue, 1, 100_000, "the queue");
        faults.Range(MaxBatch, 1, 1024, "the batch");
        faults.Range(MaxImages, 1, 10_000, "the number of images a request may ask for");
        faults.Require(MaxPixels is >= 1 and <= 500_000_000, $"images may have {MaxPixels} pixels, 1 to 500 million are possible");
        faults.Require(MaxBodyBytes is >= 1024 and <= 1 << 30, $"bodies may have {MaxBodyBytes} bytes, 1024 to 1 GiB are possible");
        faults.Require(MaxRequestBytes is >= 1 << 20 and <= 1L << 50, $"all requests together may take {MaxRequestBytes} bytes, and 1 MiB or more is needed");
        faults.Require(MaxPreviewShare is > 0 and <= 1, $"the share of previews is {MaxPreviewShare}, above 0 to 1 is possible");
        faults.Require(MaxTime > TimeSpan.Zero && MaxTime <= TimeSpan.FromDays(1), $"a request may take {MaxTime.TotalSeconds} s, more than 0 and up to a day is possible");
        faults.Require(StoppingTime >= TimeSpan.Zero && StoppingTime <= TimeSpan.FromHours(1), $"stopping may take {StoppingTime.TotalSeconds} s, 0 to an hour is possible");
        faults.Require(MaxResultBytes >= 0, $"results may take {MaxResultBytes} bytes, which cannot be negative");
        return faults.Checked(this, "The server's settings");
    }
}
