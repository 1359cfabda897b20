using System.Globalization;
using Hita.Models;
using Hita.Server.Jobs;
using Hita.Server.Operations;
using Hita.Studio.Sessions;

namespace Hita.Studio.Work;

/// <summary>What the page for generating shows; it outlives the page, so that one can look elsewhere meanwhile.</summary>
public sealed class GenerateState
{
    private const int Previews = 8;
    private readonly StudioCircuit _circuit;

    /// <summary>The state of a page that was just opened.</summary>
    /// <param name="circuit">The page.</param>
    public GenerateState(StudioCircuit circuit)
    {
        _circuit = circuit;
        Run = new JobRun(circuit);
        _circuit.ModelChanged += Reset;
    }

    /// <summary>The work.</summary>
    public JobRun Run { get; }

    /// <summary>The class, by number.</summary>
    public int Class { get; set; }

    /// <summary>Images at a time.</summary>
    public int Count { get; set; } = 1;

    /// <summary>The seed.</summary>
    public SeedChoice Seed { get; } = new();

    /// <summary>How codes are sampled.</summary>
    public SamplingChoice Sampling { get; } = new();

    /// <summary>The number of the first image under the seed; settings of an image may bring one.</summary>
    public long FirstImage { get; private set; }

    /// <summary>Images that are being made.</summary>
    public int Expected { get; private set; }

    /// <summary>The images of the last start, in their order.</summary>
    public IReadOnlyList<GalleryImage> Made { get; private set; } = [];

    /// <summary>The image that is looked at; null for all of the last start.</summary>
    public GalleryImage? Selected { get; set; }

    /// <summary>Takes the model's own settings where there are none yet.</summary>
    public void Prepare()
    {
        if (Sampling.Tokens == 0)
            Reset();
    }

    /// <summary>Puts back what the model is best sampled by.</summary>
    public void ResetSampling() => Sampling.StartFrom(_circuit.Model);

    /// <summary>Takes all settings of an image, so that the next start makes it again.</summary>
    /// <param name="settings">What it carries.</param>
    /// <exception cref="Runtime.HitaException">No loaded model has made it.</exception>
    public void Take(ImageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var generator = _circuit.Model.Pipeline.Generator;
        if (settings.Class < 0 || settings.Class >= generator.Config.ClassCount)
            throw new Runtime.HitaException($"The image is of class {settings.Class}, and this model's run from 0 to {generator.Config.ClassCount - 1}: another model has made it.");
        (Class, Count, FirstImage) = (settings.Class, 1, settings.Image);
        Seed.Set(settings.Seed);
        Seed.IsNewEachTime = false;
        Sampling.Start(settings.Sampling, generator.Config.HolisticTokenCount + generator.Config.PatchTokenCount);
    }

    /// <summary>The visitor wrote a seed, which counts from its first image.</summary>
    public void SeedWasEdited() => (FirstImage, Seed.IsNewEachTime) = (0, false);

    /// <summary>Starts.</summary>
    public Task StartAsync()
    {
        if (Run.IsRunning)
            return Task.CompletedTask;
        (Selected, Made, Expected) = (null, [], Count);
        if (Seed.IsNewEachTime)
            FirstImage = 0;
        return Run.RunAsync(
            () => new GenerateTask
            {
                Classes = [.. Enumerable.Repeat(Class, Count)],
                Seed = Seed.Next(),
                FirstImage = FirstImage,
                Sampling = Sampling.Options,
                Previews = Previews,
            },
            Keep);
    }

    /// <summary>What a generated image is called.</summary>
    /// <param name="model">The model.</param>
    /// <param name="number">The class.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="image">The image's number under the seed.</param>
    public static string Title(ServedModel model, int number, ulong seed, long image)
    {
        ArgumentNullException.ThrowIfNull(model);
        var name = model.Classes.HasNames ? model.Classes[number] : string.Create(CultureInfo.InvariantCulture, $"class {number}");
        return image == 0 ? $"{name}, seed {seed}" : $"{name}, seed {seed}, image {image + 1}";
    }

    private void Keep(ServedModel model, IReadOnlyList<JobResult> results)
    {
        var made = new List<GalleryImage>();
        foreach (var result in results)
        {
            var settings = ImageSettings.Parse(result.Text[ImageSettings.Keyword], "image");
            made.Add(Results.Of(result, Title(model, settings.Class, settings.Seed, settings.Image), "generate", model));
        }
        // The first one in front.
        foreach (var image in Enumerable.Reverse(made))
            _circuit.Gallery.Add(image);
        Made = made;
        Selected = made is [var only] ? only : null;
    }

    private void Reset()
    {
        Class = Math.Min(Class, _circuit.Model.Classes.Count - 1);
        ResetSampling();
    }
}
