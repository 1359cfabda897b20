namespace Hita.Cli.Output;

/// <summary>Passes reports on at once, on the thread that makes them; the framework's own class posts them to the thread pool.</summary>
internal sealed class DirectProgress<T>(Action<T> action) : IProgress<T>
{
    public void Report(T value) => action(value);
}
