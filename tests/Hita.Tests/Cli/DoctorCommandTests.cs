using System.Text.Json;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;
using Hita.Tokenization.Model;

namespace Hita.Tests.Cli;

public sealed class DoctorCommandTests
{
    [Fact]
    public void It_says_what_is_used_and_that_all_is_well()
    {
        var (code, output, error) = CommandLine.Run("doctor");
        Assert.Equal(0, code);
        Assert.Empty(error);
        foreach (var label in (string[])[".NET", "Processor", "Vectors", "Memory", "Cache", "ResNet-18", "libtorch", "Devices", "Threads", "Files", "Loading"])
            Assert.Matches($@"(?m)^  {label.Replace(".", "\\.", StringComparison.Ordinal)} +\S", output);
        Assert.Contains("results are right on cpu", output, StringComparison.Ordinal);
        Assert.EndsWith($"Hita is ready.{Environment.NewLine}", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_holds_the_same_facts_for_programs()
    {
        var (code, output, _) = CommandLine.Run("doctor", "--json", "--threads", "1");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        var torch = json.RootElement.GetProperty("torch");
        Assert.False(json.RootElement.GetProperty("broken").GetBoolean());
        Assert.Equal(1, torch.GetProperty("threads").GetInt32());
        Assert.Equal("cpu", torch.GetProperty("checked_devices")[0].GetString());
        Assert.Equal(ResNet18Weights.Find(), json.RootElement.TryGetProperty("resnet18", out var encoder) ? encoder.GetString() : null);
        Assert.Equal(ResNet18Weights.Find() is null, output.Contains("dotnet package download", StringComparison.Ordinal));
        Assert.True(json.RootElement.GetProperty("memory_bytes").GetInt64() > 1 << 28);
        Compute.UseThreads(Environment.ProcessorCount);
    }

    [Fact]
    public void The_native_library_tells_its_own_version_and_where_it_came_from()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the version is read through the GNU C++ library's layout");
        var torch = SystemReporter.Collect().Torch!;
        Assert.Equal(TorchLibrary.ExpectedVersion, torch.Version!.Split('+')[0]);
        Assert.Contains(torch.KernelInstructions, new[] { "DEFAULT", "AVX2", "AVX512" });
        Assert.Contains(torch.Files, f => Path.GetFileName(f) == "libtorch_cpu.so" && File.Exists(f));
        Assert.Contains(torch.Files, f => f.EndsWith("libLibTorchSharp.so", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_without_a_libtorch_is_refused_by_name()
    {
        var (code, _, error) = CommandLine.Run("doctor", "--libtorch", Path.GetTempPath());
        Assert.Equal(1, code);
        Assert.StartsWith("hita: ", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
