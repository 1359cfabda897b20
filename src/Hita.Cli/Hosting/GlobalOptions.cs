using System.CommandLine;
using System.Runtime.CompilerServices;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Cli.Hosting;

/// <summary>The options of every command that say what computes and where.</summary>
internal sealed class GlobalOptions
{
    public GlobalOptions()
    {
        NumberOptions.Between(Threads, 1, 4096);
        Device.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !Compute.IsDeviceName(token.Value))
                result.AddError($"--device is '{token.Value}'; it must be cpu, cuda, or cuda:N for the GPU number N.");
        });
    }

    public Option<string?> LibTorch { get; } = new("--libtorch")
    {
        Description = $"Use the libtorch in this folder, for example a Python installation's torch/lib (also: {TorchLibrary.Variable}).",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<int?> Threads { get; } = new("--threads")
    {
        Description = "Threads of one tensor operation; as many as there are processors if left out.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<string> Device { get; } = new("--device")
    {
        Description = "Where tensors are computed: cpu, cuda or cuda:N.",
        HelpName = "DEVICE",
        DefaultValueFactory = static _ => "cpu",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Options.Add(LibTorch);
        root.Options.Add(Threads);
        root.Options.Add(Device);
    }

    /// <summary>Chooses the native library. Must come before the first tensor.</summary>
    public void ChooseLibrary(ParseResult parsed)
    {
        if (parsed.GetValue(LibTorch) is { Length: > 0 } folder)
            TorchLibrary.UseFolder(folder);
    }

    /// <summary>Loads the chosen native library and sets the threads.</summary>
    /// <returns>The device that the command shall use.</returns>
    public Device Prepare(ParseResult parsed)
    {
        ChooseLibrary(parsed);
        return Load(parsed.GetValue(Threads), parsed.GetValue(Device)!);
    }

    /// <summary>Chooses the native library now, and leaves loading it to the one who needs it first.</summary>
    /// <returns>Loads the library and sets the threads; on any thread.</returns>
    public Action PrepareLater(ParseResult parsed)
    {
        ChooseLibrary(parsed);
        var (threads, device) = (parsed.GetValue(Threads), parsed.GetValue(Device)!);
        return () => Load(threads, device);
    }

    private static Device Load(int? threads, string device)
    {
        TorchLibrary.Load();
        return Configure(threads, device);
    }

    // Apart, so that the managed tensor library is not touched before the native one is loaded.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Device Configure(int? threads, string device)
    {
        Compute.UseThreads(threads);
        return Compute.Device(device);
    }
}
