using Hita.Runtime;
using Parquet;

namespace Hita.Data.Sources;

/// <summary>Lets the library read a Parquet file within bounds of time and memory, and turns what goes wrong into sentences.</summary>
internal static class ParquetAccess
{
    private const int UsualSeconds = 10;

    /// <summary>Slower than any disk or network that images are trained from.</summary>
    private const long SlowestBytesPerSecond = 2 << 20;

    /// <summary>Opens a file and reads from it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">About how many bytes are unpacked; the time that is given follows from them.</param>
    /// <param name="read">What to read.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">It is no Parquet file, or damaged, or takes too long.</exception>
    public static TResult With<TResult>(string path, long bytes, Func<ParquetReader, ParquetFile, Task<TResult>> read, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var token = ended.Token;
        // The library does not ask whether it shall stop. What it reads from does, and if it no longer reads, it is left behind.
        var work = Task.Factory.StartNew(() => Run(path, read, token).GetAwaiter().GetResult(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            if (work.Wait(TimeSpan.FromSeconds(UsualSeconds + (bytes / SlowestBytesPerSecond)), cancellation))
                return work.Result;
            ended.Cancel();
            throw new DataException(path, "reading this Parquet file takes far longer than its size explains, so that it was given up; it is damaged, fetch or make it again.");
        }
        catch (OperationCanceledException)
        {
            ended.Cancel();
            throw;
        }
        catch (AggregateException e)
        {
            throw Sentence(path, e.InnerException!, cancellation);
        }
    }

    private static async Task<TResult> Run<TResult>(string path, Func<ParquetReader, ParquetFile, Task<TResult>> read, CancellationToken cancellation)
    {
        await using var file = new ParquetFile(path, cancellation);
        await using var reader = await ParquetReader.CreateAsync(file, leaveStreamOpen: true, cancellationToken: cancellation).ConfigureAwait(false);
        return await read(reader, file).ConfigureAwait(false);
    }

    private static Exception Sentence(string path, Exception fault, CancellationToken cancellation) => fault switch
    {
        HitaException => fault,
        OperationCanceledException => new OperationCanceledException(fault.Message, fault, cancellation),
        FileNotFoundException or DirectoryNotFoundException => new DataException(path, "there is no such file.", fault),
        UnauthorizedAccessException => new DataException(path, "the file may not be read; check its permissions.", fault),
        // The library meets a damaged file with whatever exception its code runs into.
        _ => new DataException(path, "this is no Parquet file, or a damaged one, or it is cut short; fetch or make it again.", fault),
    };
}
