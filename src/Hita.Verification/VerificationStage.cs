namespace Hita.Verification;

/// <summary>The comparison of one stage with a vector file.</summary>
/// <param name="Name">The stage, as the file calls it.</param>
/// <param name="Shape">The compared shape as text, for example <c>[2, 64, 4, 4]</c>.</param>
/// <param name="Measure">What <paramref name="Error"/> measures: <c>relative</c> (‖a − b‖ / ‖b‖) or <c>codes</c> (the share that
/// differs).</param>
/// <param name="Error">The error found.</param>
/// <param name="Tolerance">The largest error that passes.</param>
public sealed record VerificationStage(string Name, string Shape, string Measure, double Error, double Tolerance)
{
    /// <summary>Whether the stage passes; an error that is not a number never does.</summary>
    public bool Passed => Error <= Tolerance;
}
