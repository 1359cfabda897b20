namespace Hita.Cli.Hosting;

/// <summary>What the process's exit code says.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>Cancelled by Ctrl-C or a termination signal, as shells number it.</summary>
    public const int Cancelled = 130;
}
