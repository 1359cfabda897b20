using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Runtime;

/// <summary>Files and folders that are there whole or not at all.</summary>
public sealed class AtomicFileTests
{
    [Theory]
    [InlineData(28, true)]
    [InlineData(69, true)]
    [InlineData(122, true)]
    [InlineData(unchecked((int)0x80070070), true)]
    [InlineData(unchecked((int)0x80070027), true)]
    [InlineData(5, false)]
    [InlineData(unchecked((int)0x80070020), false)]
    public void A_full_disk_is_told_from_other_faults_on_every_system(int number, bool full)
    {
        var fault = new IOException("Something about '/a/.b.1234.tmp'.", number);
        Assert.Equal(full, DiskFault.IsFull(fault));
        Assert.Equal(full, DiskFault.IsFull(new HitaException("outside", fault)));
        // Never the path: it is that of a file that nobody has named.
        Assert.Equal(full ? "the disk is full" : "Something about", DiskFault.Reason(fault));
        Assert.False(DiskFault.IsFull(new InvalidOperationException { HResult = number }));
    }

    [Fact]
    public void A_text_replaces_what_was_there_and_leaves_nothing_beside_it()
    {
        using var folder = new TemporaryFolder();
        AtomicFile.WriteText(folder["new/a.txt"], "first");
        AtomicFile.WriteText(folder["new/a.txt"], "größer");
        Assert.Equal("größer"u8.ToArray(), File.ReadAllBytes(folder["new/a.txt"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["new"]));
    }

    [Fact]
    public void A_file_that_cannot_be_finished_leaves_the_old_one_and_says_why()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.txt"], "old");
        var thrown = Assert.Throws<CheckpointException>(() => AtomicFile.Write(folder["a.txt"], static stream =>
        {
            stream.Write("half"u8);
            throw new IOException("No space left on device : '/somewhere/.a.txt.tmp'", 28);
        }));
        Assert.Equal($"{folder["a.txt"]}: the disk is full; free some space or choose another place.", thrown.Message);
        Assert.Throws<FormatException>(() => AtomicFile.Write(folder["a.txt"], static _ => throw new FormatException()));
        Assert.Equal("old", File.ReadAllText(folder["a.txt"]));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["a"]);
        Assert.Contains("this is a folder", Assert.Throws<CheckpointException>(() => AtomicFile.WriteText(folder["a"], "")).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder["a"]));
    }

    [Fact]
    public void A_folder_replaces_the_one_before_it_only_when_it_is_complete()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["set"]);
        File.WriteAllText(folder["set/old.txt"], "");
        using (var left = new AtomicFolder(folder["set"]))
            File.WriteAllText(Path.Combine(left.StagingFolder, "half.txt"), "");
        Assert.Equal(["old.txt"], Names(folder["set"]));
        using (var whole = new AtomicFolder(folder["set"] + Path.DirectorySeparatorChar))
        {
            File.WriteAllText(Path.Combine(whole.StagingFolder, "new.txt"), "");
            whole.Complete();
        }
        Assert.Equal(["new.txt"], Names(folder["set"]));
        Assert.Equal(["set"], Names(folder.Path));
    }

    [Fact]
    public void A_file_in_the_place_of_a_folder_stays()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["set"], "mine");
        using (var refused = new AtomicFolder(folder["set"]))
            Assert.ThrowsAny<IOException>(refused.Complete);
        Assert.Equal("mine", File.ReadAllText(folder["set"]));
        Assert.Equal(["set"], Names(folder.Path));
    }

    [Fact]
    public void What_a_kill_left_is_removed_or_put_back()
    {
        using var folder = new TemporaryFolder();
        const string Id = "0123456789abcdef0123456789abcdef";
        // With a dot before it, or as older versions wrote it. What has no such number is somebody's own.
        string[] mine = ["mine.old", "mine.tmp", "step-1.aa.old", "step-3.old", "step-3.tmp"];
        foreach (var name in (string[])["step-1", $".step-1.{Id}.old", $"step-2.{Id}.old", $".step-3.{Id}.tmp", $"step-4.{Id}.tmp", $".step-5.{Id}.old", $".other.{Id}.tmp", .. mine])
        {
            Directory.CreateDirectory(folder[name]);
            File.WriteAllText(folder[$"{name}/{name}"], "");
        }
        File.WriteAllText(folder[$".step-3.{Id}.lock"], "");
        AtomicFolder.CleanUp(folder.Path, static n => n.StartsWith("step-", StringComparison.Ordinal));
        Assert.Equal([$".other.{Id}.tmp", .. mine[..2], "step-1", mine[2], "step-2", mine[3], mine[4], "step-5"], Names(folder.Path));
        Assert.Equal([$"step-2.{Id}.old"], Names(folder["step-2"]));
        Assert.Equal([$".step-5.{Id}.old"], Names(folder["step-5"]));
    }

    [Fact]
    public void What_a_kill_left_of_a_folder_is_removed_by_the_next_attempt_but_not_what_another_process_is_at()
    {
        using var folder = new TemporaryFolder();
        const string Id = "0123456789abcdef0123456789abcdef";
        Directory.CreateDirectory(folder[$".set.{Id}.tmp"]);
        File.WriteAllText(folder[$".set.{Id}.lock"], "");
        Directory.CreateDirectory(folder[$".set.{Id[..31]}0.old"]);
        File.WriteAllText(folder[$".set.{Id[..31]}0.old/old.txt"], "");
        Directory.CreateDirectory(folder["set.old"]);
        using var first = new AtomicFolder(folder["set"]);
        Assert.StartsWith(".set.", Path.GetFileName(first.StagingFolder), StringComparison.Ordinal);
        Assert.Equal(["old.txt"], Names(folder["set"]));
        using (var second = new AtomicFolder(folder["set"]))
            Assert.True(Directory.Exists(first.StagingFolder));
        first.Complete();
        first.Dispose();
        Assert.Empty(Names(folder["set"]));
        Assert.Equal(["set", "set.old"], Names(folder.Path));
    }

    private static IEnumerable<string?> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
