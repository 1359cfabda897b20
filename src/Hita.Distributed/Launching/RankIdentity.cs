using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text;

namespace Hita.Distributed.Launching;

/// <summary>Which program a rank is, and where it runs, in a form that ranks exchange before anything else.</summary>
/// <param name="Build">16 bytes that are the same where the program is the same.</param>
/// <param name="Version">Its version, for people.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process's number there.</param>
internal sealed record RankIdentity(byte[] Build, string Version, string Host, int ProcessId)
{
    /// <summary>Bytes of the form that is exchanged. It stays the same for ever, so that builds that differ can still tell.</summary>
    public const int Length = BuildLength + VersionLength + HostLength + 4;

    private const int BuildLength = 16;
    private const int VersionLength = 64;
    private const int HostLength = 96;

    private static readonly Lazy<byte[]> OwnBuild = new(FindBuild);

    /// <summary>This process.</summary>
    public static RankIdentity OfThisProcess() => new(OwnBuild.Value, OwnVersion(), Environment.MachineName, Environment.ProcessId);

    /// <summary>Machine and process, for people.</summary>
    public string Place => $"host {Host}, process {ProcessId}";

    /// <summary>Writes it.</summary>
    /// <param name="target"><see cref="Length"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        target[..Length].Clear();
        Build.CopyTo(target);
        Text(Version, target.Slice(BuildLength, VersionLength));
        Text(Host, target.Slice(BuildLength + VersionLength, HostLength));
        BinaryPrimitives.WriteInt32LittleEndian(target[(Length - 4)..], ProcessId);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static RankIdentity Read(ReadOnlySpan<byte> source) => new(
        source[..BuildLength].ToArray(),
        Text(source.Slice(BuildLength, VersionLength)),
        Text(source.Slice(BuildLength + VersionLength, HostLength)),
        BinaryPrimitives.ReadInt32LittleEndian(source[(Length - 4)..]));

    private static void Text(string text, Span<byte> target) => Encoding.UTF8.GetEncoder().Convert(text, target, flush: true, out _, out _, out _);

    private static string Text(ReadOnlySpan<byte> source) => Encoding.UTF8.GetString(source.TrimEnd((byte)0));

    private static string OwnVersion() =>
        typeof(RankIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "of unknown version";

    // Each build of an assembly has a number of its own, which follows from its source; all of the program's own count.
    private static byte[] FindBuild()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = Directory.EnumerateFiles(AppContext.BaseDirectory, "Hita*.dll").Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            hash.AppendData(ModuleOf(file).ToByteArray());
        }
        // A program in a single file has none beside it.
        if (files.Count == 0)
        {
            hash.AppendData((Assembly.GetEntryAssembly() ?? typeof(RankIdentity).Assembly).ManifestModule.ModuleVersionId.ToByteArray());
            hash.AppendData(typeof(RankIdentity).Assembly.ManifestModule.ModuleVersionId.ToByteArray());
        }
        return hash.GetHashAndReset()[..BuildLength];
    }

    private static Guid ModuleOf(string file)
    {
        using var stream = File.OpenRead(file);
        using var image = new PEReader(stream);
        if (!image.HasMetadata)
            return Guid.Empty;
        var metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }
}
