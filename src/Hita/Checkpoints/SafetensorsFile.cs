using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>A safetensors file, read through memory mappings.</summary>
public sealed class SafetensorsFile : TensorSource
{
    private readonly CheckpointBytes _file;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(CheckpointBytes file, SafetensorsHeader header)
        : base(file.Path)
    {
        _file = file;
        _header = header;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens the file and checks its header against its length.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened or is not a whole safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = CheckpointBytes.Open(path);
        try
        {
            return new SafetensorsFile(file, SafetensorsHeader.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        _file.Read(_header.Starts[entry.Name] + byteOffset, destination);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}
