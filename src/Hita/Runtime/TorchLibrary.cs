using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;

namespace Hita.Runtime;

/// <summary>
/// Finds and loads the native tensor library (libtorch) before the first tensor is made. It happens by itself; a program only
/// comes here to choose another libtorch or to report what was loaded.
/// </summary>
/// <remarks>
/// On Linux the managed package's own loader fails on distributions whose libstdc++ is older than GCC 13 (Debian 12, Ubuntu
/// 22.04); there a marked copy of the small shim library is loaded from the cache folder, see <see cref="ElfVersionNeeds"/>.
/// </remarks>
public static class TorchLibrary
{
    /// <summary>The environment variable that names a folder with another libtorch, for example a Python installation's
    /// <c>torch/lib</c>.</summary>
    public const string Variable = "HITA_LIBTORCH";

    /// <summary>
    /// The application switch (<c>RuntimeHostConfigurationOption</c>) of programs that call <see cref="Load"/> themselves, before
    /// they use tensors on several threads. Without it the library is loaded with the first use of this assembly on systems whose
    /// libstdc++ is too old for the managed package's own loader; elsewhere nothing is loaded early in any case. With it, loading
    /// the managed package alone loads nothing; the first tensor still finds the library.
    /// </summary>
    public const string LazySwitch = "Hita.Runtime.LoadTorchLazily";

    /// <summary>The libtorch version that the managed package was built for.</summary>
    public const string ExpectedVersion = "2.10.0";

    private const string Shim = "libLibTorchSharp.so";
    private const string MissingVersion = "GLIBCXX_3.4.32";
    private static readonly Lock Gate = new();
    private static readonly List<string> Steps = [];
    private static string? _folder;
    private static volatile bool _loaded;

    /// <summary>What was done to load the library, in order; empty before the first use and where nothing was needed.</summary>
    public static IReadOnlyList<string> Log
    {
        get
        {
            lock (Gate)
                return [.. Steps];
        }
    }

    /// <summary>The folder of the foreign libtorch that is in use, or null for the one that came with the program.</summary>
    public static string? ForeignFolder =>
        _folder ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : null);

    /// <summary>Chooses another libtorch. Must come before the first tensor is made.</summary>
    /// <param name="folder">A folder that holds <c>libtorch.so</c>.</param>
    /// <remarks>Programs that call this set <see cref="LazySwitch"/>, or the first use of this assembly may have loaded one.</remarks>
    /// <exception cref="HitaException">The folder holds no libtorch, one is loaded already, or the program brings its own.</exception>
    public static void UseFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        lock (Gate)
        {
            if (_loaded)
                throw new HitaException($"A libtorch is loaded already; name {folder} with {Variable} before the program starts instead.");
            CheckForeign(folder);
            _folder = folder;
        }
    }

    /// <summary>Loads the library now. Does nothing the second time.</summary>
    /// <exception cref="HitaException">A library is missing or does not load; the message says how to mend it.</exception>
    public static void Load()
    {
        if (_loaded)
            return;
        lock (Gate)
        {
            if (_loaded)
                return;
            if (OperatingSystem.IsLinux())
                LoadOnLinux();
            else if (NativePackages.Find(NativePackages.TorchFile(NativePackages.Platform), NativePackages.SearchFolders()) is null)
                LoadFromElsewhere();
            _loaded = true;
        }
    }

    /// <summary>The path a loaded library came from, or null where it is not loaded or the platform does not tell.</summary>
    /// <param name="name">A part of the file name, for example <c>libtorch_cpu.so</c>.</param>
    public static string? LoadedFrom(string name)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        return File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/') is var at and >= 0 ? line[at..] : "")
            .FirstOrDefault(path => System.IO.Path.GetFileName(path).Contains(name, StringComparison.Ordinal));
    }

    // Tensors are first touched deep inside model code, by user code too, perhaps on several threads at once. The event comes on
    // one thread while another already runs the managed package's own loader, which fails for good on old systems. So there the
    // library is loaded now, unless the program promises to load it itself (which keeps commands without tensors quick).
#pragma warning disable CA2255 // A library with a native dependency is what module initializers are for.
    [ModuleInitializer]
    internal static void Watch()
