using Hita.Generation.Model;

namespace Hita.Studies.Guesses;

/// <summary>How tokens that no logits were computed for are guessed.</summary>
internal enum GuessRule
{
    /// <summary>The token before it.</summary>
    Left,

    /// <summary>The token of the row above; the one before it where there is none.</summary>
    Above,

    /// <summary>What its random number would take from the last logits before it.</summary>
    SameLogits,

    /// <summary>What its random number takes from a small network's logits, which sees class, place and five neighbours.</summary>
    Network,
}

/// <summary>Which number decides a token, and how.</summary>
internal enum Coupling
{
    /// <summary>One uniform number a token and the inverse of the distribution function, as images are sampled.</summary>
    Inverse,

    /// <summary>Gumbel noise for each code of each token, of which the largest sum with the logit wins.</summary>
    Gumbel,
}

/// <summary>Places of neighbouring tokens.</summary>
internal static class Neighbours
{
    /// <summary>Neighbours of a token that the network sees.</summary>
    public const int Count = 5;

    /// <summary>The tokens to the left (two), above left, above and above right; −1 where there is none.</summary>
    public static void Of(GeneratorConfig config, int token, Span<int> places)
    {
        var patch = token - config.HolisticTokenCount;
        if (patch < 0)
        {
            places.Fill(-1);
            for (var i = 0; i < 2; i++)
                places[i] = token - 1 - i >= 0 ? token - 1 - i : -1;
            return;
        }
        var (width, column) = (config.GridWidth, patch % config.GridWidth);
        places[0] = token - 1;
        places[1] = token - 2;
        places[2] = patch >= width && column > 0 ? token - width - 1 : -1;
        places[3] = patch >= width ? token - width : -1;
        places[4] = patch >= width && column < width - 1 ? token - width + 1 : -1;
    }
}
