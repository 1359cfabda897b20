using Hita.Generation;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>Makes model folders of presets, so that full-size paths can be run without a download.</summary>
public static class ModelCreator
{
    /// <summary>
    /// Writes what a preset stands for: a tokenizer's folder, a generator's, or, where the name stands for both, a pipeline's.
    /// </summary>
    /// <param name="preset">The preset's name.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="byNamePrefix">Fill the weights from the tensors' names behind this prefix; null for fresh ones.</param>
    /// <param name="seed">The seed of fresh weights.</param>
    /// <returns>The folders written, with the number of learned values in each.</returns>
    /// <exception cref="HitaException">There is no such preset, or the folder cannot be written.</exception>
    public static IReadOnlyList<(string Folder, ModelKind Kind, long ParameterCount)> Create(
        string preset, string folder, string? byNamePrefix = null, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(preset);
        var tokenizers = TokenizerPresets.TryGet(preset, out var tokenizer);
        var generators = GeneratorPresets.TryGet(preset, out var generator);
        if (!tokenizers && !generators)
        {
            throw new HitaException(
                $"There is no preset '{preset}'; there are {string.Join(", ", TokenizerPresets.Names.Union(GeneratorPresets.Names))}.");
        }

        var written = new List<(string, ModelKind, long)>();
        if (tokenizer is not null)
        {
            var place = generators ? Path.Combine(folder, TokenizerFolder.PipelinePart) : folder;
            using var model = byNamePrefix is null ? ImageTokenizer.Create(tokenizer, seed) : ImageTokenizer.CreateByName(tokenizer, byNamePrefix);
            model.Save(place);
            written.Add((place, ModelKind.Tokenizer, model.ParameterCount));
        }
        if (generator is not null)
        {
            var place = tokenizers ? Path.Combine(folder, GeneratorFolder.PipelinePart) : folder;
            using var model = byNamePrefix is null ? ImageGenerator.Create(generator, seed) : ImageGenerator.CreateByName(generator, byNamePrefix, new GeneratorOptions { Engine = GeneratorEngine.Torch });
            model.Save(place);
            written.Add((place, ModelKind.Generator, model.ParameterCount));
        }
        return written;
    }
}
