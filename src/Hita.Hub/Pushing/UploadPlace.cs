using System.Globalization;
using System.Text.Json.Nodes;

namespace Hita.Hub.Pushing;

/// <summary>Where a large content goes, as the hub answers: in one piece, or in numbered parts that a last call puts together.</summary>
/// <param name="Address">Where the whole goes; with parts, what is called when all are there.</param>
/// <param name="Headers">Headers that the host of the address wants.</param>
/// <param name="PartBytes">Bytes of a part, the last one has fewer; null for one piece.</param>
/// <param name="Parts">Where the parts go, in their order.</param>
/// <param name="Check">What is called in the end, so that the hub looks at what arrived; null for nothing.</param>
/// <param name="CheckHeaders">Headers for that.</param>
internal sealed record UploadPlace(
    Uri Address, IReadOnlyDictionary<string, string> Headers, long? PartBytes, IReadOnlyList<Uri> Parts, Uri? Check, IReadOnlyDictionary<string, string> CheckHeaders)
{
    private const string PartSizeKey = "chunk_size";

    /// <summary>Reads the hub's answer for one content.</summary>
    /// <param name="answer">The object of the answer.</param>
    /// <param name="hub">The hub's address, to which others may be relative.</param>
    /// <param name="size">Bytes of the content.</param>
    /// <returns>Where it goes; null where the hub has it already.</returns>
    /// <exception cref="FormatException">The answer makes no sense.</exception>
    public static UploadPlace? Read(JsonObject answer, Uri hub, long size)
    {
        if (answer["actions"]?["upload"] is not JsonObject upload)
            return null;
        var headers = HeadersOf(upload);
        var check = answer["actions"]?["verify"] as JsonObject;
        var parts = new List<Uri>();
        long? partBytes = null;
        if (headers.Remove(PartSizeKey, out var text))
        {
            partBytes = long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
            if (partBytes < 1)
                throw new FormatException("parts without bytes");
            var numbered = headers.Where(static h => h.Key.All(char.IsAsciiDigit)).OrderBy(static h => int.Parse(h.Key, NumberStyles.None, CultureInfo.InvariantCulture)).ToList();
            foreach (var (number, address) in numbered)
            {
                parts.Add(Absolute(hub, address));
                headers.Remove(number);
            }
            if (parts.Count != (size + partBytes - 1) / partBytes)
                throw new FormatException("another number of parts than the content has");
        }
        return new UploadPlace(AddressOf(upload, hub), headers, partBytes, parts, check is null ? null : AddressOf(check, hub), check is null ? [] : HeadersOf(check));
    }

    private static Uri AddressOf(JsonObject action, Uri hub) => Absolute(hub, action["href"]?.GetValue<string>() ?? throw new FormatException("no address"));

    private static Uri Absolute(Uri hub, string address)
    {
        var place = new Uri(hub, address);
        // Contents of a private repository do not go through the open net because an answer says so.
        return place.Scheme == "https" || (place.Scheme == "http" && hub.Scheme == "http") ? place : throw new FormatException("an address that is not secure");
    }

    private static Dictionary<string, string> HeadersOf(JsonObject action) => action["header"] is JsonObject header
        ? header.Where(static h => h.Value is JsonValue).ToDictionary(static h => h.Key, static h => h.Value!.ToString(), StringComparer.OrdinalIgnoreCase)
        : new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}
