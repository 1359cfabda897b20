namespace Hita.Studio.Work;

/// <summary>The images that are chosen on the pages, by place; they stay while one looks elsewhere.</summary>
public sealed class Picks
{
    private readonly Dictionary<string, PickedImage> _picks = new(StringComparer.Ordinal);

    /// <summary>The image in a place; null where none is.</summary>
    /// <param name="place">The page and what the image is there: <c>style.content</c>.</param>
    public PickedImage? this[string place]
    {
        get => _picks.GetValueOrDefault(place);
        set
        {
            if (value is null)
                _picks.Remove(place);
            else
                _picks[place] = value;
        }
    }
}
