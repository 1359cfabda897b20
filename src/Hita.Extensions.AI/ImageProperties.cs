using System.Globalization;
using System.Text.Json;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Runtime;
using Microsoft.Extensions.AI;

namespace Hita.Extensions.AI;

/// <summary>
/// The additional properties that a request may have. Numbers may be numbers of any type, texts or JSON; what is not known is refused, so
/// that no setting is lost by a typing error.
/// </summary>
public sealed record ImageProperties
{
    /// <summary><c>seed</c>: a whole number from 0 to 2⁶⁴ − 1; random where it is left out.</summary>
    public const string SeedName = "seed";

    /// <summary><c>cfg_scale</c>: the guidance scale, 0 or more.</summary>
    public const string GuidanceName = "cfg_scale";

    /// <summary><c>temperature</c>: 0 or more.</summary>
    public const string TemperatureName = "temperature";

    /// <summary><c>top_k</c>: codes that are kept, 0 for all.</summary>
    public const string TopKName = "top_k";

    /// <summary><c>top_p</c>: probability that is kept, above 0 and up to 1.</summary>
    public const string TopPName = "top_p";

    /// <summary><c>mask</c>: an image that marks what is sampled anew: white on black, a transparent hole, or strokes on a transparent layer.</summary>
    public const string MaskName = "mask";

    /// <summary><c>box</c>: the part that is sampled anew, as the text <c>x,y,width,height</c> in pixels.</summary>
    public const string BoxName = "box";

    /// <summary><c>candidates</c>: fillings of which the likeliest is kept, 1 or more.</summary>
    public const string CandidatesName = "candidates";

    private static readonly string[] Names = [SeedName, GuidanceName, TemperatureName, TopKName, TopPName, MaskName, BoxName, CandidatesName];

    /// <summary>The seed; null for a random one.</summary>
    public ulong? Seed { get; private init; }

    /// <summary>What replaces the generator's own sampling settings.</summary>
    public SamplingOverrides Sampling { get; private init; } = new();

    /// <summary>How many fillings are tried; null for the default.</summary>
    public int? Candidates { get; private init; }

    private ReadOnlyMemory<byte>? Mask { get; init; }

    private PixelBox? Box { get; init; }

    /// <summary>Reads the properties.</summary>
    /// <param name="properties">The properties; may be null.</param>
    /// <exception cref="HitaException">One is not known, or its value is impossible.</exception>
    public static ImageProperties Read(AdditionalPropertiesDictionary? properties)
    {
        if (properties is null)
            return new ImageProperties();
        if (properties.Keys.FirstOrDefault(static k => !Names.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } foreign)
            throw new HitaException($"There is no property '{PrintableText.Escape(foreign)}'; there are {string.Join(", ", Names)}.");
        return new ImageProperties
        {
            Seed = Number<ulong>(SeedName, "a whole number from 0"),
            Candidates = Number<int>(CandidatesName, "a whole number from 1"),
            Sampling = new SamplingOverrides
            {
                Scale = Number<float>(GuidanceName, "a number from 0"),
                Temperature = Number<float>(TemperatureName, "a number from 0"),
                TopK = Number<int>(TopKName, "a whole number from 0"),
                TopP = Number<float>(TopPName, "a number above 0 and up to 1"),
            },
            Mask = Value(MaskName) is { } mask ? BytesOf(mask, "The mask") : default(ReadOnlyMemory<byte>?),
            Box = Value(BoxName) is { } box ? PixelBox.Parse(TextOf(box)) : null,
        };

        object? Value(string name) => properties.TryGetValue(name, out var value) ? value : null;

        T? Number<T>(string name, string needed) where T : struct, IParsable<T>
        {
            if (Value(name) is not { } value)
                return null;
            var text = TextOf(value);
            // No thousands separators: a decimal comma must not become one. Only what a number is made of is handed over.
            return text.Length > 0 && text.All(static c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E') && T.TryParse(text, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new HitaException($"The property {name} is '{PrintableText.Escape(text)}'; {needed} is needed, with a point for decimals.");
        }
    }

    /// <summary>The bytes of an image that a request brings.</summary>
    /// <param name="value">A <see cref="DataContent"/>, or bytes.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <exception cref="HitaException">It is something else, such as an address.</exception>
    internal static ReadOnlyMemory<byte> BytesOf(object value, string what) => value switch
    {
        DataContent content => content.Data,
        byte[] bytes => bytes,
        ReadOnlyMemory<byte> memory => memory,
        _ => throw new HitaException($"{what} is a {value.GetType().Name}; its bytes are needed, as a DataContent or an array. Nothing is fetched from an address."),
    };

    /// <summary>What is to be sampled anew: by the mask, the box or the image's transparent part; null where the whole image is.</summary>
    /// <param name="image">The original image.</param>
    /// <param name="bytes">Its file.</param>
    /// <exception cref="HitaException">Both a mask and a box are given, or one of them marks nothing.</exception>
    internal ImageMask? MaskFor(Image image, ReadOnlyMemory<byte> bytes)
    {
        if (Mask is not null && Box is not null)
            throw new HitaException("Both a mask and a box say what is to be sampled anew; give one of them.");
        if (Box is { } box)
            return ImageMask.Box(image.Width, image.Height, box.ClipTo(image.Width, image.Height));
        if (Mask is { } given)
            return MaskReading.Read(given.Span, "the mask").Mask.For(image.Width, image.Height);
        try
        {
            var own = MaskReading.Read(bytes.Span, "the original image");
            return own.Kind == MaskKind.Hole ? own.Mask : null;
        }
        catch (ImageException)
        {
            // An image without a transparent part need not be readable as a mask.
            return null;
        }
    }

    private static string TextOf(object value) => value switch
    {
        string text => text.Trim(),
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!.Trim(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
