using System.Numerics;
using System.Runtime.Intrinsics;
using Hita.Materials;

namespace Hita.Tests.Materials;

public sealed class MaterialsGeometryTests
{
    public static TheoryData<SceneShape> Shapes => [.. Enum.GetValues<SceneShape>()];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void An_object_rests_on_the_floor_in_every_pose(SceneShape shape)
    {
        var random = new Random(7);
        for (var pose = 0; pose < 40; pose++)
        {
            var scene = new MaterialsScene
            {
                Shape = shape,
                Material = SceneMaterial.Matte,
                Yaw = (random.NextSingle() * 360) - 180,
                Tilt = (random.NextSingle() * 360) - 180,
                Roll = (random.NextSingle() * 360) - 180,
            };
            var placement = new Placement(scene);
            var nearest = float.MaxValue;
            for (var z = -1.2f; z <= 1.2f; z += 0.04f)
            {
                for (var x = -1.2f; x <= 1.2f; x += 0.04f)
                    nearest = MathF.Min(nearest, Distance(shape, placement.PointToObject(new Wide3(new Vector3(x, 0, z)))));
            }
            Assert.InRange(nearest, -0.002f, 0.012f);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_distance_is_never_longer_than_the_way_to_the_surface(SceneShape shape)
    {
        var random = new Random(11);
        for (var trial = 0; trial < 4000; trial++)
        {
            var a = Point(random) * 1.3f;
            var b = Point(random) * 1.3f;
            var (da, db) = (Distance(shape, new Wide3(a)), Distance(shape, new Wide3(b)));
            Assert.True(MathF.Abs(da - db) <= Vector3.Distance(a, b) + 1e-5f, $"{a} is at {da}, {b} at {db}");
            if (a.Length() > SolidField.Of(shape).Radius)
                Assert.True(da > 0, $"{a} lies outside the radius, yet inside the solid");
        }
        Assert.True(shape == SceneShape.Torus || Distance(shape, new Wide3(Vector3.Zero)) < -0.2f);
    }

    [Fact]
    public void Sine_and_cosine_agree_with_the_library()
    {
        for (var degrees = -1000.0; degrees < 1000; degrees += 3.7)
        {
            var (sin, cos) = ExactMath.SinCos(degrees);
            Assert.Equal(Math.Sin(degrees * Math.PI / 180), sin, 1e-11);
            Assert.Equal(Math.Cos(degrees * Math.PI / 180), cos, 1e-11);
        }
    }

    [Fact]
    public void Linear_light_becomes_the_bytes_of_the_standard()
    {
        for (var i = 0; i <= 1000; i++)
        {
            var x = i / 1000.0;
            var expected = 255 * (x <= 0.0031308 ? 12.92 * x : (1.055 * Math.Pow(x, 1 / 2.4)) - 0.055);
            Assert.InRange(ExactMath.ToByte((float)x), expected - 0.75, expected + 0.75);
        }
        Assert.Equal(0, ExactMath.ToByte(-3));
        Assert.Equal(255, ExactMath.ToByte(9));
    }

    [Fact]
    public void Angles_agree_with_the_library()
    {
        for (var degrees = -179; degrees < 180; degrees += 2)
        {
            var (y, x) = MathF.SinCos(degrees * MathF.PI / 180);
            Assert.Equal(degrees / 180f, WideMath.Angle(Vector256.Create(y * 3), Vector256.Create(x * 3))[0], 1e-5f);
        }
    }

    [Fact]
    public void Colours_out_of_a_screens_reach_keep_lightness_and_hue()
    {
        for (var hue = 5; hue < 360; hue += 10)
        {
            var (lightness, chroma, seen) = Measure(new SceneColour(0.7f, 0.4f, hue).ToLinear());
            Assert.Equal(0.7, lightness, 0.004);
            Assert.InRange(chroma, 0.09, 0.33);
            Assert.InRange(Math.IEEERemainder(seen - hue, 360), -1.5, 1.5);
        }
        Assert.Equal(1, Measure(new SceneColour(1, 0, 0).ToLinear()).Lightness, 0.001);
    }

    // From linear light back to lightness, chroma and hue, by the inverse of the published matrices.
    private static (double Lightness, double Chroma, double Hue) Measure(Vector3 c)
    {
        var l = Math.Cbrt((0.4122214708 * c.X) + (0.5363325363 * c.Y) + (0.0514459929 * c.Z));
        var m = Math.Cbrt((0.2119034982 * c.X) + (0.6806995451 * c.Y) + (0.1073969566 * c.Z));
        var s = Math.Cbrt((0.0883024619 * c.X) + (0.2817188376 * c.Y) + (0.6299787005 * c.Z));
        var a = (1.9779984951 * l) - (2.4285922050 * m) + (0.4505937099 * s);
        var b = (0.0259040371 * l) + (0.7827717662 * m) - (0.8086757660 * s);
        return ((0.2104542553 * l) + (0.7936177850 * m) - (0.0040720468 * s), Math.Sqrt((a * a) + (b * b)), Math.Atan2(b, a) * 180 / Math.PI);
    }

    private static float Distance(SceneShape shape, Wide3 p) => (shape switch
    {
        SceneShape.Cone => Cone.Distance(p),
        SceneShape.Cube => Cube.Distance(p),
        SceneShape.Cylinder => Cylinder.Distance(p),
        SceneShape.Sphere => Sphere.Distance(p),
        SceneShape.Star => Star.Distance(p),
        _ => Torus.Distance(p),
    })[0];

    private static Vector3 Point(Random random) =>
        new((random.NextSingle() * 2) - 1, (random.NextSingle() * 2) - 1, (random.NextSingle() * 2) - 1);
}
