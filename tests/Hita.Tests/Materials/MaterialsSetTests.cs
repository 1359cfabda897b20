using Hita.Materials;
using Hita.Runtime;

namespace Hita.Tests.Materials;

public sealed class MaterialsSetTests
{
    [Fact]
    public void Classes_are_every_material_in_every_shape_with_sorted_names()
    {
        Assert.Equal(36, MaterialsSet.ClassCount);
        Assert.Equal(MaterialsSet.ClassNames.Order(StringComparer.Ordinal), MaterialsSet.ClassNames);
        Assert.Equal(36, MaterialsSet.ClassNames.Distinct().Count());
        Assert.Equal("marble torus", MaterialsSet.ClassNames[MaterialsSet.ClassOf(SceneMaterial.Marble, SceneShape.Torus)]);
    }

    [Fact]
    public void A_scene_is_of_the_class_that_its_index_is_said_to_have()
    {
        var set = new MaterialsSet(5);
        for (var index = 0; index < 200; index++)
        {
            var scene = set.Scene(index);
            Assert.Equal(set.ClassAt(index), scene.ClassIndex);
            Assert.Equal($"{scene.Material} {scene.Shape}", MaterialsSet.ClassNames[scene.ClassIndex], ignoreCase: true);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(36_000)]
    [InlineData(36L << 40)]
    public void Every_block_of_scenes_holds_every_class_once(long start)
    {
        var set = new MaterialsSet(11);
        var classes = Enumerable.Range(0, MaterialsSet.ClassCount).Select(i => set.ClassAt(start + i));
        Assert.Equal(Enumerable.Range(0, MaterialsSet.ClassCount), classes.Order());
    }

    [Fact]
    public void Blocks_come_in_different_orders()
    {
        var set = new MaterialsSet(11);
        var orders = Enumerable.Range(0, 20).Select(block => string.Join(' ', Enumerable.Range(0, 36).Select(i => set.ClassAt((block * 36) + i))));
        Assert.Equal(20, orders.Distinct().Count());
    }

    [Fact]
    public void Scenes_of_other_indices_and_other_seeds_are_other_scenes()
    {
        var scenes = Enumerable.Range(0, 3000).Select(i => new MaterialsSet(1).Scene(i, 0)).ToList();
        scenes.AddRange(Enumerable.Range(0, 3000).Select(i => new MaterialsSet(2).Scene(i, 0)));
        Assert.Equal(scenes.Count, scenes.Distinct().Count());
        Assert.Equal(new MaterialsSet(1).Scene(77), new MaterialsSet(1).Scene(77));
    }

    [Fact]
    public void Every_sampled_scene_is_within_the_documented_ranges_and_uses_all_kinds()
    {
        var set = new MaterialsSet(3);
        var scenes = Enumerable.Range(0, 3600).Select(i => set.Scene(i).Validate()).ToList();
        Assert.Equal(3, scenes.Select(scene => scene.Backdrop).Distinct().Count());
        Assert.Equal(4, scenes.Select(scene => scene.Floor).Distinct().Count());
        Assert.All(scenes, scene => Assert.InRange(MathF.Abs(scene.PlaceX) + (1.08f * scene.Scale), 0, 1));
        Assert.All(scenes, scene => Assert.InRange(MathF.Abs(scene.PlaceY) + (1.08f * scene.Scale), 0, 1));
    }

    [Fact]
    public void The_class_does_not_decide_colour_or_light()
    {
        var set = new MaterialsSet(9);
        var one = set.Scene(4, 0);
        for (var other = 1; other < MaterialsSet.ClassCount; other++)
        {
            var scene = set.Scene(4, other);
            Assert.Equal((one.Colour, one.LightAzimuth, one.BackdropColour), (scene.Colour, scene.LightAzimuth, scene.BackdropColour));
        }
    }

    [Fact]
    public void Impossible_indices_and_classes_are_refused()
    {
        var set = new MaterialsSet();
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Scene(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ClassAt(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Scene(0, MaterialsSet.ClassCount));
    }

    [Fact]
    public void All_faults_of_a_scene_are_listed_with_their_values()
    {
        var scene = new MaterialsSet().Scene(0) with
        {
            Scale = 4,
            Tilt = float.NaN,
            Shape = (SceneShape)9,
            Colour = new SceneColour(2, 0, 0),
            LightStrength = -1,
        };
        var error = Assert.Throws<ConfigException>(() => scene.Validate());
        Assert.Equal(5, error.Faults.Count);
        Assert.Contains("Scale is 4, 0.2 to 0.9 are possible", error.Message, StringComparison.Ordinal);
        Assert.Contains("Tilt is NaN", error.Message, StringComparison.Ordinal);
        Assert.Contains("Shape is 9, cone, cube, ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Colour.Lightness is 2", error.Message, StringComparison.Ordinal);
    }
}
