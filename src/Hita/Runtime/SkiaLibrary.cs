using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// Loads the native library that decodes and encodes, before SkiaSharp does: its own attempt fails inside type initializers,
/// which hide the reason and fail for good.
/// </summary>
internal static class SkiaLibrary
{
    private static volatile bool _loaded;

    /// <summary>Loads the library; does nothing once it is loaded.</summary>
    /// <exception cref="HitaException">It is missing or does not load; the message says how to mend it.</exception>
    public static void Load()
    {
        if (_loaded)
            return;
        if (!NativeLibrary.TryLoad("libSkiaSharp", typeof(SkiaSharp.SKData).Assembly, null, out _))
            throw Fault();
        _loaded = true;
    }

    private static HitaException Fault()
    {
        var folders = NativePackages.SearchFolders().ToList();
        if (NativePackages.Find(NativePackages.SkiaFile(NativePackages.Platform), folders) is not { } path)
            return NativePackages.Missing(folders, NativePackages.Platform);
        try
        {
            NativeLibrary.Load(path);
            return new HitaException($"The native library {path} loads, but not as SkiaSharp asks for it; restore and build the program again.");
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return NativeLoadFault.Explain(path, e);
        }
    }
}
