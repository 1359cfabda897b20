using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>What is found in one archive while it is gone through.</summary>
internal sealed class TarScan
{
    private const int Named = 3;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _classLinks = new(StringComparer.Ordinal);
    private readonly TarLinks _links = new();
    private readonly List<string> _sparse = [];
    private readonly List<string> _repeated = [];
    private (string Stem, int Image) _before = ("", -1);

    /// <summary>The images in their order.</summary>
    public List<TarFound> Images { get; } = [];

    /// <summary>What the class files say, by their names without the ending.</summary>
    public Dictionary<string, string> Labels { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds an image, or a link that is called like one.</summary>
    public void AddImage(string name, TarMember member)
    {
        if (member.Kind == TarMemberKind.Sparse)
        {
            _sparse.Add(name);
            return;
        }
        var stem = TarSamples.Stem(name);
        var isLink = member.Kind is TarMemberKind.HardLink or TarMemberKind.SymbolicLink;
        _links.Remove(name);
        if (isLink)
            _links.Add(name, member.Link, member.Kind == TarMemberKind.SymbolicLink);
        var image = new TarFound(name, isLink ? -1 : member.Offset, member.Length, _before.Image < 0 && _before.Stem == stem);
        // What is stored again replaces what was there, as it does when the archive is unpacked.
        if (_places.TryGetValue(name, out var place))
        {
            _repeated.Add(name);
            Images[place] = image with { HasCompanion = image.HasCompanion || Images[place].HasCompanion };
        }
        else
        {
            place = Images.Count;
            _places.Add(name, place);
            Images.Add(image);
        }
        _before = (stem, place);
    }

    /// <summary>Adds a class file, or a link that is called like one.</summary>
    /// <param name="name">Its path.</param>
    /// <param name="member">Where it is.</param>
    /// <param name="label">What it says; null for a link.</param>
    public void AddClass(string name, TarMember member, string? label)
    {
        var stem = TarSamples.Stem(name);
        if (label is not null)
        {
            if (!Labels.TryAdd(stem, label))
            {
                _repeated.Add(name);
                Labels[stem] = label;
            }
        }
        else if (member.Kind == TarMemberKind.Sparse)
        {
            _sparse.Add(name);
        }
        else
        {
            _links.Add(name, member.Link, member.Kind == TarMemberKind.SymbolicLink);
            _classLinks[stem] = name;
        }
        Companion(stem);
    }

    /// <summary>Adds a member that is no image and no class.</summary>
    public void AddOther(string name, TarMember member)
    {
        if (member.Kind is TarMemberKind.HardLink or TarMemberKind.SymbolicLink)
            _links.Add(name, member.Link, member.Kind == TarMemberKind.SymbolicLink);
        else if (name.AsSpan(name.LastIndexOf('/') + 1).Contains('.'))
            Companion(TarSamples.Stem(name));
    }

    /// <summary>Gives the links that are called like images or class files what they lead to.</summary>
    /// <param name="folders">The folders that are stored as such.</param>
    /// <param name="find">Finds files of other names.</param>
    public void ResolveLinks(HashSet<string> folders, Func<HashSet<string>, Dictionary<string, TarMember>> find)
    {
        if (!_links.Any)
            return;
        foreach (var (stem, name) in _classLinks)
        {
            if (_links.Follow(name) is not { } target)
                continue;
            if (Labels.TryGetValue(TarSamples.Stem(target), out var label))
                Labels.TryAdd(stem, label);
            else
                _links.Missing(name);
        }
        var targets = Enumerable.Range(0, Images.Count).Where(i => Images[i].Offset < 0).Select(i => (Place: i, Target: _links.Follow(Images[i].Name)))
            .Where(static t => t.Target is not null).ToList();
        var elsewhere = targets.Select(static t => t.Target!).Where(t => !_places.ContainsKey(t)).ToHashSet(StringComparer.Ordinal);
        var others = elsewhere.Count > 0 ? find(elsewhere) : [];
        foreach (var (place, target) in targets)
        {
            if (_places.TryGetValue(target!, out var image))
                Images[place] = Images[place] with { Offset = Images[image].Offset, Length = Images[image].Length };
            else if (others.TryGetValue(target!, out var member))
                Images[place] = Images[place] with { Offset = member.Offset, Length = member.Length };
            else
                _links.Missing(Images[place].Name);
        }
        var parents = Images.SelectMany(static p => Parents(p.Name)).Concat(folders).ToHashSet(StringComparer.Ordinal);
        _links.CountFolders(parents.Contains);
    }

    /// <summary>The sentences about what was left out or replaced.</summary>
    public IEnumerable<string> Notes(string path)
    {
        foreach (var note in _links.Notes(path))
            yield return note;
        if (_sparse.Count > 0)
            yield return $"{path}: {FolderSource.Counted(_sparse.Count, "file")} stored as sparse {(_sparse.Count == 1 ? "is" : "are")} left out ({MessageText.Few(_sparse, Named)}); make the archive again without the option --sparse.";
        if (_repeated.Count > 0)
            yield return $"{path}: {FolderSource.Counted(_repeated.Count, "file")} {(_repeated.Count == 1 ? "is" : "are")} stored again under a name that was there before ({MessageText.Few(_repeated, Named)}); the last one counts, as it does when the archive is unpacked.";
    }

    private void Companion(string stem)
    {
        if (_before.Image >= 0 && _before.Stem == stem)
            Images[_before.Image] = Images[_before.Image] with { HasCompanion = true };
        // A second companion in a row still belongs to the image before both.
        else
            _before = (stem, -1);
    }

    private static IEnumerable<string> Parents(string name)
    {
        for (var slash = name.LastIndexOf('/'); slash > 0; slash = name.LastIndexOf('/', slash - 1))
            yield return name[..slash];
    }
}
