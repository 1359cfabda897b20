namespace Hita.Runtime;

/// <summary>Passes reports on at once, on the thread that makes them; the framework's own class posts them to the thread pool.</summary>
/// <typeparam name="T">What is reported.</typeparam>
/// <param name="action">Given each report; must be quick, as the work waits for it.</param>
public sealed class DirectProgress<T>(Action<T> action) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => action(value);
}
