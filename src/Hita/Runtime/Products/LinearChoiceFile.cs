using System.Text.Json;

namespace Hita.Runtime.Products;

/// <summary>
/// The choices made for the processors that a cache folder has seen. What is first written for a processor stays, whatever
/// process writes it. A file that cannot be read counts as empty and is replaced.
/// </summary>
/// <param name="folder">A folder of its own; created when something is kept.</param>
internal sealed class LinearChoiceFile(string folder)
{
    private const string FileName = "choices.json";
    private const long MaxBytes = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The file.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, FileName);

    /// <summary>The file in the user's cache; null where there is no folder that can be written.</summary>
    public static LinearChoiceFile? Default()
    {
        try
        {
            return new LinearChoiceFile(CacheFolder.Create("linear"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What was chosen for a processor.</summary>
    /// <param name="key">The processor and all else that matters.</param>
    /// <returns>Null where nothing was, or nothing that can be understood.</returns>
    public KeptChoice? Find(string key) => Read().GetValueOrDefault(key);

    /// <summary>Keeps a choice, unless there is one already.</summary>
    /// <param name="key">The processor and all else that matters.</param>
    /// <param name="kernel">What was found best.</param>
    /// <param name="rates">Operations a second.</param>
    /// <returns>The choice that counts from now on; null where none can be kept.</returns>
    public KeptChoice? Keep(string key, LinearKernel kernel, IReadOnlyDictionary<LinearKernel, double> rates)
    {
        try
        {
            using var held = Take();
            if (held is null)
                return Find(key);
            var all = Read();
            if (!all.TryGetValue(key, out var choice))
            {
                all[key] = choice = new KeptChoice(kernel, rates.ToDictionary());
                AtomicFile.WriteText(Path, ConfigJson.Write(all));
            }
            return choice;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HitaException)
        {
            return null;
        }
    }

    // Others hold it for as long as writing takes.
    private FolderLock? Take()
    {
        for (var until = DateTime.UtcNow + Patience; ; Thread.Sleep(20))
        {
            if (FolderLock.TryTake(folder) is { } held)
                return held;
            if (DateTime.UtcNow > until)
                return null;
        }
    }

    private Dictionary<string, KeptChoice> Read()
    {
        try
        {
            var file = new FileInfo(Path);
            if (file.Exists && file.Length <= MaxBytes &&
                JsonSerializer.Deserialize<Dictionary<string, KeptChoice>>(File.ReadAllText(Path), ConfigJson.Options) is { } all &&
                all.Values.All(static c => c is { Rates: not null } && Enum.IsDefined(c.Kernel)))
            {
                return all;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            // Damaged, or of another version: made again.
        }
        return [];
    }
}

/// <summary>A choice in a <see cref="LinearChoiceFile"/>.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Rates">Operations a second when it was chosen.</param>
internal sealed record KeptChoice(LinearKernel Kernel, IReadOnlyDictionary<LinearKernel, double> Rates);
