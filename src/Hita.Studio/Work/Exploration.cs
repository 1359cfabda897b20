using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>What each holistic code of an image does, ready to be shown.</summary>
/// <param name="Reconstruction">What all codes decode to, as a data address.</param>
/// <param name="Codes">The codes by their place.</param>
internal sealed record Exploration(string Reconstruction, IReadOnlyList<ExploredCode> Codes)
{
    /// <summary>Reads the results of a job.</summary>
    /// <param name="results">Those of an exploring task.</param>
    public static Exploration Of(IReadOnlyList<JobResult> results)
    {
        var codes = new List<ExploredCode>();
        // Three images a code; as small files they take a tenth of the memory.
        foreach (var group in results.Where(static r => r.Facts.ContainsKey("index")).GroupBy(static r => (int)r.Facts["index"]!).OrderBy(static g => g.Key))
        {
            var facts = group.First().Facts;
            codes.Add(new ExploredCode(
                group.Key, (int)facts["code"]!, (int?)facts["other_code"], (double)facts["mean_change"]!, (double)facts["reach"]!, Address(group, "changed"), Address(group, "change"), Address(group, "attention")));
        }
        return new Exploration(Address(results, "reconstruction"), codes);
    }

    /// <summary>How much a code does beside the one that does most, 0 to 1.</summary>
    public double Strength(ExploredCode code)
    {
        var most = Codes.Max(static c => c.MeanChange);
        return most > 0 ? Math.Sqrt(code.MeanChange / most) : 0;
    }

    private static string Address(IEnumerable<JobResult> results, string name) => DataAddress.Of(results.First(r => r.Name == name).Image!);
}

/// <summary>What one holistic code does.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Code">Its value.</param>
/// <param name="OtherCode">The value of the other image's; null where the code was left out.</param>
/// <param name="MeanChange">How much pixels change without it, on average, of 255.</param>
/// <param name="Reach">The share of pixels that change visibly.</param>
/// <param name="Changed">The image without it, or with the other's.</param>
/// <param name="Change">Where it acts.</param>
/// <param name="Attention">What it looks at while the image is read.</param>
internal sealed record ExploredCode(int Index, int Code, int? OtherCode, double MeanChange, double Reach, string Changed, string Change, string Attention);
