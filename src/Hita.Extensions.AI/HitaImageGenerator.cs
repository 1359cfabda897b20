using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Hita.Editing;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Microsoft.Extensions.AI;

namespace Hita.Extensions.AI;

/// <summary>
/// Generates and edits images by a pipeline in this process. The prompt names classes of the model: one, several separated by
/// commas, or numbers. Safe to use from several threads; images that are generated at the same time share one sampling loop.
/// </summary>
/// <remarks>
/// <para>Options: <see cref="ImageGenerationOptions.Count"/> (default: one image of each class of the prompt),
/// <see cref="ImageGenerationOptions.MediaType"/> (<c>image/png</c>, <c>image/webp</c> or <c>image/jpeg</c>), <see cref="ImageGenerationOptions.ImageSize"/>
/// (the image is resized), and the <see cref="ImageGenerationOptions.AdditionalProperties"/> named by <see cref="ImageProperties"/>.</para>
/// <para>An edit takes one original image. A mask, a box or the image's own transparent part says what is sampled anew; without any, the
/// image is varied: its holistic codes stay, and patches are sampled for the class.</para>
/// <para>Each returned <see cref="DataContent"/> has its <c>seed</c>, <c>image</c> and <c>class</c> in
/// <see cref="AIContent.AdditionalProperties"/>; PNG files carry all settings besides.</para>
/// </remarks>
[Experimental("MEAI001")]
public sealed class HitaImageGenerator : IImageGenerator
{
    private const int MaxCount = 10_000;

    // Of one request in the host at a time, so that a large one is not refused for its own size.
    private const int MaxInFlight = 16;

    private readonly IImageHost _host;
    private readonly ImageGeneratorMetadata _metadata;

    // Each edit encodes and decodes with all processors by itself; its codes are sampled in the host's loop.
    private readonly SemaphoreSlim _editTurn = new(1);
    private bool _isDisposed;

    /// <summary>Creates a generator.</summary>
    /// <param name="host">Samples and decodes; stays the caller's to dispose.</param>
    /// <param name="modelId">The model's name, for telemetry and for requests that name one; null for none.</param>
    public HitaImageGenerator(IImageHost host, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        _host = host;
        _metadata = new ImageGeneratorMetadata("hita", defaultModelId: modelId);
    }

    /// <summary>Generates or edits images.</summary>
    /// <param name="request">The prompt, and for an edit one original image.</param>
    /// <param name="options">Count, size, format and further settings; may be null.</param>
    /// <param name="cancellationToken">Takes the images out of the batch before their next token.</param>
    /// <returns>The images as <see cref="DataContent"/>, in the order of their numbers.</returns>
    /// <exception cref="HitaException">A class, an image or a setting is impossible; the message is one sentence.</exception>
    /// <exception cref="HostBusyException">Too many images are waiting.</exception>
    public async Task<ImageGenerationResponse> GenerateAsync(
        ImageGenerationRequest request, ImageGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckModel(options?.ModelId);
        var encoding = ImageContent.Of(options);
        var settings = ImageProperties.Read(options?.AdditionalProperties);
        // The pipeline may still be loading, and asking for it waits.
        await Task.Run(() => _host.Pipeline, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        var classes = ClassesOf(request.Prompt);
        var originals = request.OriginalImages?.ToList() ?? [];
        if (originals.Count > 1)
            throw new HitaException($"The request brings {originals.Count} images, and an edit takes one.");
        var seed = settings.Seed ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);
        var contents = originals.Count == 0
            ? await Generate(classes, CountOf(options, classes.Count), seed, settings, encoding, cancellationToken).ConfigureAwait(false)
            : await EditAsync(() => Edit(originals[0], classes, CountOf(options, 1), seed, settings, encoding, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ImageGenerationResponse(contents) { Usage = Usage(contents.Count) };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ImageGeneratorMetadata))
            return _metadata;
        return serviceType.IsInstanceOfType(this) ? this : serviceType.IsInstanceOfType(_host) ? _host : null;
    }

