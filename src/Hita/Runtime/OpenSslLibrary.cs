using System.Runtime.InteropServices;

namespace Hita.Runtime;

/// <summary>
/// The one library of Linux that .NET does not bring along where a program brings its .NET: without it .NET ends the process, with a line of its own,
/// at the first connection or hash. Generating and editing need none of it.
/// </summary>
internal static class OpenSslLibrary
{
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.4", "libssl.so.1.1"];

    /// <summary>Refuses to go on where the library is missing.</summary>
    /// <param name="what">What needs it, in the plural, as the beginning of a sentence.</param>
    /// <exception cref="MissingLibraryException">It is missing.</exception>
    public static void Require(string what)
    {
        // A version that the user named is the user's affair.
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null)
            Require(what, Names);
    }

    /// <summary>As the other one, for libraries of these names.</summary>
    internal static void Require(string what, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
            {
                NativeLibrary.Free(handle);
                return;
            }
        }
        throw new MissingLibraryException($"{what} need OpenSSL, and this system has none: install its package, on Debian with 'apt-get install libssl3 ca-certificates'.", []);
    }
}
