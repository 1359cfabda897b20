using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Imaging;

namespace Hita.Server.Requests;

/// <summary>A file that a request brings: base64 or a data URL in JSON, a part of its own in a form.</summary>
/// <param name="bytes">The file.</param>
[JsonConverter(typeof(UploadConverter))]
internal sealed class Upload(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;

    /// <summary>Decodes it.</summary>
    /// <param name="field">The field that it came in, for messages.</param>
    /// <param name="maxPixels">The limit.</param>
    /// <exception cref="ApiException">It is no image, broken or too large.</exception>
    public Image Decode(string field, long maxPixels)
    {
        try
        {
            return ImageDecoder.Decode(Bytes, field, Limits(maxPixels));
        }
        catch (Runtime.ImageException e)
        {
            throw new ApiException(400, "invalid_image", e.Message, field);
        }
    }

    /// <summary>Reads it as a mask.</summary>
    /// <param name="field">The field that it came in, for messages.</param>
    /// <param name="maxPixels">The limit.</param>
    /// <exception cref="ApiException">It is no image, or it is not clear what it would mark.</exception>
    public MaskReading DecodeMask(string field, long maxPixels)
    {
        try
        {
            return MaskReading.Read(Bytes, field, Limits(maxPixels));
        }
        catch (Runtime.ImageException e)
        {
            throw new ApiException(400, "invalid_image", e.Message, field);
        }
    }

    private static ImageDecodeOptions Limits(long maxPixels) => new() { MaxPixels = maxPixels };
}

/// <summary>Reads base64, with or without the head of a data URL.</summary>
internal sealed class UploadConverter : JsonConverter<Upload>
{
    public override Upload Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException("a file as base64 text or as a data URL is needed here");
        if (reader.TryGetBytesFromBase64(out var bytes))
            return new Upload(bytes);
        var text = reader.GetString()!;
        const string Mark = ";base64,";
        if (text.StartsWith("data:", StringComparison.Ordinal) && text.IndexOf(Mark, StringComparison.Ordinal) is > 0 and var at)
        {
            var buffer = new byte[text.Length];
            if (Convert.TryFromBase64Chars(text.AsSpan(at + Mark.Length), buffer, out var length))
                return new Upload(buffer[..length]);
        }
        throw new JsonException("this is not base64; addresses of images are not fetched, so send the file itself");
    }

    public override void Write(Utf8JsonWriter writer, Upload value, JsonSerializerOptions options) => writer.WriteBase64StringValue(value.Bytes);
}
