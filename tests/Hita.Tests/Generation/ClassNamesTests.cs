using Hita.Generation;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Generation;

public sealed class ClassNamesTests
{
    private static readonly ClassNames ImageNet = ImageNetClasses.Names;

    [Fact]
    public void ImageNet_has_a_thousand_classes_and_every_one_can_be_found_by_its_whole_line()
    {
        Assert.Equal(1000, ImageNet.Count);
        for (var i = 0; i < ImageNet.Count; i++)
        {
            var line = string.Join(", ", ImageNet.Synonyms(i));
            var shared = ImageNet.Synonyms(i).Count == 1 && Enumerable.Range(0, 1000).Count(c => ImageNet.Synonyms(c).Contains(line, StringComparer.OrdinalIgnoreCase)) > 1;
            if (shared)
                Assert.Contains($"{i} (", Assert.Throws<HitaException>(() => ImageNet.FindAll(line)).Message, StringComparison.Ordinal);
            else
                Assert.Equal([i], ImageNet.FindAll(line));
        }
    }

    [Theory]
    [InlineData(0, "tench")]
    [InlineData(1, "goldfish")]
    [InlineData(22, "bald eagle")]
    [InlineData(99, "goose")]
    [InlineData(134, "crane")]
    [InlineData(151, "Chihuahua")]
    [InlineData(207, "golden retriever")]
    [InlineData(250, "Siberian husky")]
    [InlineData(281, "tabby")]
    [InlineData(291, "lion")]
    [InlineData(323, "monarch")]
    [InlineData(340, "zebra")]
    [InlineData(388, "giant panda")]
    [InlineData(404, "airliner")]
    [InlineData(483, "castle")]
    [InlineData(517, "crane")]
    [InlineData(555, "fire engine")]
    [InlineData(609, "jeep")]
    [InlineData(701, "parachute")]
    [InlineData(751, "racer")]
    [InlineData(812, "space shuttle")]
    [InlineData(888, "viaduct")]
    [InlineData(920, "traffic light")]
    [InlineData(933, "cheeseburger")]
    [InlineData(949, "strawberry")]
    [InlineData(963, "pizza")]
    [InlineData(979, "valley")]
    [InlineData(980, "volcano")]
    [InlineData(985, "daisy")]
    [InlineData(999, "toilet tissue")]
    public void Well_known_classes_have_their_numbers(int index, string name) => Assert.Equal(name, ImageNet[index]);

    [Theory]
    [InlineData("207", 207)]
    [InlineData("golden retriever", 207)]
    [InlineData("  Golden   Retriever ", 207)]
    [InlineData("GOLDEN_RETRIEVER", 207)]
    [InlineData("golden-retriever", 207)]
    [InlineData("Tinca tinca", 0)]
    [InlineData("jack-o'-lantern", 607)]
    [InlineData("jack o' lantern", 607)]
    [InlineData("hen of the woods", 996)]
    public void Numbers_names_and_synonyms_find_their_class(string text, int expected) => Assert.Equal(expected, ImageNet.Find(text));

    [Theory]
    [InlineData("crane", "134", "517")]
    [InlineData("maillot", "638", "639")]
    [InlineData("missile", "657", "744")]
    [InlineData("panda", "387", "388")]
    [InlineData("cardigan", "264", "474")]
    public void A_name_of_several_classes_is_refused_with_their_numbers(string text, string first, string second)
    {
        var message = Assert.Throws<HitaException>(() => ImageNet.Find(text)).Message;
        Assert.Contains($"Several classes are called '{text}': ", message, StringComparison.Ordinal);
        Assert.Contains(first, message, StringComparison.Ordinal);
        Assert.Contains(second, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("golden retreiver", "207 (golden retriever)")]
    [InlineData("pizzza", "963 (pizza, pizza pie)")]
    [InlineData("retriever", "207 (golden retriever)")]
    [InlineData("1000", "0 to 999")]
    [InlineData("-1", "0 to 999")]
    [InlineData("99999999999999999999", "0 to 999")]
    [InlineData("xyzzyplugh", "0 to 999")]
    [InlineData("", "0 to 999")]
    public void An_unknown_class_is_one_sentence_with_a_way_out(string text, string hint)
    {
        var message = Assert.Throws<HitaException>(() => ImageNet.Find(text)).Message;
        Assert.Contains(hint, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Lists_mix_numbers_and_names_and_keep_their_order()
    {
        Assert.Equal([388, 207, 980], ImageNet.FindAll("giant panda,207, volcano"));
        Assert.Equal([207, 207], ImageNet.FindAll("207,207"));
        Assert.Throws<HitaException>(() => ImageNet.FindAll(" , "));
        Assert.Throws<HitaException>(() => ImageNet.FindAll("207,nothing of the kind"));
    }

    [Fact]
    public void A_model_folder_may_bring_its_own_names_and_keeps_them_when_saved()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[ClassNames.FileName], "gold sphere, golden ball\nmarble torus\n\n");
        var names = ClassNames.Load(folder.Path, 2);
        Assert.Equal(2, names.Count);
        Assert.Equal(0, names.Find("golden ball"));
        Assert.Equal(1, names.Find("Marble Torus"));

        File.Delete(folder[ClassNames.FileName]);
        names.Save(folder.Path);
        Assert.Equal(["gold sphere, golden ball", "marble torus"], File.ReadAllLines(folder[ClassNames.FileName]));
    }

    [Fact]
    public void Without_a_file_a_thousand_classes_are_ImageNets_and_other_counts_have_numbers_only()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(207, ClassNames.Load(folder.Path, 1000).Find("golden retriever"));
        var ten = ClassNames.Load(folder.Path, 10);
        Assert.False(ten.HasNames);
        Assert.Equal(9, ten.Find("9"));
        Assert.Equal("9", ten[9]);
        Assert.Equal("no class", ten[10]);
        Assert.Contains("have no names", Assert.Throws<HitaException>(() => ten.Find("frog")).Message, StringComparison.Ordinal);
        ten.Save(folder.Path);
        Assert.False(File.Exists(folder[ClassNames.FileName]));
    }

    [Theory]
    [InlineData("one\ntwo\n", "names 2 classes, the generator has 3")]
    [InlineData("", "names 0 classes")]
    [InlineData("one\n\nthree\n", "line 2 names no class")]
    [InlineData("one\n , \nthree\n", "line 2 names no class")]
    public void A_broken_list_of_names_is_refused_by_file_name(string text, string part)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[ClassNames.FileName], text);
        var message = Assert.Throws<CheckpointException>(() => ClassNames.Load(folder.Path, 3)).Message;
        Assert.StartsWith(folder[ClassNames.FileName], message, StringComparison.Ordinal);
        Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
