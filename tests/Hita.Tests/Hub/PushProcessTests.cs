using System.Diagnostics;
using System.Text.Json;
using Hita.Imaging;
using Hita.Models;

namespace Hita.Tests.Hub;

/// <summary><c>hita push</c> as a user runs it.</summary>
public sealed class PushProcessTests
{
    [Fact]
    public async Task A_pipeline_is_planned_and_pushed_with_samples_and_a_page()
    {
        await using var hub = await LoopbackHub.Start();
        (hub.Token, hub.Exists) = ("secret", false);
        ModelCreator.Create("tiny", hub["mine"]);
        await File.WriteAllTextAsync(hub["mine/notes.txt"], "x", TestContext.Current.CancellationToken);

        var (planCode, plan, _) = await Push(hub, hub["mine"], hub.Name, "--dry-run");
        Assert.Equal(0, planCode);
        Assert.Contains("owner/name: would be made", plan, StringComparison.Ordinal);
        Assert.Contains("would go  generator/model.safetensors (", plan, StringComparison.Ordinal);
        Assert.Contains("left out: notes.txt", plan, StringComparison.Ordinal);
        Assert.False(hub.Exists);

        var (code, output, error) = await Push(hub, hub["mine"], hub.Name, "--samples", "4", "--license", "mit", "--message", "one", "--json");
        Assert.True(code == 0, error);
        using var report = JsonDocument.Parse(output);
        Assert.Equal(hub.Head, report.RootElement.GetProperty("commit").GetString());
        Assert.Equal("notes.txt", report.RootElement.GetProperty("left_out")[0].GetString());
        Assert.Equal(["one"], hub.Commits);
        Assert.Equal(2 * 64 + 2, ImageDecoder.Decode(hub.Files["samples/classes.png"], "the sheet").Width);
        Assert.StartsWith("---\nlicense: \"mit\"\n", System.Text.Encoding.UTF8.GetString(hub.Files["README.md"]), StringComparison.Ordinal);

        var (badCode, _, fault) = await Push(hub, hub["mine"], "owner");
        Assert.Equal(1, badCode);
        Assert.StartsWith("hita: 'owner' names no repository of the hub", fault, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> Push(LoopbackHub hub, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll"), "push", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HF_ENDPOINT"] = hub.Settings.Endpoint.ToString();
        start.Environment["HF_HUB_CACHE"] = hub.Cache;
        start.Environment["HF_TOKEN"] = hub.Token;
        start.Environment["DOTNET_GCgen0size"] = "0x10000000";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await error);
    }
}
