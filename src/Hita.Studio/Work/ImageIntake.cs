using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Components.Forms;

namespace Hita.Studio.Work;

/// <summary>Takes files from visitors, by the same decoder and within the same limits as the server's API.</summary>
/// <param name="options">The limits.</param>
/// <param name="memory">What all requests take.</param>
public sealed class ImageIntake(HitaServerOptions options, RequestMemory memory)
{
    /// <summary>Reads a file.</summary>
    /// <param name="file">What the browser offers.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HitaException">It is too large, no image, or broken.</exception>
    public async Task<PickedImage> ReadAsync(IBrowserFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        var name = Shortened(PrintableText.Escape(file.Name));
        if (file.Size > options.MaxBodyBytes)
            throw new HitaException($"{name} has {file.Size >> 20} MiB, and {options.MaxBodyBytes >> 20} MiB are possible here; choose a smaller file.");
        using var body = memory.Take(2 * file.Size);
        using var bytes = new MemoryStream();
        try
        {
            var stream = file.OpenReadStream(options.MaxBodyBytes, cancellation);
            await using (stream.ConfigureAwait(false))
                await stream.CopyToAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new HitaException($"{name} did not arrive whole; try it again.", e);
        }
        return await Task.Run(() => Decode(bytes.ToArray(), name), cancellation).ConfigureAwait(false);
    }

    private PickedImage Decode(byte[] bytes, string name)
    {
        var image = ImageDecoder.Decode(bytes, name, new ImageDecodeOptions { MaxPixels = options.MaxPixels });
        ImageSettings? settings = null;
        try
        {
            settings = ImageSettings.Read(bytes, name);
        }
        catch (ImageException)
        {
            // Most images carry none.
        }
        return new PickedImage(name, image, settings);
    }

    private static string Shortened(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
