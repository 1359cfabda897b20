using System.Diagnostics;

namespace Hita.Tests.Generation.Engine;

/// <summary>The same tests on processors that this one can pretend to be.</summary>
[Trait("Category", "Slow")]
public sealed class PlainProcessorTests
{
    [Theory]
    [InlineData("DOTNET_EnableHWIntrinsic", "0")]
    [InlineData("DOTNET_EnableAVX2", "0")]
    [InlineData("DOTNET_EnableAVX512", "0")]
    [InlineData("DOTNET_MaxVectorTBitWidth", "512")]
    [InlineData("DOTNET_MaxVectorTBitWidth", "128")]
    public async Task Kernels_and_sampling_are_right_without_some_instructions(string variable, string value)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Hita.Tests.exe" : "Hita.Tests"))
        {
            ArgumentList = { "--filter-class", "*.KernelTests", "--filter-class", "*.FrameworkParityTests", "--filter-class", "*.VectorMathTests" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, text + await errors);
        Assert.DoesNotContain("total: 0", text, StringComparison.Ordinal);
    }
}
