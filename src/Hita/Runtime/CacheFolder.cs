namespace Hita.Runtime;

/// <summary>The per-user folder for things that can be made again: marked native libraries, packed weights.</summary>
public static class CacheFolder
{
    /// <summary>The environment variable that moves the folder.</summary>
    public const string Variable = "HITA_CACHE";

    /// <summary>
    /// The folder's path: <c>HITA_CACHE</c>, else <c>XDG_CACHE_HOME/hita</c>, else the platform's local data folder, else the
    /// temporary folder. Nothing is created.
    /// </summary>
    public static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
                return System.IO.Path.GetFullPath(chosen);
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg)
                return System.IO.Path.Combine(xdg, "hita");
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            if (OperatingSystem.IsWindows())
                home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return home.Length == 0
                ? System.IO.Path.Combine(System.IO.Path.GetTempPath(), "hita")
                : System.IO.Path.Combine(home, OperatingSystem.IsWindows() ? "hita" : System.IO.Path.Combine(".cache", "hita"));
        }
    }

    /// <summary>Creates a subfolder of the cache, or of the temporary folder where the cache cannot be written.</summary>
    /// <param name="name">The subfolder's name.</param>
    /// <returns>The full path of a folder that exists.</returns>
    public static string Create(string name)
    {
        try
        {
            return Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var own = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hita-{Environment.UserName}", name);
            return Directory.CreateDirectory(own).FullName;
        }
    }
}
