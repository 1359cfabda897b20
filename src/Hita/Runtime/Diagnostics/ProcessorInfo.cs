using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Hita.Runtime.Diagnostics;

/// <summary>What the operating system and the instruction set say about the processor and the memory.</summary>
internal static class ProcessorInfo
{
    public static ProcessorReport Read() => new()
    {
        Model = Model() is { Length: > 0 } model ? model : RuntimeInformation.ProcessArchitecture.ToString(),
        Count = Environment.ProcessorCount,
        VectorInstructions = [.. VectorInstructions()],
    };

    public static long? FreeMemory()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..] && long.TryParse(kilobytes, out var n)
            ? n * 1024
            : null;
    }

    private static IEnumerable<string> VectorInstructions()
    {
        if (Avx2.IsSupported)
            yield return "AVX2";
        if (Fma.IsSupported)
            yield return "FMA";
        if (Avx512F.IsSupported)
            yield return "AVX-512";
        if (Avx512Vbmi.IsSupported)
            yield return "AVX-512 VBMI";
        if (AvxVnni.IsSupported)
            yield return "AVX-VNNI";
        if (AdvSimd.IsSupported)
            yield return "NEON";
        if (Dp.IsSupported)
            yield return "NEON dot product";
    }

    private static string? Model()
    {
        if (OperatingSystem.IsLinux())
        {
            // x86 says "model name"; Arm systems often say nothing more than the architecture.
            return File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':', 2)[^1].Trim();
        }
        return OperatingSystem.IsMacOS() ? MacModel() : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
    }

    private static unsafe string? MacModel()
    {
        var text = new byte[256];
        nint length = text.Length;
        fixed (byte* name = "machdep.cpu.brand_string"u8)
        fixed (byte* target = text)
        {
            return SystemControlByName(name, target, &length, null, 0) == 0 && length > 0
                ? Encoding.UTF8.GetString(text, 0, (int)length).TrimEnd('\0')
                : null;
        }
    }

    [DllImport("libc", EntryPoint = "sysctlbyname")]
    private static extern unsafe int SystemControlByName(byte* name, byte* old, nint* oldLength, byte* fresh, nint freshLength);
}
