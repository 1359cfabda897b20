using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>The messages about pickles.</summary>
internal static class PickleFaults
{
    /// <summary>The pickle is not one that torch.save wrote.</summary>
    public static CheckpointException Damaged(string path, string how) =>
        new(path, $"the description of the tensors (data.pkl) {how}, so the file is damaged or was not written by torch.save.");

    /// <summary>A name outside the allow-list.</summary>
    public static CheckpointException Refused(string path, string module, string name) =>
        new(path, $"the file asks for '{MessageText.Short($"{module}.{name}")}', which weights do not need and which could run code, so it is refused; " +
            "save a plain dictionary of tensors (model.state_dict()) or a safetensors file instead.");
}