#pragma warning restore CA2255
    {
        if (AppContext.TryGetSwitch(LazySwitch, out var lazy) && lazy)
        {
            // A method that only mentions a tensor's type loads the managed package, which must not cost what the native one does.
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
            return;
        }
        if (AppDomain.CurrentDomain.GetAssemblies().Any(IsTorchSharp))
        {
            LoadEarly();
            return;
        }
        AppDomain.CurrentDomain.AssemblyLoad += static (_, e) =>
        {
            if (IsTorchSharp(e.LoadedAssembly))
                LoadEarly();
        };
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && LacksMissingVersion())
            LoadEarly();
    }

    // Raised where the managed package's own loader has just failed: before it gives up for good.
    private static nint Resolve(Assembly caller, string name)
    {
        if (!OperatingSystem.IsLinux() || !IsTorchSharp(caller) || !name.Contains("LibTorchSharp", StringComparison.Ordinal))
            return 0;
        LoadEarly();
        return NativeLibrary.TryLoad(Shim, out var library) ? library : 0;
    }

    private static void LoadEarly()
    {
        try
        {
            if (OperatingSystem.IsLinux())
                Load();
        }
        catch (HitaException)
        {
            // Much of this assembly works without tensors; who needs them gets the message from the next attempt.
        }
    }

    // The runtime itself has the C++ library in memory; its file names the versions that it has.
    private static bool LacksMissingVersion()
    {
        try
        {
            return LoadedFrom("libstdc++.so") is { } path &&
                File.ReadAllBytes(path).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(MissingVersion + "\0")) < 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    // The managed package's own loader also looks into the package folder, and a program may have loaded a library itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LoadFromElsewhere()
    {
        try
        {
            TorchSharp.torch.InitializeDeviceType(TorchSharp.DeviceType.CPU);
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException)
        {
            throw NativePackages.Missing(NativePackages.SearchFolders(), NativePackages.Platform, e);
        }
    }

    private static bool IsTorchSharp(Assembly assembly) => assembly.GetName().Name == "TorchSharp";

    private static void LoadOnLinux()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new HitaException(
                $"The tensor library exists for Linux on x64 only, this process runs on {RuntimeInformation.ProcessArchitecture}.");
        }

        WaitPolicy.PreferSleeping();
        var shim = SearchFolders().Select(f => System.IO.Path.Combine(f, Shim)).FirstOrDefault(File.Exists)
            ?? throw new HitaException($"The native library {Shim} is not beside the program; restore and build it again.");
        if (ForeignFolder is { } foreign)
        {
            CheckForeign(foreign);
            LoadTorch(foreign);
            LoadCopyOrOriginal(shim);
            return;
        }

        if (NativeLibrary.TryLoad(shim, out _))
        {
            Steps.Add($"loaded {shim}");
            return;
        }
        var own = SearchFolders().FirstOrDefault(HoldsTorch) ?? throw NativePackages.Missing(SearchFolders(), NativePackages.Platform);
        LoadTorch(own);
        LoadCopyOrOriginal(shim);
    }

    private static void LoadTorch(string folder)
    {
        // The order matters: each needs the one before it, and a CUDA build registers its kernels when libtorch_cuda is loaded.
        foreach (var name in (ReadOnlySpan<string>)["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"])
        {
            var path = System.IO.Path.Combine(folder, name);
            if (!File.Exists(path))
                continue;
            Open(path);
            Steps.Add($"loaded {path}");
        }
    }

    private static void LoadCopyOrOriginal(string shim)
    {
        if (NativeLibrary.TryLoad(shim, out _))
        {
            Steps.Add($"loaded {shim}");
            return;
        }
        var image = File.ReadAllBytes(shim);
        var name = $"{Convert.ToHexStringLower(SHA256.HashData(image))[..16]}-{Shim}";
        if (!ElfVersionNeeds.MarkWeak(image, MissingVersion))
            throw new HitaException($"{shim} does not load, and not for the known reason ({MissingVersion}); 'hita doctor' says more.");
        if (KeptCopy(image, name) is { } copy && NativeLibrary.TryLoad(copy, out _))
        {
            Steps.Add($"loaded {copy}, a copy of {shim} in which {MissingVersion} is optional");
            return;
        }
        // The cache folder cannot be written, or nothing in it may be executed.
        using var memory = MemoryFile.Create(Shim, image)
            ?? throw new HitaException($"No folder was found from which libraries can be loaded: name one with {CacheFolder.Variable}.");
        Open(memory.Path);
        Steps.Add($"loaded a copy of {shim} from memory, in which {MissingVersion} is optional");
    }

    private static void Open(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw NativeLoadFault.Explain(path, e);
        }
    }

    // The copy in the cache folder, written where it is not there yet; null where it cannot be.
    private static string? KeptCopy(byte[] image, string name)
    {
        try
        {
            var target = System.IO.Path.Combine(CacheFolder.Create("native"), name);
            if (File.Exists(target) && File.ReadAllBytes(target).AsSpan().SequenceEqual(image))
                return target;
            // Two first starts at once must not see half a file.
            AtomicFile.Write(target, stream => stream.Write(image));
            return target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            return null;
        }
    }

    private static void CheckForeign(string folder)
    {
        if (!HoldsTorch(folder))
        {
            throw new HitaException(
                $"{folder} holds no libtorch (libtorch.so and libtorch_cpu.so); name the 'lib' folder of a libtorch or of a Python installation's torch.");
        }
        // The managed loader opens a libtorch that lies beside the program by its full path. Two of them in one process would
        // register every operator twice and abort.
        var own = SearchFolders().FirstOrDefault(HoldsTorch);
        if (own is not null && !SamePath(own, folder))
        {
            throw new HitaException(
                $"This program brings its own libtorch ({own}), so {folder} cannot be used beside it: build with -p:TorchBackend=none, or start it through ./hita, which does.");
        }
    }

    private static bool SamePath(string a, string b) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(a)) ==
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(b));

    private static bool HoldsTorch(string folder) =>
        File.Exists(System.IO.Path.Combine(folder, "libtorch_cpu.so")) && File.Exists(System.IO.Path.Combine(folder, "libtorch.so"));

    private static IEnumerable<string> SearchFolders() => NativePackages.SearchFolders();
}
