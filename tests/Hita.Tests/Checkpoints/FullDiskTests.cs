using Hita.Checkpoints;
using Hita.Data;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training.TokenCaches;

namespace Hita.Tests.Checkpoints;

/// <summary>Writing onto a disk that is too small: one sentence with the name that was given, what it needs, and what to do.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public void A_model_that_does_not_fit_is_refused_under_its_own_name_with_the_bytes_it_needs()
    {
        using var disk = new SmallDisk(1 << 20);
        var entries = new[] { "a", "b", "c", "d" }.Select(static n => new TensorEntry(n, TensorType.Float32, [500, 1000])).ToList();
        var bytes = new byte[2_000_000];
        new Random(1).NextBytes(bytes);
        var fault = Assert.Throws<CheckpointException>(() =>
        {
            using var writer = new ModelFolderWriter(disk["model"], "{}", entries);
            foreach (var entry in entries)
                writer.Write(entry.Name, bytes);
            writer.Complete();
        });
        Assert.Equal($"{disk["model"]}: the disk is full, and 8.0 MB are needed; free some space or choose another place.", fault.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));

        fault = Assert.Throws<CheckpointException>(() =>
        {
            using var writer = new SafetensorsWriter(disk["w.safetensors"], [entries[0]]);
            writer.Write("a", bytes);
            writer.Complete();
        });
        Assert.Equal($"{disk["w.safetensors"]}: the disk is full, and 2.0 MB are needed; free some space or choose another place.", fault.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
    }

    [Fact]
    public void Files_beside_the_weights_are_told_under_the_models_name_too()
    {
        using var disk = new SmallDisk(1 << 20);
        var fault = Assert.Throws<CheckpointException>(() =>
        {
            using var writer = new ModelFolderWriter(disk["model"], "{}", [new TensorEntry("a", TensorType.Float32, [1])]);
            writer.Write("a", new byte[4]);
            writer.WriteBeside(static staging => File.WriteAllBytes(Path.Combine(staging, "class_names.txt"), new byte[2 << 20]));
        });
        Assert.StartsWith($"{disk["model"]}: the disk is full", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(".tmp", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_cache_names_the_file_and_goes_on_when_there_is_space()
    {
        using var disk = new SmallDisk(1 << 20);
        var info = new TokenCacheInfo
        {
            ModelHash = new string('0', 32),
            CodebookSize = 1 << 16,
            HolisticTokenCount = 0,
            GridHeight = 64,
            GridWidth = 64,
            Variants = 1,
            ImageSize = 1024,
            Crop = CropMethod.Center,
            Flip = false,
            TenCropScales = [1.1],
            Source = "made up",
            Images = 100,
            ClassNames = [],
        };
        var codes = new ImageCodes([], new int[4096], 64, 64);
        File.WriteAllBytes(disk["ballast"], new byte[700_000]);
        var fault = Assert.Throws<CheckpointException>(() => Fill(100));
        Assert.Equal(
            $"{disk["cache/codes.bin"]}: the disk is full, and the other 60 of 100 images need 491 KB; free some space and run 'hita tokenize' again, which goes on where it was.",
            fault.Message);
        File.Delete(disk["ballast"]);
        Fill(100);
        using var cache = TokenCache.Open(disk["cache"]);
        Assert.Equal(100, cache.Count);

        void Fill(int count)
        {
            using var writer = TokenCacheWriter.Open(disk["cache"], info);
            for (var i = writer.Done; i < count; i++)
            {
                writer.Write(0, [codes]);
                if (i % 20 == 19)
                    writer.Commit();
            }
            writer.Commit();
        }
    }

    [Fact]
    public void The_systems_words_are_told_without_the_temporary_names_in_them()
    {
        Assert.Equal("Could not find a part of", SystemMessage.Of(new IOException("Could not find a part of the path '/a/.b.safetensors.0123.tmp'.")));
        Assert.Equal("Input/output error", SystemMessage.Of(new IOException("Input/output error : '/a/.b.tmp'")));
        Assert.Equal("The process cannot access because it is being used by another process", SystemMessage.Of(new IOException("The process cannot access the file '/a/b' because it is being used by another process.")));
    }
}
