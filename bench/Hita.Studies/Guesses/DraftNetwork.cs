using Hita.Generation.Model;
using Hita.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hita.Studies.Guesses;

/// <summary>
/// A small network that guesses a token from its class, its place and its neighbours, trained on codes that the generator has
/// sampled itself.
/// </summary>
internal sealed class DraftNetwork : nn.Module
{
    private const int Width = 64;
    private const int Hidden = 256;
    private const int Batch = 1024;

    private readonly GeneratorConfig _config;
    private readonly Embedding _codes;
    private readonly Embedding _classes;
    private readonly Embedding _places;
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly Linear _last;

    public DraftNetwork(GeneratorConfig config) : base("draft")
    {
        _config = config;
        _codes = nn.Embedding(config.CodebookSize + 1, Width);
        _classes = nn.Embedding(config.ClassCount + 1, Width);
        _places = nn.Embedding(config.SequenceLength, Width);
        _first = nn.Linear((Neighbours.Count * Width) + (2 * Width), Hidden);
        _second = nn.Linear(Hidden, Hidden);
        _last = nn.Linear(Hidden, config.CodebookSize);
        RegisterComponents();
    }

    /// <summary>The logits of a token.</summary>
    /// <param name="imageClass">The image's class.</param>
    /// <param name="token">The token's place.</param>
    /// <param name="codes">The image's codes before it.</param>
    public float[] Logits(int imageClass, int token, ReadOnlySpan<int> codes)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var around = new int[Neighbours.Count];
        Around(token, codes, around);
        return Forward(([imageClass], [token], around)).ToFloats();
    }

    /// <summary>Trains on sampled codes.</summary>
    /// <param name="images">The codes of each image, with its class.</param>
    /// <param name="steps">Steps of 1,024 tokens.</param>
    /// <param name="say">Told the loss now and then.</param>
    /// <param name="cancellation">Stops.</param>
    public void Train(IReadOnlyList<(int Class, int[] Codes)> images, int steps, Action<string> say, CancellationToken cancellation)
    {
        var random = new Random(1);
        using var adam = optim.AdamW(parameters(), 2e-3, weight_decay: 0.01);
        for (var step = 1; step <= steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (classes, places, targets, all) = (new int[Batch], new int[Batch], new long[Batch], new int[Batch * Neighbours.Count]);
            for (var i = 0; i < Batch; i++)
            {
                var (imageClass, codes) = images[random.Next(images.Count)];
                (classes[i], places[i]) = (imageClass, random.Next(codes.Length));
                targets[i] = codes[places[i]];
                Around(places[i], codes, all.AsSpan(i * Neighbours.Count, Neighbours.Count));
            }
            var loss = nn.functional.cross_entropy(Forward((classes, places, all)), tensor(targets));
            adam.zero_grad();
            loss.backward();
            foreach (var group in adam.ParamGroups)
                group.LearningRate = 2e-3 * 0.5 * (1 + Math.Cos(Math.PI * step / steps));
            adam.step();
            if (step % Math.Max(steps / 5, 1) == 0)
                say(FormattableString.Invariant($"Draft network: step {step} of {steps}, loss {loss.item<float>():0.000}"));
        }
    }

    // One code more stands for neighbours that are not there.
    private void Around(int token, ReadOnlySpan<int> codes, Span<int> around)
    {
        Neighbours.Of(_config, token, around);
        foreach (ref var place in around)
            place = place < 0 ? _config.CodebookSize : codes[place];
    }

    private Tensor Forward((int[] Classes, int[] Places, int[] Codes) of)
    {
        var rows = of.Classes.Length;
        var around = _codes.forward(tensor(of.Codes).to(ScalarType.Int64)).view(rows, Neighbours.Count * Width);
        var input = cat([around, _classes.forward(tensor(of.Classes).to(ScalarType.Int64)), _places.forward(tensor(of.Places).to(ScalarType.Int64))], 1);
        var hidden = nn.functional.silu(_first.forward(input));
        return _last.forward(hidden.Plus(nn.functional.silu(_second.forward(hidden))));
    }
}
