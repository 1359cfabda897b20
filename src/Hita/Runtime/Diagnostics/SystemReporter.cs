using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hita.Runtime.Diagnostics;

/// <summary>Examines the process and the machine.</summary>
public static class SystemReporter
{
    private static readonly string[] NativeNames = ["torch", "c10", "gomp", "iomp", "omp", "cudart", "cublas", "cudnn"];

    /// <summary>
    /// Loads the tensor library, computes something small on every device, and reports. It does not throw for what is broken:
    /// that becomes a finding.
    /// </summary>
    /// <param name="threads">Threads of one tensor operation, 1 or more; null for the default.</param>
    public static SystemReport Collect(int? threads = null)
    {
        var findings = new List<Finding>();
        var torch = Try("The tensor library does not work", found => ExamineTorch(threads, found), findings);
        var skia = Try("The image library does not load", static _ => SkiaVersion(), findings);
        var cache = Runtime.CacheFolder.Path;
        var writable = CanWrite(cache);
        if (!writable)
        {
            findings.Add(new Finding(
                FindingSeverity.Note,
                $"The cache folder {cache} cannot be written, so the temporary folder is used; choose another with {Runtime.CacheFolder.Variable}."));
        }
        return new SystemReport
        {
            Version = LibraryVersion(),
            DotNet = RuntimeInformation.FrameworkDescription,
            OperatingSystem = RuntimeInformation.OSDescription,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Processor = ProcessorInfo.Read(),
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            FreeMemoryBytes = ProcessorInfo.FreeMemory(),
            Torch = torch,
            Skia = skia,
            CacheFolder = cache,
            CacheFolderWritable = writable,
            Findings = [.. findings.OrderBy(f => f.Severity)],
        };
    }

    /// <summary>The library's version, with the commit it was built from where that is known: <c>0.1.0+1a2b3c4d</c>.</summary>
    public static string LibraryVersion()
    {
        var full = typeof(SystemReporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        return full.IndexOf('+', StringComparison.Ordinal) is var at and > 0 ? full[..Math.Min(full.Length, at + 9)] : full;
    }

    private static T? Try<T>(string what, Func<List<Finding>, T> examine, List<Finding> findings)
        where T : class
    {
        try
        {
            return examine(findings);
        }
        catch (Exception e)
        {
            // The interesting exception lies inside the type initializers that native loading goes through.
            var cause = e;
            while (cause.InnerException is { } inner && cause is not HitaException)
                cause = inner;
            findings.Add(new Finding(FindingSeverity.Broken, $"{what}: {cause.Message.ReplaceLineEndings(" ")}{Remedy()}"));
            return null;
        }
    }

    private static string Remedy() => OperatingSystem.IsWindows()
        ? " The Windows library of this TorchSharp release (0.107.0) is known not to load: use Hita under WSL (Linux) for now."
        : "";

    private static string SkiaVersion()
    {
        SkiaLibrary.Load();
        return $"{typeof(SkiaSharp.SKBitmap).Assembly.GetName().Version?.ToString(3)} (native {SkiaSharp.SkiaSharpVersion.Native})";
    }

    private static TorchReport ExamineTorch(int? threads, List<Finding> findings)
    {
        TorchLibrary.Load();
        return ExamineLoadedTorch(threads, findings);
    }

    // Apart, so that nothing of the managed package is touched before the native library is loaded.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchReport ExamineLoadedTorch(int? threads, List<Finding> findings)
    {
        Compute.UseThreads(threads);
        var working = new List<string>();
        List<string> devices = ["cpu"];
        Check(CPU, "cpu", working, findings);
        var cudaCount = cuda.is_available() ? cuda.device_count() : 0;
        for (var i = 0; i < cudaCount; i++)
        {
            devices.Add($"cuda:{i}");
            Check(new Device(TorchSharp.DeviceType.CUDA, i), $"cuda:{i}", working, findings);
        }
        if (cudaCount == 0)
            findings.Add(new Finding(FindingSeverity.Note, NoCuda()));

        var files = LoadedFiles();
        var description = TorchBuild.Describe(files.FirstOrDefault(f => Path.GetFileName(f).StartsWith("libtorch_cpu", StringComparison.Ordinal)));
        var version = TorchBuild.Version(description);
        if (version is not null && version.Split('+')[0] != TorchLibrary.ExpectedVersion)
        {
            findings.Add(new Finding(
                FindingSeverity.Note,
                $"libtorch {version} is loaded, but {TorchLibrary.ExpectedVersion} is what the managed library was built for: functions may be missing, and a missing one ends the process."));
        }
        return new TorchReport
        {
            Version = version,
            ExpectedVersion = TorchLibrary.ExpectedVersion,
            KernelInstructions = TorchBuild.KernelInstructions(description),
            Threads = get_num_threads(),
            InteropThreads = get_num_interop_threads(),
            Devices = devices,
            Files = files,
            ForeignFolder = TorchLibrary.ForeignFolder,
            LoadSteps = TorchLibrary.Log,
            CheckedDevices = working,
        };
    }

    private static string NoCuda()
    {
        const string Ways = "start a checkout with HITA_TORCH_BACKEND=cuda, or name the torch/lib folder of a CUDA-enabled Python installation with --libtorch.";
        if (OperatingSystem.IsMacOS())
            return "No CUDA device: there is none for this system, so everything runs on the processor.";
        return File.Exists("/proc/driver/nvidia/version")
            ? $"This machine has an NVIDIA driver, but the loaded libtorch finds no CUDA device; to use the GPU, {Ways}"
            : $"No CUDA device was found, so everything runs on the processor; with an NVIDIA GPU and its driver, {Ways}";
    }

    // A product, a convolution and a softmax whose results are known: they go through three different kernel libraries.
    private static void Check(Device device, string name, List<string> working, List<Finding> findings)
    {
        using var scope = NewDisposeScope();
        var a = TensorOps.FromFloats([1, 2, 3, 4, 5, 6], 1, 2, 3).to(device);
        var b = TensorOps.FromFloats([7, 8, 9, 10, 11, 12], 1, 3, 2).to(device);
        var image = TensorOps.FromFloats([1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 1, 3, 3).to(device);
        var kernel = TensorOps.FromFloats([1, 0, 0, -1], 1, 1, 2, 2).to(device);
        var right = a.BatchedProduct(b).ToFloats() is [58, 64, 139, 154] &&
            nn.functional.conv2d(image, kernel).ToFloats() is [-4, -4, -4, -4] &&
            Math.Abs(a.softmax(2).ToFloats().Sum() - 2) < 1e-5;
        if (right)
        {
            working.Add(name);
            return;
        }
        findings.Add(new Finding(
            FindingSeverity.Broken,
            $"A small computation on {name} gave a wrong result: the native library does not fit this machine; try another with --libtorch."));
    }

    private static string[] LoadedFiles()
    {
        using var process = Process.GetCurrentProcess();
        return
        [
            .. process.Modules.Cast<ProcessModule>().Select(m => m.FileName)
                .Where(f => NativeNames.Any(n => Path.GetFileName(f).Contains(n, StringComparison.OrdinalIgnoreCase)))
                .Where(f => !f.EndsWith(".dll", StringComparison.Ordinal) || OperatingSystem.IsWindows())
                .Where(f => Path.GetFileName(f) != "TorchSharp.dll")
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    private static bool CanWrite(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".probe-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