    /// <summary>Waits for the edit that is running, which uses the pipeline. The host is left alone: it is its owner's.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        _editTurn.Wait();
        _editTurn.Dispose();
    }

    private async Task<List<AIContent>> EditAsync(Func<List<AIContent>> edit, CancellationToken cancellation)
    {
        await _editTurn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(edit, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _editTurn.Release();
        }
    }

    private async Task<IList<AIContent>> Generate(
        IReadOnlyList<int> classes, int count, ulong seed, ImageProperties settings, ImageContent encoding, CancellationToken cancellation)
    {
        var pipeline = _host.Pipeline;
        var sampling = settings.Sampling.Over(pipeline.Generator.Sampling);
        // One image that fails takes the others along: their places in the batch are wanted.
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var places = new SemaphoreSlim(MaxInFlight);
        return await Task.WhenAll(Enumerable.Range(0, count).Select(One)).ConfigureAwait(false);

        async Task<AIContent> One(int index)
        {
            await places.WaitAsync(together.Token).ConfigureAwait(false);
            try
            {
                var request = new HostedImageRequest { Class = classes[index % classes.Count], Seed = seed, Image = index, Sampling = sampling };
                var made = await _host.GenerateAsync(request, progress: null, together.Token).ConfigureAwait(false);
                var text = pipeline.SettingsOf(request.ToGenerationRequest(), made with { Index = 0 }).ToText();
                return encoding.Encode(made.Image, ImageSettings.Keyword, text, Facts(request.Class, seed, index));
            }
            catch
            {
                await together.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                places.Release();
            }
        }
    }

    private List<AIContent> Edit(
        AIContent original, IReadOnlyList<int> classes, int count, ulong seed, ImageProperties settings, ImageContent encoding, CancellationToken cancellation)
    {
        if (classes.Count > 1)
            throw new HitaException($"The prompt names {classes.Count} classes, and an edit samples for one.");
        var pipeline = _host.Pipeline;
        var bytes = ImageProperties.BytesOf(original, "The original image");
        var image = ImageDecoder.Decode(bytes.Span, "the original image");
        var sampling = new EditSamplingOptions { Class = classes[0], Seed = seed, Sampling = settings.Sampling.Over(pipeline.Generator.Sampling) };
        var mask = settings.MaskFor(image, bytes);
        if (mask is null)
        {
            return [.. new Variations(pipeline, new HostedCodeSampler(_host)).Generate(image, VariationKeep.Holistic, count, sampling, progress: null, cancellation).Select(v =>
                Content("vary", v.Image, seed, v.Number, new { keep = "holistic", sampling }))];
        }
        var inpainter = new Inpainter(pipeline, new HostedCodeSampler(_host));
        var options = new InpaintOptions { Sampling = sampling, Candidates = settings.Candidates ?? new InpaintOptions().Candidates };
        var contents = new List<AIContent>();
        for (var i = 0; i < count; i++)
        {
            var own = options with { Sampling = sampling with { Seed = unchecked(seed + (ulong)i) } };
            contents.Add(Content("inpaint", inpainter.Fill(image, mask, own, progress: null, cancellation).Image, own.Sampling.Seed, 0, own));
        }
        return contents;

        AIContent Content(string edit, Image edited, ulong ownSeed, long number, object editSettings)
        {
            var record = new EditSettings(
                edit, pipeline.Tokenizer.ModelHash, pipeline.Generator.ModelHash, EnumWords.Of(pipeline.Generator.Precision),
                [EditInput.Of("original", image)], editSettings);
            return encoding.Encode(edited, ImageSettings.EditKeyword, record.ToText(), Facts(classes[0], ownSeed, number));
        }
    }

    private AdditionalPropertiesDictionary Facts(int number, ulong seed, long image) => new()
    {
        ["class"] = number,
        ["class_name"] = _host.Pipeline.Generator.Classes[number],
        ["seed"] = seed,
        ["image"] = image,
    };

    private UsageDetails Usage(int images)
    {
        var config = _host.Pipeline.Generator.Config;
        long tokens = (long)images * (config.SequenceLength - config.UnseenPatchesOf(_host.Pipeline.Tokenizer.Config));
        return new UsageDetails { InputTokenCount = images, OutputTokenCount = tokens, TotalTokenCount = images + tokens };
    }

    private IReadOnlyList<int> ClassesOf(string? prompt) => string.IsNullOrWhiteSpace(prompt)
        ? throw new HitaException("The prompt is empty; it names a class of the model, several separated by commas, or their numbers.")
        : _host.Pipeline.Generator.Classes.FindAll(prompt);

    private static int CountOf(ImageGenerationOptions? options, int otherwise) => (options?.Count ?? otherwise) is var count and >= 1 and <= MaxCount
        ? count
        : throw new HitaException($"{options?.Count} images are asked for; 1 to {MaxCount} are possible.");

    private void CheckModel(string? asked)
    {
        if (asked is not null && asked != _metadata.DefaultModelId)
            throw new HitaException($"There is no model '{PrintableText.Escape(asked)}' here; leave the model's name out, or give {_metadata.DefaultModelId ?? "the generator one"}.");
    }
}
