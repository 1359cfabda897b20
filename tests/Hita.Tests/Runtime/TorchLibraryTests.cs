using System.Diagnostics;
using Hita.Tests.Support;
using Microsoft.CodeAnalysis;

namespace Hita.Tests.Runtime;

public sealed class TorchLibraryTests
{
    // In a process of its own, because this one has loaded the library long ago.
    private const string Program = """
        using TorchSharp;

        var failures = 0;
        Console.WriteLine(Hita.Runtime.CacheFolder.Path);
        using var start = new Barrier(6);
        var threads = Enumerable.Range(0, 6).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                Use(i);
            }
            catch (Exception e)
            {
                Interlocked.Increment(ref failures);
                Console.WriteLine(e.GetType());
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        return failures;

        // Apart, because threads that wait for the same method to be compiled do not race.
        static void Use(int i)
        {
            if (i % 2 == 0)
                UseDirectly();
            else
                UseThroughLibrary();
        }

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void UseDirectly() => torch.ones(3).Dispose();

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void UseThroughLibrary() => Hita.Runtime.TensorOps.FromFloats([1, 1, 1], 3).Dispose();
        """;

    [Theory]
    [InlineData(null)]
    [InlineData("/dev/null/none")] // a user without a home whose temporary folder cannot be written either
    public async Task The_first_tensors_may_be_made_on_several_threads_at_once(string? folderForFiles)
    {
        var home = AppContext.BaseDirectory;
        var name = $"first-use-{Guid.NewGuid():N}.dll";
        var path = Path.Combine(home, name);
        try
        {
            var compilation = SourceCompiler.Compile(Program, OutputKind.ConsoleApplication).WithAssemblyName(Path.GetFileNameWithoutExtension(name));
            Assert.Empty(SourceCompiler.Errors(compilation));
            Assert.True(compilation.Emit(path).Success);
            var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach (var argument in (string[])
                ["exec", "--depsfile", Path.Combine(home, "Hita.Tests.deps.json"), "--runtimeconfig", Path.Combine(home, "Hita.Tests.runtimeconfig.json"), path])
                start.ArgumentList.Add(argument);
            if (folderForFiles is not null)
            {
                foreach (var variable in (string[])["HITA_CACHE", "TMPDIR"])
                    start.Environment[variable] = folderForFiles;
                start.Environment["DOTNET_EnableDiagnostics"] = "0";
            }
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, output + await error);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
