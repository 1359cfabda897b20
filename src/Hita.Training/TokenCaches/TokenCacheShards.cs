using System.Globalization;
using Hita.Distributed.Launching;
using Hita.Runtime;

namespace Hita.Training.TokenCaches;

/// <summary>A token cache that several processes make, each a part in a folder of its own inside the cache's; the last one joins them.</summary>
internal static class TokenCacheShards
{
    /// <summary>The folder of a part.</summary>
    public static string FolderOf(string folder, Shard shard) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"shard-{shard.Index:0000}-of-{shard.Count:0000}"));

    /// <summary>Whether the whole cache is there already.</summary>
    /// <param name="folder">The cache's folder.</param>
    /// <param name="whole">What it must hold.</param>
    /// <exception cref="HitaException">It is another one.</exception>
    public static bool IsDone(string folder, TokenCacheInfo whole)
    {
        if (!TokenCache.IsCache(folder))
            return false;
        var there = TokenCacheInfo.Read(folder);
        return there.IsSameCache(whole) && there.Done == there.Images
            ? true
            : throw new HitaException($"{folder}: there is a token cache of other images, another tokenizer or other variants, or one that was begun without --shard; name another folder.");
    }

    /// <summary>Joins the parts where all of them are whole; does nothing where one is missing or another process joins them.</summary>
    /// <param name="folder">The cache's folder.</param>
    /// <param name="whole">What the cache says of itself.</param>
    /// <param name="count">How many parts there are.</param>
    /// <returns>Whether the whole cache is there now.</returns>
    /// <exception cref="HitaException">The folder cannot be written.</exception>
    public static bool TryJoin(string folder, TokenCacheInfo whole, int count)
    {
        var folders = Enumerable.Range(0, count).Select(i => FolderOf(folder, new Shard(i, count))).ToList();
        if (!folders.TrueForAll(static f => TokenCache.IsCache(f) && TokenCacheInfo.Read(f) is var info && info.Done == info.Images))
            return TokenCache.IsCache(folder);
        using var held = FolderLock.TryTake(folder);
        if (held is null || TokenCache.IsCache(folder))
            return held is not null;
        foreach (var name in (string[])[TokenCache.CodesName, TokenCache.LabelsName])
        {
            AtomicFile.Write(Path.Combine(folder, name), target =>
            {
                foreach (var part in folders)
                {
                    using var source = File.OpenRead(Path.Combine(part, name));
                    source.CopyTo(target);
                }
            });
        }
        // From here on the cache is whole, whatever becomes of the parts.
        AtomicFile.WriteText(Path.Combine(folder, TokenCacheInfo.FileName), ConfigJson.Write(whole with { Done = whole.Images }));
        folders.ForEach(static f => AtomicFolder.Remove(f));
        return true;
    }
}
