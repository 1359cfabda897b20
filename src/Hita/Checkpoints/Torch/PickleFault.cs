using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>The sentences about pickles that are refused.</summary>
internal static class PickleFault
{
    /// <summary>The pickle is damaged or was never one.</summary>
    public static CheckpointException Wrong(string path, string how) =>
        new(path, $"the pickle that describes the tensors is damaged or not one that torch.save wrote: {how}.");

    /// <summary>The pickle asks for something that is not on the list of what may be read.</summary>
    public static CheckpointException Asks(string path, string name) =>
        new(path, $"the pickle asks for {MessageText.Short(name)}, which is not among the plain data that weight files need and is never run; if you trust the file, load it in Python and save only its tensors, with torch.save(model.state_dict(), ...) or as safetensors.");
}
