using System.Diagnostics;

namespace Hita.Tests.Support;

/// <summary>A checkout of its own for the launcher, with a stand-in for <c>dotnet</c> that records what it is asked to do.</summary>
internal sealed class LauncherCheckout : IDisposable
{
    // Builds by creating the output folder; "runs" by echoing its arguments; exits or waits as the first argument says.
    private const string StandIn = """
        #!/bin/sh
        case $1 in
            --version) echo 10.0.100 ;;
            build)
                echo "$*" >>"$RECORD"
                [ ! -f "$RECORD.slow" ] || sleep 1
                [ ! -f "$RECORD.broken" ] || { echo "Program.cs(1,1): error CS1002: ; expected"; exit 1; }
                while [ "$1" != -o ]; do shift; done
                folder=$(printf %s "$2" | sed "s/%3B/;/g; s/%2C/,/g; s/%27/'/g; s/%24/\$/g; s/%40/@/g; s/%25/%/g")
                mkdir -p "$folder" && : >"$folder/Hita.Cli.dll"
                ;;
            *)
                program=$1
                shift
                echo "ran $(basename "$(dirname "$(dirname "$program")")") gen0=$DOTNET_GCgen0size:" "$@"
                case ${1:-} in
                    exit) exit "$2" ;;
                    wait) while [ ! -f "$2" ]; do sleep 0.1; done ;;
                esac
                ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();

    /// <summary>A checkout whose files and folders are five minutes old.</summary>
    /// <param name="name">The name of its folder.</param>
    public LauncherCheckout(string name = "check out")
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "the launcher is a POSIX shell script");
        Root = _folder[name];
        foreach (var folder in (string[])["src/Hita", "src/Hita.Cli", "build", "models/one/generator"])
            Directory.CreateDirectory(Path.Combine(Root, folder));
        foreach (var file in (string[])["src/Hita/A.cs", "build/TorchBackend.props", "Directory.Build.props", "Directory.Packages.props", "global.json"])
            Write(file, "");
        Write("hita", File.ReadAllText(Path.Combine(TestFiles.Root, "hita")), executable: true);
        Directory.CreateDirectory(_folder["bin"]);
        Write(_folder["bin/dotnet"], StandIn, executable: true);
        foreach (var file in Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-5));
        SetMode(_folder.Path, 0b111_101_101);
    }

    /// <summary>The checkout's folder.</summary>
    public string Root { get; }

    /// <summary>The built programs of the usual variant.</summary>
    public string[] Apps => Directory.GetDirectories(Path.Combine(Root, ".hita", "cpu"), "app-*");

    /// <summary>What the stand-in was asked to build, a line each.</summary>
    public string[] Builds => File.Exists(_folder["record"]) ? File.ReadAllLines(_folder["record"]) : [];

    /// <summary>A path beside the checkout.</summary>
    public string this[string name] => _folder[name];

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes a file; a relative path is the checkout's.</summary>
    public void Write(string path, string text, bool executable = false)
    {
        path = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (executable)
            SetMode(path, 0b111_101_101);
    }

    /// <summary>Changes who may read, write and enter a file or folder.</summary>
    public static void SetMode(string path, int mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)mode);
    }

    /// <summary>Changes a file's or folder's time.</summary>
    public void SetTime(string path, DateTime utc) => File.SetLastWriteTimeUtc(Path.Combine(Root, path), utc);

    /// <summary>Starts the launcher and waits for its end.</summary>
    public (int Code, string Output, string Error) Start(params string[] args) => Start(new LauncherStart { Arguments = args });

    /// <inheritdoc cref="Start(string[])"/>
    public (int Code, string Output, string Error) Start(string[] args, params (string Name, string? Value)[] variables) =>
        Start(new LauncherStart { Arguments = args, Variables = variables });

    /// <inheritdoc cref="Start(string[])"/>
    public (int Code, string Output, string Error) Start(LauncherStart how)
    {
        using var process = Begin(how);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The launcher did not end within a minute.");
        }
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Starts the launcher.</summary>
    public Process Begin(LauncherStart how)
    {
        string[] command = [.. how.Before, .. how.Shell, how.Script ?? Path.Combine(Root, "hita"), .. how.Arguments];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = how.Folder,
        };
        foreach (var name in (string[])["HITA_TORCH_BACKEND", "HITA_LIBTORCH", "HITA_BUILD_DIR", "DOTNET_GCgen0size", "DOTNET_ROOT"])
            start.Environment.Remove(name);
        start.Environment["PATH"] = $"{_folder["bin"]}:/usr/bin:/bin";
        start.Environment["HOME"] = _folder.Path;
        start.Environment["RECORD"] = _folder["record"];
        foreach (var (name, value) in how.Variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

/// <summary>How the launcher is started.</summary>
internal sealed record LauncherStart
{
    public string[] Arguments { get; init; } = [];

    /// <summary>The shell and its options.</summary>
    public string[] Shell { get; init; } = ["/bin/sh"];

    /// <summary>A command that starts the shell, as another user, say.</summary>
    public string[] Before { get; init; } = [];

    /// <summary>Another path of the script.</summary>
    public string? Script { get; init; }

    /// <summary>The working folder.</summary>
    public string Folder { get; init; } = "/";

    /// <summary>Changes of the environment; null removes a variable.</summary>
    public (string Name, string? Value)[] Variables { get; init; } = [];
}
