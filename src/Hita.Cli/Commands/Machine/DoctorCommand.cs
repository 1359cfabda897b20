using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Distributed;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;
using Hita.Runtime.Products;
using Hita.Tokenization.Model;

namespace Hita.Cli.Commands.Machine;

/// <summary><c>hita doctor</c>: what is used, from where, what is missing, and how to mend it.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandHost host)
    {
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "doctor",
            "Show what Hita computes with: libraries, device, threads, vector instructions, and what is missing and how to fix it.",
            "hita doctor",
            "hita doctor --json",
            "hita doctor --libtorch ~/venv/lib/python3.12/site-packages/torch/lib")
        {
            json,
        };
        command.SetAction(parsed => Run(host, parsed, parsed.GetValue(json)));
        return command;
    }

    private static int Run(CommandHost host, ParseResult parsed, bool json)
    {
        host.Globals.ChooseLibrary(parsed);
        // Together with the others first: they wait for each other, and only one of them prints.
        var (cluster, finding, isFirst) = ClusterReporter.Collect();
        if (!isFirst)
        {
            if (finding is null)
                return ExitCodes.Success;
            // Launchers end the other ranks as soon as one fails, the one that prints among them.
            host.Terminal.Line(PrintableText.Escape(finding.Message));
            return ExitCodes.Failure;
        }
        var report = WithEncoder(LinearReporter.AddTo(SystemReporter.Collect(parsed.GetValue(host.Globals.Threads)))) with { Cluster = cluster };
        if (finding is not null)
            report = report with { Findings = [finding, .. report.Findings] };
        if (json)
            JsonOutput.Write(host.Terminal, report);
        else
            Print(host.Terminal, report);
        return report.Broken ? ExitCodes.Failure : ExitCodes.Success;
    }

    // Only trainings with it and metrics by its features need it.
    private static SystemReport WithEncoder(SystemReport report) => ResNet18Weights.Find() is { } file
        ? report with { ResNet18 = file }
        : report with { Findings = [.. report.Findings, new Finding(FindingSeverity.Note, $"ResNet-18 was not found; the bundled pipeline needs it to read and edit images, and so do trainings that look through it and 'hita evaluate features'. {ResNet18Weights.Absence}")] };

    private static void Print(Terminal terminal, SystemReport report)
    {
        terminal.Heading("System");
        terminal.Fields(
        [
            ("Hita", report.Version),
            (".NET", report.DotNet),
            ("System", $"{report.OperatingSystem}, {report.Architecture}"),
            ("Processor", $"{report.Processor.Model}, {report.Processor.Count} usable"),
            ("Vectors", report.Processor.VectorInstructions is { Count: > 0 } v ? string.Join(", ", v) : "none that Hita has code for"),
            ("Memory", Memory(report)),
            ("Cache", $"{report.CacheFolder} ({(report.CacheFolderWritable ? "writable" : "not writable")})"),
            ("Images", report.Skia is { } skia ? $"Skia {skia}" : "not loaded"),
            ("ResNet-18", report.ResNet18 ?? "not found"),
        ]);
        terminal.Line();
        terminal.Heading("Tensors");
        terminal.Fields(report.Torch is { } torch ? [.. Describe(torch), .. Linear(report)] : [("libtorch", "not loaded")]);
        if (report.Cluster is { } cluster)
        {
            terminal.Line();
            terminal.Heading("Several machines");
            terminal.Fields(Describe(cluster));
        }
        foreach (var (severity, title) in (ReadOnlySpan<(FindingSeverity, string)>)
            [(FindingSeverity.Broken, "Broken"), (FindingSeverity.Note, "Notes")])
        {
            var findings = report.Findings.Where(f => f.Severity == severity).ToList();
            if (findings.Count == 0)
                continue;
            terminal.Line();
            terminal.Heading(title);
            foreach (var finding in findings)
                terminal.Line($"  {finding.Message}");
        }
        terminal.Line();
        terminal.Line(report.Broken ? "Hita cannot compute here until the broken parts are fixed." : "Hita is ready.");
    }

    private static List<Field> Describe(TorchReport torch)
    {
        var version = torch.Version ?? "of unknown version";
        return
        [
            ("libtorch", $"{version} (made for {torch.ExpectedVersion}), {(torch.ForeignFolder is null ? "came with the program" : "your own")}"),
            ("Kernels", torch.KernelInstructions ?? "unknown"),
            ("Devices", string.Join(", ", torch.Devices)),
            ("Checked", torch.CheckedDevices is { Count: > 0 } c ? $"results are right on {string.Join(", ", c)}" : "results are wrong"),
            ("Threads", $"{torch.Threads} in an operation, {torch.InteropThreads} between operations"),
            new("Files", torch.Files),
            new("Loading", torch.LoadSteps is { Count: > 0 } steps ? steps : ["nothing special was needed"]),
        ];
    }

    private static IEnumerable<Field> Linear(SystemReport report)
    {
        if (report.LinearLayers is { } layers)
            yield return new("Linear layers", [.. layers.Select(Describe)]);
    }

    private static string Describe(LinearReport linear)
    {
        var rates = string.Join(", ", linear.Rates.Select(static r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} {r.Value / 1e9:0}")));
        var why = linear.Origin switch
        {
            "pinned" => "pinned by HITA_LINEAR",
            "rule" => "the choice cannot be kept, so none was measured",
            var origin => $"{origin}: {rates} GFLOP/s a thread",
        };
        return $"{linear.Kernel} in {CommonOptions.Name(linear.Precision)}{(linear.Training ? ", training" : "")} ({why})";
    }

    private static List<Field> Describe(ClusterReport cluster) =>
    [
        ("MPI", cluster.Mpi ?? "not found; training on several machines needs it"),
        ("NCCL", cluster.Nccl ?? "not found; ranks with GPUs exchange through the host's memory"),
        ("Ranks", cluster.Checked ?? (cluster.Launcher is { } launcher ? $"{cluster.Ranks}, by {launcher}" : "this process alone")),
    ];

    private static string Memory(SystemReport report)
    {
        var free = report.FreeMemoryBytes is { } bytes ? $", {Gibibytes(bytes)} free" : "";
        return $"{Gibibytes(report.MemoryBytes)} usable{free}";
    }

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
