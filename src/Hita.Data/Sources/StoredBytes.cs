using Microsoft.Win32.SafeHandles;

namespace Hita.Data.Sources;

/// <summary>Reading from the middle of files, on any thread.</summary>
internal static class StoredBytes
{
    /// <summary>Fills the room from a place in the file.</summary>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    public static void ReadExactly(SafeFileHandle handle, Span<byte> room, long offset)
    {
        while (!room.IsEmpty)
        {
            var read = RandomAccess.Read(handle, room, offset);
            if (read == 0)
                throw new EndOfStreamException("it ends early");
            room = room[read..];
            offset += read;
        }
    }
}
