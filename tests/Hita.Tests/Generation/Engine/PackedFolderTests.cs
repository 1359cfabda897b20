using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Generation.Engine;

/// <summary>Packed weights beside their model.</summary>
public sealed class PackedFolderTests
{
    [Fact]
    public void A_model_folder_keeps_its_packed_weights_and_can_still_be_replaced()
    {
        using var folder = new TemporaryFolder();
        ModelCreator.Create("tiny", folder["tiny"]);
        var generator = folder["tiny/generator"];
        var packed = Path.Combine(generator, ModelFolder.PackedName);
        Sample(Precision.Float32);
        Sample(Precision.Int8);
        Sample(Precision.Int8);
        Assert.Equal(2, Directory.GetFiles(packed, "*.packed").Length);
        Assert.Equal(2, Directory.GetFileSystemEntries(packed).Length);

        // Writing the model again takes its packed weights away; foreign files it does not touch.
        ModelCreator.Create("tiny", folder["tiny"], seed: 2);
        Assert.False(Directory.Exists(packed));
        Sample(Precision.Int8);
        File.WriteAllText(Path.Combine(packed, "notes.txt"), "mine");
        Assert.Throws<CheckpointException>(() => ModelCreator.Create("tiny", folder["tiny"]));
        Assert.True(File.Exists(Path.Combine(packed, "notes.txt")));

        void Sample(Precision precision)
        {
            using var loaded = ImageGenerator.Load(generator, new GeneratorOptions { Precision = precision, Threads = 1 });
            Assert.Single(loaded.Generate(new GenerationRequest { Classes = [1] }));
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_written_leads_to_the_user_s_cache()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[ModelFolder.PackedName], "a file in the way");
        Assert.Null(PackedFolder.Beside(folder.Path));
        Assert.Null(PackedFolder.Beside(folder["packed/nowhere"]));
    }
}
