using System.Diagnostics;
using System.IO.Hashing;
using Hita.Materials;
using Hita.Runtime;

namespace Hita.Tests.Materials;

public sealed class MaterialsImageTests
{
    private static readonly MaterialsSet Set = new(2024);

    [Fact]
    public void An_image_is_the_same_in_any_order_and_on_any_thread()
    {
        var forwards = Enumerable.Range(0, 72).Select(i => Sample(Set.Scene(i), 32)).ToArray();
        var sideways = new byte[72][];
        Parallel.For(0, 72, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => sideways[71 - i] = Sample(new MaterialsSet(2024).Scene(71 - i), 32));
        for (var i = 0; i < 72; i++)
            Assert.Equal(forwards[i], sideways[i]);
    }

    [Fact]
    public void Images_differ()
    {
        var images = Enumerable.Range(0, 216).Select(i => Convert.ToHexString(Sample(Set.Scene(i), 16))).ToHashSet();
        Assert.Equal(216, images.Count);
    }

    // The set is data that people train and compare on: its bytes may not change by accident, nor with the processor.
    [Fact]
    public void The_set_stays_what_it_was()
    {
        var hash = new XxHash3();
        for (var i = 0; i < MaterialsSet.ClassCount; i++)
            hash.Append(Sample(new MaterialsSet(0).Scene(i), 48));
        Assert.Equal("6e44106a03b1189c", hash.GetCurrentHashAsUInt64().ToString("x16"));
    }

    [Fact]
    public void Every_class_shows_an_object_whole_and_large_enough()
    {
        for (var i = 0; i < 12 * MaterialsSet.ClassCount; i++)
        {
            var scene = Set.Scene(i);
            var coverage = Cover(scene, 64);
            var share = coverage.Average(value => value / 255.0);
            Assert.True(share is > 0.10 and < 0.60, $"scene {i} ({MaterialsSet.ClassNames[scene.ClassIndex]}) covers {share:P1}");
            for (var edge = 0; edge < 64; edge++)
                Assert.Equal(0, coverage[edge] + coverage[(63 * 64) + edge] + coverage[edge * 64] + coverage[(edge * 64) + 63]);
        }
    }

