using System.Globalization;

namespace Hita.Cli.Output;

/// <summary>Writes durations and rates as people say them.</summary>
internal static class Duration
{
    /// <summary><c>0.4 s</c>, <c>12 s</c>, <c>3 min 05 s</c>, <c>2 h 07 min</c>, <c>4 d 03 h</c>.</summary>
    public static string Text(TimeSpan time)
    {
        if (time < TimeSpan.FromSeconds(9.95))
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):0.0} s");
        var seconds = (long)Math.Round(Math.Min(time.TotalSeconds, 86400e5));
        return seconds switch
        {
            < 60 => $"{seconds} s",
            < 3600 => $"{seconds / 60} min {seconds % 60:00} s",
            < 86400 => $"{seconds / 3600} h {seconds / 60 % 60:00} min",
            _ => $"{seconds / 86400} d {seconds / 3600 % 24:00} h",
        };
    }

    /// <summary>A rate with three digits: <c>0.125</c>, <c>8.31</c>, <c>412</c>.</summary>
    public static string Rate(double perSecond) => perSecond switch
    {
        >= 99.95 => perSecond.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => perSecond.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.9995 => perSecond.ToString("0.00", CultureInfo.InvariantCulture),
        _ => perSecond.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
