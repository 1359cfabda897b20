using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Data;
using Hita.Data.Sources;

namespace Hita.Cli.Options;

/// <summary>How commands name a set of images.</summary>
internal sealed class DataArguments
{
    public DataArguments()
    {
        CommonOptions.OneOf(Format, [.. ImageSources.FormatNames]);
        CommonOptions.OneOf(Trim, "none", "dark");
        CommonOptions.OneOf(Square, "cut", "pad");
        NumberOptions.Between(Size, 16, 1024);
    }

    public Argument<string> Path { get; } = new("PATH")
    {
        Description = "A folder of class folders or images, a tar archive, Parquet file, several of them (\"train-*.tar\", \"train-{000..127}.tar\"), LMDB folder, or the built-in set: materials, materials:SEED, materials:SEED:FIRST..END.",
    };

    public Option<string?> Format { get; } = new("--format")
    {
        Description = "How the set is stored; recognised from the path if left out.",
        HelpName = string.Join('|', ImageSources.FormatNames),
    };

    /// <summary>What is cut off around images.</summary>
    public Option<string> Trim { get; } = new("--trim")
    {
        Description = "Cut the dark border of scans off.",
        HelpName = "none|dark",
        DefaultValueFactory = static _ => "none",
    };

    /// <summary>How images become squares.</summary>
    public Option<string> Square { get; } = new("--square")
    {
        Description = "How images become squares: what is too long is cut off, or a margin in the colour of the edges is laid on.",
        HelpName = "cut|pad",
        DefaultValueFactory = static _ => "cut",
    };

    /// <summary>The side of images; what for is the command's to say.</summary>
    public Option<int?> Size { get; } = new("--size") { HelpName = "PIXELS" };

    /// <summary>Opens the set.</summary>
    /// <param name="host">The command's host.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="materialsSize">The size of the built-in set's images.</param>
    /// <param name="format">The option with the format; <see cref="Format"/> where null.</param>
    public IImageSource Open(CommandHost host, ParseResult parsed, int materialsSize, Option<string?>? format = null) => ImageSources.Open(
        parsed.GetValue(Path)!,
        new ImageSourceOptions
        {
            Format = parsed.GetValue(format ?? Format) is { } name ? ImageSources.FormatByName(name) : null,
            MaterialsSize = materialsSize,
            Preparation = new PreparationOptions(
                parsed.GetValue(Trim) == "dark" ? BorderCut.Dark : BorderCut.None, parsed.GetValue(Square) == "pad" ? SquareMethod.Pad : SquareMethod.Cut),
        },
        host.Cancellation);
}
