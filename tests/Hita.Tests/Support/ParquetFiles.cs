using Hita.Imaging;
using Parquet;
using Parquet.Schema;

namespace Hita.Tests.Support;

/// <summary>Small Parquet files of images with classes of any type, as programs other than this one write them.</summary>
internal static class ParquetFiles
{
    /// <summary>Writes a file with a column image of bytes and a column of classes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="label">The column of classes.</param>
    /// <param name="count">Rows.</param>
    /// <param name="write">Writes the classes.</param>
    /// <param name="options">How it is packed.</param>
    public static async Task WriteAsync(string path, DataField label, int count, Func<ParquetRowGroupWriter, Task> write, ParquetOptions? options = null)
    {
        var bytes = new DataField("bytes", typeof(byte[]), isNullable: true);
        var schema = new ParquetSchema(new StructField("image", bytes), label);
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, options);
        using var group = writer.CreateRowGroup();
        byte[]?[] images = [.. Enumerable.Range(0, count).Select(Image)];
        await group.WriteAsync(bytes, images);
        await write(group);
    }

    /// <summary>Image number n as a file.</summary>
    public static byte[] Image(int number) => ImageFiles.Encode(ImageFiles.Noise(12, 10, number), ImageFormat.Png);

    /// <summary>Classes that are texts.</summary>
    public static Task WriteTextsAsync(string path, string?[] labels, string column = "label", ParquetOptions? options = null)
    {
        var label = new DataField(column, typeof(string), isNullable: true);
        return WriteAsync(path, label, labels.Length, group => group.WriteAsync(label, labels), options);
    }

    /// <summary>Classes of a plain type, some of which may be missing.</summary>
    public static Task WriteNumbersAsync<T>(string path, T?[] labels, string column = "label", ParquetOptions? options = null)
        where T : struct
    {
        var label = new DataField(column, typeof(T), isNullable: true);
        return WriteAsync(path, label, labels.Length, group => group.WriteAsync<T>(label, labels), options);
    }
}
