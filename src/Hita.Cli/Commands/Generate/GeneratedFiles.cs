using System.Globalization;
using Hita.Cli.Options;
using Hita.Generation;

namespace Hita.Cli.Commands.Generate;

/// <summary>The names of generated images: the class, the seed and the number under it, so that equal names are equal images.</summary>
/// <param name="folder">The folder.</param>
/// <param name="names">The generator's classes.</param>
/// <param name="request">What is generated.</param>
internal sealed class GeneratedFiles(string folder, ClassNames names, GenerationRequest request)
{
    /// <summary>The folder.</summary>
    public string Folder => folder;

    /// <summary>The sheet of all images.</summary>
    public string Sheet => Path.Combine(folder, "grid.png");

    /// <summary>The file of an image.</summary>
    /// <param name="index">Its place in the request, from 0.</param>
    public string Of(int index)
    {
        var number = request.Classes[index];
        var called = names.HasNames ? $"-{OutputNames.Safe(names[number])}" : "";
        return Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number:000}{called}-s{request.Seed}-{request.FirstImage + index:0000}.png"));
    }
}
