using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>Models by their names on the hub, as <c>-m hf:OWNER/NAME</c> has them.</summary>
/// <param name="hub">The hub.</param>
public sealed class HubModels(HubClient hub)
{
    // What a model folder, or a pipeline's, is made of; a repository may hold much else.
    private static readonly string[] Parts = ["config.json", "*.safetensors", "*.safetensors.index.json", "classes.txt", "sampling.json"];

    /// <summary>
    /// The folder of a model, fetched where it is not there. The name leads to a model folder or a pipeline in a repository
    /// (<c>hf:OWNER/NAME</c>, <c>hf:OWNER/NAME/folder</c>), or is a preset of a published repository (<c>hf:yexiguafu/hita-gen/ultra-l</c>), which
    /// is imported into the cache folder of this program.
    /// </summary>
    /// <param name="name">The name, with <see cref="HubReference.Scheme"/>.</param>
    /// <param name="progress">Told about bytes as they arrive; may be null.</param>
    /// <param name="cancellation">Gives up; what has arrived is kept.</param>
    /// <exception cref="HitaException">There is no such model, or it cannot be fetched.</exception>
    public async Task<string> LocateAsync(string name, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        var reference = HubReference.Parse(name);
        if (PublishedModels.All.Any(m => m.Repository.Equals(reference.Repository, StringComparison.OrdinalIgnoreCase)))
            return await ImportAsync(reference, progress, cancellation).ConfigureAwait(false);
        var root = reference.Path.Length > 0 ? reference.Path + "/" : "";
        var fetched = await hub.FetchChosenAsync(reference, names => PartsOf(names, reference, root), progress, cancellation).ConfigureAwait(false);
        // All lie in one snapshot; the first one's place leads to the folder that is meant.
        var first = fetched[0];
        return Path.GetFullPath(Path.Combine(first.Path[..^first.Name.Length], root));
    }

    private static List<string> PartsOf(IEnumerable<string> names, HubReference reference, string root)
    {
        string[] folders = ["", "tokenizer/", "generator/"];
        var found = names.Where(f => folders.Any(folder => IsPart(f, root + folder))).ToList();
        return found.Exists(static f => f.EndsWith("config.json", StringComparison.Ordinal))
            ? found
            : throw new HubException($"{reference} holds no model folder: there is no {ModelFolder.ConfigName} in it, nor in its tokenizer or generator folder.");
    }

    private static bool IsPart(string file, string folder) => file.StartsWith(folder, StringComparison.Ordinal) && file[folder.Length..] is var name &&
        !name.Contains('/', StringComparison.Ordinal) && Parts.Any(p => p.StartsWith('*') ? name.EndsWith(p[1..], StringComparison.Ordinal) : name == p);

    private async Task<string> ImportAsync(HubReference reference, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var model = PublishedModels.Find(reference.Repository, reference.Path);
        var folder = Path.Combine(CacheFolder.Create("hub"), $"{model.Repository.Replace("/", "--", StringComparison.Ordinal)}--{model.Name}" + (reference.Revision == "main" ? "" : $"--{reference.Revision}"));
        if (ModelFolder.IsModel(Path.Combine(folder, "generator")) && ModelFolder.IsModel(Path.Combine(folder, "tokenizer")))
            return folder;
        return (await new ModelPuller(hub).PullAsync(model, reference.Revision, folder, semanticEncoder: null, progress, importing: null, cancellation).ConfigureAwait(false)).Folder;
    }
}