    [Fact]
    public void Every_class_is_exposed_well_and_stands_out()
    {
        for (var i = 0; i < 2 * MaterialsSet.ClassCount; i++)
        {
            var scene = Set.Scene(i);
            var image = Sample(scene, 64);
            var name = $"scene {i} ({MaterialsSet.ClassNames[scene.ClassIndex]})";
            Assert.True(image.Average(value => value) is > 40 and < 235, $"{name} has mean {image.Average(value => value):F0}");
            Assert.True(image.Count(value => value >= 254) < image.Length / 8, $"{name} is burnt out");
            Assert.True(image.Count(value => value <= 2) < image.Length / 8, $"{name} drowns in black");
            var empty = SampleStage(scene, 64);
            var covered = Cover(scene, 64);
            var step = Enumerable.Range(0, image.Length).Where(at => covered[at / 3] == 255).Average(at => Math.Abs(image[at] - empty[at]));
            Assert.True(step > 6, $"{name} differs from the empty studio by {step:F1} levels");
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(40)]
    public void A_small_image_is_the_large_one_seen_from_afar(int first)
    {
        for (var i = first; i < first + 6; i++)
        {
            var scene = Set.Scene(i);
            var small = Sample(scene, 64).Select(ToLinear).ToArray();
            var large = Sample(scene, 256).Select(ToLinear).ToArray();
            double sum = 0, worst = 0;
            for (var at = 0; at < small.Length; at++)
            {
                var (pixel, channel) = Math.DivRem(at, 3);
                var (row, column) = Math.DivRem(pixel, 64);
                double mean = 0;
                for (var y = 0; y < 4; y++)
                {
                    for (var x = 0; x < 4; x++)
                        mean += large[((((row * 4) + y) * 256) + (column * 4) + x) * 3 + channel] / 16;
                }
                sum += Math.Abs(mean - small[at]);
                worst = Math.Max(worst, Math.Abs(mean - small[at]));
            }
            // Eight rays a pixel against 128: an edge pixel may be off by one ray in eight and some texture.
            Assert.True(sum / small.Length < 0.006, $"scene {i}: mean difference {sum / small.Length:F4}");
            Assert.True(worst < 0.30, $"scene {i}: worst difference {worst:F3}");
        }
    }

    [Fact]
    public void Another_material_leaves_all_that_object_and_shadow_do_not_touch()
    {
        for (var i = 0; i < 12; i++)
        {
            var scene = Set.Scene(i) with { FloorGloss = 0, Material = SceneMaterial.Matte };
            var touched = Touched(Sample(scene, 64), SampleStage(scene, 64), Cover(scene, 64), 64);
            Assert.InRange(touched.Count(value => value), 64 * 64 / 10, 64 * 64 * 95 / 100);
            var matte = Sample(scene, 64);
            foreach (var material in Enum.GetValues<SceneMaterial>())
            {
                var other = Sample(scene with { Material = material }, 64);
                for (var at = 0; at < other.Length; at++)
                    Assert.True(touched[at / 3] || matte[at] == other[at], $"scene {i} in {material} changes byte {at}, far from the object");
                if (material != SceneMaterial.Matte)
                    Assert.True(matte.Zip(other).Count(pair => Math.Abs(pair.First - pair.Second) > 8) > 200, $"scene {i} looks the same in {material}");
            }
        }
    }

    [Fact]
    public void Another_material_colour_or_light_leaves_the_outline()
    {
        for (var i = 0; i < 12; i++)
        {
            var scene = Set.Scene(i);
            var outline = Cover(scene, 48);
            var image = Sample(scene, 48);
            MaterialsScene[] others =
            [
                scene with { Colour = scene.Colour with { Hue = scene.Colour.Hue + 120, Lightness = 0.6f, Chroma = 0.15f } },
                scene with { LightAzimuth = -scene.LightAzimuth },
                scene with { LightWarmth = scene.LightWarmth > 0 ? -1 : 1 },
                scene with { BackdropColour = new SceneColour(0.5f, 0.1f, 200), FloorColour = new SceneColour(0.5f, 0.1f, 20) },
            ];
            foreach (var other in others)
            {
                Assert.Equal(outline, Cover(other, 48));
                Assert.NotEqual(image, Sample(other, 48));
            }
            Assert.Equal(outline, Cover(scene with { Material = SceneMaterial.Glass }, 48));
        }
    }

    [Fact]
    public void Every_property_of_a_scene_shows_in_the_image()
    {
        var scene = new MaterialsScene { Shape = SceneShape.Cube, Material = SceneMaterial.Wood, Floor = SceneFloor.Planks, FloorGloss = 0.4f };
        MaterialsScene[] others =
        [
            scene with { Shape = SceneShape.Star },
            scene with { Material = SceneMaterial.Marble },
            scene with { Colour = new SceneColour(0.4f, 0.1f, 200) },
            scene with { TextureSeed = 1 },
            scene with { Finish = 1 },
            scene with { Yaw = 50 },
            scene with { Tilt = 20 },
            scene with { Roll = 20 },
            scene with { Scale = 0.5f },
            scene with { PlaceX = 0.1f },
            scene with { PlaceY = 0.1f },
            scene with { CameraElevation = 30 },
            scene with { LightAzimuth = 45 },
            scene with { LightElevation = 30 },
            scene with { LightWarmth = -1 },
            scene with { LightSoftness = 1 },
            scene with { LightStrength = 0.8f },
            scene with { Backdrop = SceneBackdrop.Wall },
            scene with { BackdropColour = new SceneColour(0.5f, 0.1f, 200) },
            scene with { Floor = SceneFloor.Tiles },
            scene with { FloorColour = new SceneColour(0.5f, 0.1f, 200) },
            scene with { FloorGloss = 0.9f },
        ];
        Assert.Equal(typeof(MaterialsScene).GetProperties().Count(property => property.CanWrite), others.Length);
        Assert.Equal(others.Length + 1, others.Append(scene).Select(other => Convert.ToHexString(Sample(other, 48))).Distinct().Count());
    }

    [Theory]
    [InlineData(8)]
    [InlineData(33)]
    [InlineData(100)]
    [InlineData(300)]
    public void Any_size_is_sampled_and_only_the_given_bytes_are_written(int size)
    {
        var buffer = new byte[(size * size * 3) + 64];
        Array.Fill(buffer, (byte)123, size * size * 3, 64);
        MaterialsRenderer.Render(Set.Scene(6), size, buffer.AsSpan(0, size * size * 3));
        Assert.All(buffer[(size * size * 3)..], value => Assert.Equal(123, value));
        Assert.True(buffer.AsSpan(0, size * size * 3).ToArray().Distinct().Count() > 20);
    }

    [Fact]
    public void Impossible_sizes_and_buffers_are_refused()
    {
        var scene = Set.Scene(0);
        Assert.Contains("8 to 2048", Assert.Throws<ConfigException>(() => MaterialsRenderer.Render(scene, 7, new byte[147])).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => MaterialsRenderer.Render(scene, 5000, []));
        Assert.Throws<ArgumentException>(() => MaterialsRenderer.Render(scene, 16, new byte[767]));
        Assert.Throws<ArgumentException>(() => MaterialsRenderer.RenderCoverage(scene, 16, new byte[768]));
        Assert.Throws<ConfigException>(() => MaterialsRenderer.Render(scene with { Scale = 3 }, 16, new byte[768]));
    }

    [Fact]
    public void Drawing_allocates_nothing_that_grows_with_the_image()
    {
        var scene = Set.Scene(1);
        var buffer = new byte[128 * 128 * 3];
        MaterialsRenderer.Render(scene, 128, buffer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        MaterialsRenderer.Render(scene, 128, buffer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Images_a_second_are_reported()
    {
        foreach (var (size, count) in new[] { (64, 720), (128, 216), (256, 72) })
        {
            var buffer = new byte[size * size * 3];
            for (var i = 0; i < 72; i++)
                MaterialsRenderer.Render(Set.Scene(i), size, buffer);
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < count; i++)
                MaterialsRenderer.Render(Set.Scene(i), size, buffer);
            TestContext.Current.TestOutputHelper!.WriteLine($"{size} px: {count / watch.Elapsed.TotalSeconds:F0} images a second on one thread");
            Assert.Contains(buffer, value => value != 0);
        }
    }

    private static byte[] Sample(MaterialsScene scene, int size)
    {
        var rgb = new byte[size * size * 3];
        MaterialsRenderer.Render(scene, size, rgb);
        return rgb;
    }

    private static byte[] SampleStage(MaterialsScene scene, int size)
    {
        var rgb = new byte[size * size * 3];
        MaterialsRenderer.RenderStage(scene, size, rgb);
        return rgb;
    }

    private static byte[] Cover(MaterialsScene scene, int size)
    {
        var coverage = new byte[size * size];
        MaterialsRenderer.RenderCoverage(scene, size, coverage);
        return coverage;
    }

    // Where the object or its shadow shows, and one pixel around: there a pixel's neighbours may ask for more rays.
    private static bool[] Touched(byte[] image, byte[] empty, byte[] coverage, int size)
    {
        var touched = new bool[size * size];
        for (var at = 0; at < touched.Length; at++)
        {
            if (coverage[at] == 0 && image.AsSpan(at * 3, 3).SequenceEqual(empty.AsSpan(at * 3, 3)))
                continue;
            var (row, column) = Math.DivRem(at, size);
            for (var y = Math.Max(row - 1, 0); y <= Math.Min(row + 1, size - 1); y++)
            {
                for (var x = Math.Max(column - 1, 0); x <= Math.Min(column + 1, size - 1); x++)
                    touched[(y * size) + x] = true;
            }
        }
        return touched;
    }

    private static double ToLinear(byte value)
    {
        var x = value / 255.0;
        return x <= 0.04045 ? x / 12.92 : Math.Pow((x + 0.055) / 1.055, 2.4);
    }
}
