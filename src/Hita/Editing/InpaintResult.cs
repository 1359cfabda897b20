using Hita.Imaging;

namespace Hita.Editing;

/// <summary>A filling that was sampled.</summary>
/// <param name="Number">Its number under the seed.</param>
/// <param name="LogLikelihood">The natural logarithm of the likelihood of the known patches that follow; 0 where none do.</param>
/// <param name="Image">The whole image with this filling; null where it was not kept.</param>
public sealed record InpaintCandidate(long Number, double LogLikelihood, Image? Image);

/// <summary>A part of the image that was filled at once.</summary>
/// <param name="Box">Where it is.</param>
/// <param name="ScoredCodes">How many known codes the candidates were judged by.</param>
/// <param name="Candidates">The fillings of the last pass, the best first.</param>
public sealed record InpaintedWindow(PixelBox Box, int ScoredCodes, IReadOnlyList<InpaintCandidate> Candidates);

/// <summary>An image of which a part was regenerated.</summary>
/// <param name="Image">The whole, exactly the original outside the mask.</param>
/// <param name="Windows">The parts that were filled, in their order.</param>
public sealed record InpaintResult(Image Image, IReadOnlyList<InpaintedWindow> Windows);

/// <summary>How far an editing has come.</summary>
/// <param name="Done">Codes sampled so far.</param>
/// <param name="Total">Codes to be sampled, as far as is known now.</param>
public readonly record struct EditProgress(long Done, long Total);
