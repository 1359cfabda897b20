namespace Hita.Data;

/// <summary>How a set of images is stored.</summary>
public enum DataFormat
{
    /// <summary>A folder of class folders.</summary>
    ClassFolders,

    /// <summary>A folder of images without classes.</summary>
    Folder,

    /// <summary>Tar archives: WebDataset shards or class folders.</summary>
    Tar,

    /// <summary>Parquet files as the hub stores images.</summary>
    Parquet,

    /// <summary>The published LMDB layout.</summary>
    Lmdb,

    /// <summary>The built-in set.</summary>
    Materials,
}
