using Hita.Imaging;
using Hita.Server.Jobs;
using Hita.Server.Settings;

namespace Hita.Tests.Server;

/// <summary>How long, and how much, of jobs is kept.</summary>
public sealed class JobStoreTests
{
    [Fact]
    public void Previews_count_among_the_bytes_that_ended_jobs_may_take()
    {
        using var stop = new CancellationTokenSource();
        var clock = TimeProvider.System;
        // Room for the results of all, and for the previews of one.
        var store = new JobStore(new HitaServerOptions { MaxResultBytes = 3000 }, clock);
        var jobs = Enumerable.Range(0, 3).Select(_ => new Job("generate", null!, 1, stop, clock)).ToList();
        foreach (var job in jobs)
        {
            store.Add(job);
            job.AddPreview(0, 1, new Image(20, 40));
            job.End([], fault: null);
            Assert.Equal(20 * 40 * 3, job.Bytes);
            // Nothing joins what has been counted.
            job.AddPreview(0, 2, new Image(20, 40));
            Assert.Equal(20 * 40 * 3, job.Bytes);
            store.Ended(job);
        }
        Assert.Equal([jobs[2]], store.All);
        Assert.Null(store.Find(jobs[0].Id));
    }
}
