using System.Buffers.Binary;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Training.TokenCaches;

/// <summary>Writes a token cache image by image, and continues one that was interrupted.</summary>
/// <remarks>
/// Codes and classes are appended and flushed; then <c>cache.json</c>, replaced as a whole, says how many images are done. What a
/// kill leaves beyond that is cut off when the writer is opened again.
/// </remarks>
internal sealed class TokenCacheWriter : IDisposable
{
    private readonly string _folder;
    private readonly FolderLock _lock;
    private readonly FileStream _codes;
    private readonly FileStream _labels;
    private TokenCacheInfo _info;
    private int _written;

    private TokenCacheWriter(string folder, TokenCacheInfo info, FolderLock held, FileStream codes, FileStream labels) =>
        (_folder, _info, _lock, _codes, _labels, _written) = (folder, info, held, codes, labels, info.Done);

    /// <summary>Images done when the writer was opened.</summary>
    public int Done => _info.Done;

    /// <summary>Begins a cache, or continues one of the same contents.</summary>
    /// <exception cref="HitaException">The folder holds something else, or another process writes it.</exception>
    public static TokenCacheWriter Open(string folder, TokenCacheInfo info)
    {
        var held = Hold(folder);
        FileStream? codes = null, labels = null;
        try
        {
            AtomicFile.CleanUp(folder, TokenCacheInfo.FileName);
            if (TokenCache.IsCache(folder))
            {
                var there = TokenCacheInfo.Read(folder);
                if (!there.IsSameCache(info))
                    throw new HitaException($"{folder}: there is a token cache of other images, another tokenizer or another type of its weights, or other variants, or one that an older version of Hita began; name another folder.");
                info = there;
            }
            else if (Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).FirstOrDefault(n => n != FolderLock.FileName && !AtomicFile.IsLeftOver(n!)) is { } foreign)
            {
                throw new HitaException($"{folder}: this folder holds '{foreign}', and a token cache needs one of its own; name another folder.");
            }
            codes = Cut(Path.Combine(folder, TokenCache.CodesName), info.Done * info.ImageBytes);
            labels = Cut(Path.Combine(folder, TokenCache.LabelsName), info.Done * (long)sizeof(int));
            var writer = new TokenCacheWriter(folder, info, held, codes, labels);
            // From the first moment on the folder says what it is going to be.
            writer.Commit();
            return writer;
        }
        catch
        {
            codes?.Dispose();
            labels?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Images among those done when the writer was opened that cannot be read. To be asked before anything is written.</summary>
    public int UnreadableBefore()
    {
        var labels = new byte[Done * sizeof(int)];
        _labels.Position = 0;
        _labels.ReadExactly(labels);
        return Enumerable.Range(0, Done).Count(i => BinaryPrimitives.ReadInt32LittleEndian(labels.AsSpan(i * sizeof(int))) == TokenCache.Unreadable);
    }

    /// <summary>Appends an image's variants.</summary>
    /// <param name="label">Its class.</param>
    /// <param name="variants">The codes of each variant.</param>
    public void Write(int label, IReadOnlyList<ImageCodes> variants)
    {
        var row = new byte[_info.ImageBytes];
        var at = 0;
        foreach (var codes in variants)
        {
            foreach (var code in codes.Holistic.Concat(codes.Patches))
            {
                if (_info.CodeBytes == 2)
                    BinaryPrimitives.WriteUInt16LittleEndian(row.AsSpan(at), (ushort)code);
                else
                    BinaryPrimitives.WriteInt32LittleEndian(row.AsSpan(at), code);
                at += _info.CodeBytes;
            }
        }
        Append(label, row);
    }

    /// <summary>Appends the place of an image that cannot be read.</summary>
    public void WriteUnreadable() => Append(TokenCache.Unreadable, new byte[_info.ImageBytes]);

    /// <summary>Makes everything appended so far last.</summary>
    /// <exception cref="HitaException">The disk is full or the folder cannot be written.</exception>
    public void Commit()
    {
        Try(_codes, static s => s.Flush(flushToDisk: true));
        Try(_labels, static s => s.Flush(flushToDisk: true));
        var info = _info with { Done = _written };
        var path = Path.Combine(_folder, TokenCacheInfo.FileName);
        try
        {
            AtomicFile.WriteText(path, ConfigJson.Write(info));
        }
        catch (Exception e) when (e is IOException or CheckpointException { InnerException: IOException })
        {
            throw CannotWrite(path, e as IOException ?? (IOException)e.InnerException!);
        }
        _info = info;
    }

    public void Dispose()
    {
        foreach (var stream in (IDisposable[])[_codes, _labels, _lock])
        {
            try
            {
                stream.Dispose();
            }
            catch (IOException)
            {
                // A full disk has been reported; what was committed is whole.
            }
        }
    }

    private void Append(int label, byte[] row)
    {
        var number = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, label);
        Try(_codes, s => s.Write(row));
        Try(_labels, s => s.Write(number));
        _written++;
    }

    private void Try(FileStream stream, Action<FileStream> write)
    {
        try
        {
            write(stream);
        }
        catch (IOException e)
        {
            throw CannotWrite(stream.Name, e);
        }
    }

    private Exception CannotWrite(string path, IOException e) => DiskFault.IsFull(e)
        ? new CheckpointException(
            path, $"the disk is full, and the other {_info.Images - _info.Done} of {_info.Images} images need {SystemMessage.Size((_info.Images - _info.Done) * (_info.ImageBytes + sizeof(int)))}; free some space and run 'hita tokenize' again, which goes on where it was.", e)
        : AtomicFile.CannotWrite(path, e);

    private static FolderLock Hold(string folder)
    {
        if (File.Exists(folder))
            throw new HitaException($"{folder}: this is a file where a token cache's folder is needed; name another place.");
        try
        {
            return FolderLock.TryTake(folder) ?? throw new HitaException($"{folder}: another process is writing this token cache; wait for it, or name another folder.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(folder, e);
        }
    }

    private static FileStream Cut(string path, long length)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1 << 18);
            if (stream.Length is var there && there < length)
                throw new CheckpointException(path, $"the file has {there} bytes where {length} are done; delete the folder and make the cache again.");
            stream.SetLength(length);
            stream.Position = length;
            return stream;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw AtomicFile.CannotWrite(path, e);
            throw;
        }
    }
}
