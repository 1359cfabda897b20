using System.Numerics;
using Hita.Runtime;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>The material of a scene's object: its colours, its gloss and what it does to light.</summary>
internal sealed class Substance
{
    private readonly SceneMaterial _material;
    private readonly Vector3 _first;
    private readonly Vector3 _second;
    private readonly Vector3 _third;
    private readonly Vector3 _block;
    private readonly float _footprint;
    private readonly float _brushing;

    /// <summary>Prepares the material.</summary>
    /// <param name="scene">A validated scene.</param>
    /// <param name="footprint">Width of a sample on the object.</param>
    public Substance(MaterialsScene scene, float footprint)
    {
        _material = scene.Material;
        _footprint = footprint;
        var random = new CounterRandom(scene.TextureSeed, 0, 2);
        _block = new Vector3(random.Between(20, 90), random.Between(20, 90), random.Between(20, 90));

        var (lightness, chroma, hue) = scene.Colour;
        SceneColour first, second, third = scene.Colour;
        switch (_material)
        {
            case SceneMaterial.Checker:
                first = scene.Colour;
                second = lightness < 0.7f ? new(0.95f, 0.02f, hue + 40) : new(0.30f, 0.05f, hue + 20);
                Coat = 0.9f;
                Blur = 0.08f + (0.3f * scene.Finish);
                break;
            case SceneMaterial.Marble when lightness >= 0.55f:
                (first, second, third) = (new(0.95f, chroma * 0.10f, hue), new(0.40f, chroma * 0.55f, hue), new(0.83f, chroma * 0.30f, hue));
                Coat = 0.8f;
                Blur = 0.05f + (0.3f * scene.Finish);
                break;
            case SceneMaterial.Marble:
                (first, second, third) = (new(0.30f, chroma * 0.55f, hue), new(0.94f, chroma * 0.10f, hue), new(0.46f, chroma * 0.70f, hue));
                Coat = 0.8f;
                Blur = 0.05f + (0.3f * scene.Finish);
                break;
            case SceneMaterial.Metal:
                first = second = new(0.76f + (0.16f * lightness), chroma * 0.62f, hue);
                _brushing = 0.22f * Math.Max(scene.Finish - 0.4f, 0f);
                Blur = 0.04f + (0.55f * scene.Finish);
                break;
            case SceneMaterial.Glass:
                first = second = new(0.76f + (0.14f * lightness), chroma, hue);
                break;
            case SceneMaterial.Wood:
                // Brown, pulled by up to 27 degrees towards the colour asked for.
                var pull = hue - 62f;
                var brown = 62f + (0.15f * (pull - (360f * MathF.Round(pull / 360f))));
                var tone = (lightness - 0.6f) * 0.45f;
                (first, second) = (new(0.72f + tone, 0.105f, brown), new(0.43f + tone, 0.095f, brown - 14f));
                Coat = 0.5f;
                Blur = 0.35f + (0.5f * scene.Finish);
                break;
            default:
                first = second = scene.Colour;
                Coat = 0.16f;
                Blur = 1f;
                break;
        }
        (_first, _second, _third) = (first.ToLinear(), second.ToLinear(), third.ToLinear());
    }

    /// <summary>Softness of what the surface mirrors, 0 to 1.</summary>
    public float Blur { get; }

    /// <summary>Share of a clear coat's mirroring, 0 to 1.</summary>
    public float Coat { get; }

    public bool IsGlass => _material == SceneMaterial.Glass;

    public bool IsMetal => _material == SceneMaterial.Metal;

    /// <summary>Colour of the surface at points in the object's space.</summary>
    public Wide3 Albedo(in Wide3 p, in Wide3 tile)
    {
        switch (_material)
        {
            case SceneMaterial.Checker:
                return Wide3.Mix(new(_first), new(_second), SolidTextures.Checks(tile)) * 0.9f;
            case SceneMaterial.Wood:
                // The heart of the trunk lies beside the solid, so that rings cross it as arcs.
                var late = SolidTextures.Rings(new(p.X + 0.45f + (_block.X * 0.008f), p.Y + _block.Y, p.Z + 0.35f), _footprint, out var grain);
                return Wide3.Mix(new(_first), new(_second), late * 0.92f) * (0.80f + (grain * 0.36f));
            case SceneMaterial.Marble:
                var vein = SolidTextures.Veins(new(p.X + _block.X, p.Y + _block.Y, p.Z + _block.Z), _footprint, out var cloud);
                var ground = Wide3.Mix(new(_third), new(_first), Smooth(0.34f, 0.58f, cloud));
                return Wide3.Mix(ground, new(_second), vein * 0.85f);
            default:
                return new(_first);
        }
    }

    /// <summary>Normals of metal: no sheet is quite flat, and brushing leaves streaks.</summary>
    /// <param name="p">Points in the object's space.</param>
    /// <param name="normal">Their normals in the object's space.</param>
    public Wide3 Beaten(in Wide3 p, in Wide3 normal)
    {
        var q = new Wide3(p.X + _block.X, p.Y + _block.Y, p.Z + _block.Z);
        var wave = new Wide3(
            SolidTextures.Noise(q * 1.9f) - 0.5f,
            SolidTextures.Noise(new((q.Y * 1.9f) + 7.3f, (q.Z * 1.9f) + 1.9f, (q.X * 1.9f) + 4.1f)) - 0.5f,
            SolidTextures.Noise(new((q.Z * 1.9f) + 3.7f, (q.X * 1.9f) + 8.5f, (q.Y * 1.9f) + 2.3f)) - 0.5f);
        var bent = normal + (wave * 0.26f);
        var brushed = _brushing * SolidTextures.Visible(26f * _footprint);
        if (brushed > 0f)
        {
            var streak = (SolidTextures.Noise(new(q.X * 2.2f, q.Y * 26f, q.Z * 2.2f)) - 0.5f) * brushed;
            bent = new Wide3(bent.X, bent.Y + streak, bent.Z);
        }
        return bent.Normalised();
    }

    /// <summary>Share and colour of the light a metal mirrors, from head-on (0) to grazing (1).</summary>
    public Wide3 Metal(Wide grazing) => Wide3.Mix(new(_first), new(Vector3.One), grazing);

    /// <summary>Colour of light behind a length of glass.</summary>
    public Wide3 Tint(Wide length)
    {
        Wide Through(float colour) => Fade(length * ((1f - colour) * (1.0f / (0.25f + colour))));
        return new Wide3(Through(_first.X), Through(_first.Y), Through(_first.Z)) * 0.97f;
    }

    /// <summary>Light behind the object: shade, or the coloured light that glass lets through and gathers.</summary>
    /// <param name="lit">The share of the lamp that is not hidden.</param>
    /// <param name="p">The lit points in the object's space.</param>
    /// <param name="light">Direction to the lamp in the object's space.</param>
    /// <param name="radius">Radius of the object.</param>
    public Wide3 Shadow(Wide lit, in Wide3 p, Vector3 light, float radius)
    {
        if (!IsGlass)
            return new(lit, lit, lit);
        var along = Wide3.Dot(p, light);
        var past = Root(Max(Wide3.Dot(p, p) - (along * along), 0f)) * (1f / radius);
        var gathered = 0.30f + (Smooth(0.55f, 0.0f, past) * 0.85f);
        var coloured = Tint(Of(1.1f)) * (gathered * (1f - lit));
        return coloured + new Wide3(lit, lit, lit);
    }

    /// <summary>The light of the surroundings near the object: glass hides less of it.</summary>
    public Wide Ambient(Wide open) => IsGlass ? (open * 0.5f) + 0.5f : open;
}
