using Hita.Editing;
using Hita.Imaging;

namespace Hita.Server.Operations;

/// <summary>An image that a task works on.</summary>
/// <param name="Name">What to call it, in messages and in the record of the edit.</param>
/// <param name="Image">The image.</param>
public sealed record InputImage(string Name, Image Image)
{
    internal long Bytes => Image.Pixels.Length;

    internal EditInput Record => EditInput.Of(Name, Image);
}
