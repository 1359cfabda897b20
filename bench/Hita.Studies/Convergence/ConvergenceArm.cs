using Hita.Runtime;

namespace Hita.Studies.Convergence;

/// <summary>What is compared: the same generator on the codes of one tokenizer.</summary>
/// <param name="Name">Its name and folder.</param>
/// <param name="Tokenizer">The tokenizer's run or model folder.</param>
/// <param name="Codes">The token cache, or the images, that the generator learns from.</param>
internal sealed record ConvergenceArm(string Name, string Tokenizer, string Codes)
{
    /// <summary>Reads NAME=TOKENIZER,CODES.</summary>
    /// <exception cref="HitaException">The text is not of this form.</exception>
    public static ConvergenceArm Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var parts = equals > 0 ? text[(equals + 1)..].Split(',') : [];
        var name = equals > 0 ? text[..equals] : "";
        return parts.Length == 2 && parts.All(static p => p.Length > 0) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-')
            ? new ConvergenceArm(name, parts[0], parts[1])
            : throw new HitaException($"--arm is '{text}'; a name, a tokenizer and its codes are wanted, such as vanilla=runs/vanilla-tokenizer,runs/vanilla-codes.");
    }
}
