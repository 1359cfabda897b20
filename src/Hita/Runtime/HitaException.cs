namespace Hita.Runtime;

/// <summary>
/// A fault that the user of the library can act on. The message is one complete sentence that names the thing at fault and
/// the way out; programs print it alone, without a stack trace.
/// </summary>
public class HitaException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One complete sentence.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public HitaException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A weight file, model folder or token file that cannot be used as it is.</summary>
public sealed class CheckpointException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="message">One complete sentence, without the path.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public CheckpointException(string path, string message, Exception? inner = null)
        : base($"{path}: {message}", inner) => Path = path;

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }
}

/// <summary>An image that cannot be decoded, is not an image, or is beyond the limits.</summary>
public sealed class ImageException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file at fault, or a name for the bytes at fault.</param>
    /// <param name="message">One complete sentence, without the path.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public ImageException(string path, string message, Exception? inner = null)
        : base($"{path}: {message}", inner) => Path = path;

    /// <summary>The file at fault.</summary>
    public string Path { get; }
}

/// <summary>An archive of arrays (.npz, .npy) or a file of saved measurements that cannot be used as it is.</summary>
public sealed class ArchiveException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file at fault.</param>
    /// <param name="message">One complete sentence, without the path.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public ArchiveException(string path, string message, Exception? inner = null)
        : base($"{path}: {message}", inner) => Path = path;

    /// <summary>The file at fault.</summary>
    public string Path { get; }
}

/// <summary>A set of images that cannot be used as it is, or of which too many cannot be read.</summary>
public sealed class DataException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The folder or file at fault.</param>
    /// <param name="message">One complete sentence, without the path.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public DataException(string path, string message, Exception? inner = null)
        : base($"{path}: {message}", inner) => Path = path;

    /// <summary>The folder or file at fault.</summary>
    public string Path { get; }
}

/// <summary>Settings that contradict each other or lie outside their ranges; every fault is listed.</summary>
public sealed class ConfigException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What was configured, for example "the tokenizer configuration".</param>
    /// <param name="faults">All faults, each with the offending value.</param>
    public ConfigException(string what, IReadOnlyList<string> faults)
        : base(faults is [var only] ? $"{what}: {only}" : $"{what}: {faults.Count} faults: {string.Join("; ", faults)}") =>
        Faults = faults;

    /// <summary>All faults, each with the offending value.</summary>
    public IReadOnlyList<string> Faults { get; }
}
