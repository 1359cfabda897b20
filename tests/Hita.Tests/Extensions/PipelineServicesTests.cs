using System.Diagnostics.Metrics;
using Hita.Checkpoints;
using Hita.Extensions.Hosting;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Editing;
using Hita.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Hita.Tests.Extensions;

/// <summary>A pipeline as a service of a program.</summary>
[Collection(Alone.Name)]
public sealed class PipelineServicesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_gets_a_host_that_makes_the_same_image_and_tells_its_health()
    {
        using var direct = ImagePipeline.Load(BundledModels.Default);
        var sampling = direct.Generator.Sampling;
        GeneratedImage? expected = null;
        direct.Generate(new GenerationRequest { Classes = [3], Seed = 7, Sampling = sampling, BatchSize = 1 }, image => expected = image);

        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddHitaPipeline();
        using var program = builder.Build();
        await program.StartAsync(Stop);
        var image = await program.Services.GetRequiredService<IImageHost>()
            .GenerateAsync(new HostedImageRequest { Class = 3, Seed = 7, Sampling = sampling }, cancellation: Stop);

        EditingModels.AssertSame(expected!.Image, image.Image);
        var report = await program.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.Contains("tokens_per_second", report.Entries[HitaServices.HealthCheckName].Data.Keys);
        Assert.Equal(1, Measured(program.Services, "hita.images.done"));
        await program.StopAsync(Stop);
    }

    [Fact]
    public async Task A_pipeline_that_is_not_there_is_told_to_who_asks_and_to_the_health_check()
    {
        var services = new ServiceCollection();
        services.AddHitaPipeline(options => options.Pipeline = "/no/such/folder");
        await using var provider = services.BuildServiceProvider();
        var health = provider.GetRequiredService<HealthCheckService>();

        var fault = await Assert.ThrowsAnyAsync<HitaException>(() => provider.GetRequiredService<IImageHost>().GenerateAsync(new HostedImageRequest { Class = 0 }, cancellation: Stop));

        Assert.Contains("/no/such/folder", fault.Message, StringComparison.Ordinal);
        var report = await health.CheckHealthAsync(Stop);
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Equal(fault.Message, report.Entries[HitaServices.HealthCheckName].Description);
    }

    [Fact]
    public void Options_come_from_a_configuration_and_services_may_be_disposed_of_without_loading()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hita:Pipeline"] = "tiny",
            ["Hita:Precision"] = "Int8",
            ["Hita:MaxBatch"] = "4",
        }).Build();
        var services = new ServiceCollection();
        services.AddHitaPipeline();
        services.AddHitaPipeline(static options => options.MaxQueue = 9);
        services.Configure<HitaPipelineOptions>(configuration.GetSection("Hita"));
        using var provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<IImageHost>());
        var options = provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<HitaPipelineOptions>>().Value;
        Assert.Equal(("tiny", Precision.Int8, 4, 9), (options.Pipeline, options.Precision, options.MaxBatch, options.MaxQueue));
        Assert.Single(provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<HealthCheckServiceOptions>>().Value.Registrations);
    }

    private static double Measured(IServiceProvider services, string name)
    {
        double value = double.NaN;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Name == HostMetrics.MeterName && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>() && instrument.Name == name)
                own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, measured, _, _) => value = measured);
        listener.Start();
        listener.RecordObservableInstruments();
        return value;
    }
}
