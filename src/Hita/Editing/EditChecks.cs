using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>What edits need of their models.</summary>
internal static class EditChecks
{
    /// <summary>A pipeline that can encode.</summary>
    /// <exception cref="HitaException">It has no encoder.</exception>
    public static ImagePipeline WithEncoder(ImagePipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        RequireEncoder(pipeline.Tokenizer);
        return pipeline;
    }

    /// <summary>A tokenizer that can encode and has holistic codes.</summary>
    /// <exception cref="HitaException">It has no encoder, or patch codes only.</exception>
    public static ImageTokenizer Holistic(ImageTokenizer tokenizer, string what)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        RequireEncoder(tokenizer);
        return tokenizer.Config.Holistic is not null
            ? tokenizer
            : throw new HitaException($"{what} needs holistic codes, and this tokenizer has patch codes only; use one of the Hita family.");
    }

    private static void RequireEncoder(ImageTokenizer tokenizer)
    {
        if (!tokenizer.CanEncode)
            throw new HitaException(tokenizer.Config.EncoderAbsence ?? "Editing needs the tokenizer's encoder, and this one was loaded for decoding only; load it whole.");
    }
}
