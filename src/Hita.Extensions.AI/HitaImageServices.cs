using System.Diagnostics.CodeAnalysis;
using Hita.Extensions.Hosting;
using Hita.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Hita.Extensions.AI;

/// <summary>Adds the image generator to a program's services.</summary>
[Experimental("MEAI001")]
public static class HitaImageServices
{
    /// <summary>
    /// Adds <see cref="IImageGenerator"/> over the <see cref="IImageHost"/> that
    /// <see cref="HitaServices.AddHitaPipeline(IServiceCollection, Action{HitaPipelineOptions})"/> adds.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <returns>A builder, which puts logging, OpenTelemetry and other parts around the generator.</returns>
    public static ImageGeneratorBuilder AddHitaImageGenerator(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddImageGenerator(static provider => new HitaImageGenerator(
            provider.GetRequiredService<IImageHost>(), provider.GetRequiredService<IOptions<HitaPipelineOptions>>().Value.Pipeline));
    }
}
