using System.Reflection;

namespace Hita.Tests.Conventions;

/// <summary>Every long call, which is one that can be stopped, has an asynchronous form; and everything asynchronous can be stopped.</summary>
public sealed class AsyncFormsTests
{
    /// <summary>Calls that have none, with the reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["ICodeSampler.Complete"] = "implementations are synchronous inside edits; ImageGenerator and IImageHost have CompleteAsync",
        ["HostedCodeSampler.Complete"] = "it is the synchronous form of IImageHost.CompleteAsync",
        ["ImagePipeline.Generate"] = "GenerateAsync is a stream of the images",
        ["StrictLoader.Load"] = "a part of loading, which has asynchronous forms",
        ["LmdbSource.Open"] = "ImageSources.OpenAsync opens all sources",
        ["ParquetSource.Open"] = "ImageSources.OpenAsync opens all sources",
        ["TarSource.Open"] = "ImageSources.OpenAsync opens all sources",
        ["BatchLoader.Batches"] = "a stream that decodes ahead on threads of its own",
        ["BatchLoader.Epoch"] = "a stream that decodes ahead on threads of its own",
        ["LogisticRegression.Fit"] = "a part of the linear probe, which has an asynchronous form",
        ["SampleOrigin.Read"] = "a part of an evaluation, which has an asynchronous form",
        ["IBatchFeed`1.NextBatches"] = "a part of a training run, which has an asynchronous form",
        ["IRunTask.Samples"] = "a part of a training run, which has an asynchronous form",
        ["IRunTask.Validate"] = "a part of a training run, which has an asynchronous form",
        ["TrainingLoop`1.Run"] = "a part of a training run, which has an asynchronous form",
        ["ImageSeries.Read"] = "a part of an evaluation, which has an asynchronous form",
    };

    private static readonly string[] Libraries =
    [
        "Hita", "Hita.Materials", "Hita.Metrics", "Hita.Data", "Hita.Training", "Hita.Evaluation", "Hita.Verification", "Hita.Hub", "Hita.Extensions.Hosting", "Hita.Extensions.AI",
    ];

    private static readonly Lazy<List<MethodInfo>> Methods = new(static () =>
    [
        .. Libraries.Select(Assembly.Load).SelectMany(static a => a.GetExportedTypes())
            .SelectMany(static t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(static m => m.GetBaseDefinition() == m || m.DeclaringType!.IsAbstract),
    ]);

    [Fact]
    public void Every_call_that_can_be_stopped_has_an_asynchronous_form()
    {
        var without = Methods.Value.Where(static m => TakesToken(m) && !IsAsync(m.ReturnType))
            .Where(static m => !Array.Exists(m.DeclaringType!.GetMethods(), o => o.Name == m.Name + "Async" && IsAsync(o.ReturnType) && TakesToken(o)))
            .Select(static m => $"{m.DeclaringType!.Name}.{m.Name}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.DoesNotContain(without, static w => !Exceptions.ContainsKey(w));
        Assert.Empty(Exceptions.Keys.Except(without.Append("ImagePipeline.Generate")));
    }

    [Fact]
    public void Everything_asynchronous_can_be_stopped_and_says_so_in_its_name()
    {
        var asynchronous = Methods.Value.Where(static m => IsAsync(m.ReturnType) && m.Name != nameof(IAsyncDisposable.DisposeAsync) && !m.IsSpecialName).ToList();
        Assert.True(asynchronous.Count > 30);
        Assert.All(asynchronous, static m => Assert.True(m.Name.EndsWith("Async", StringComparison.Ordinal) && TakesToken(m), $"{m.DeclaringType!.Name}.{m.Name}"));
    }

    private static bool TakesToken(MethodInfo method) => Array.Exists(method.GetParameters(), static p => p.ParameterType == typeof(CancellationToken));

    private static bool IsAsync(Type type) => type == typeof(Task) || type == typeof(ValueTask) || (type.IsGenericType &&
        type.GetGenericTypeDefinition() is var open && (open == typeof(Task<>) || open == typeof(ValueTask<>) || open == typeof(IAsyncEnumerable<>)));
}
