using System.Numerics;

namespace Hita.Materials;

/// <summary>The object where it rests: its solid, its turn and its middle. The floor is the plane of height 0.</summary>
internal sealed class Placement
{
    private readonly Vector3 _axisX;
    private readonly Vector3 _axisY;
    private readonly Vector3 _axisZ;

    public Placement(MaterialsScene scene)
    {
        Field = SolidField.Of(scene.Shape);
        var (sy, cy) = Turn(scene.Yaw);
        var (st, ct) = Turn(scene.Tilt);
        var (sr, cr) = Turn(scene.Roll);

        // Roll about z, then tilt about x, then yaw about y; the vectors are the object's axes in the room.
        Vector3 InRoom(float x, float y, float z)
        {
            (x, y) = ((x * cr) - (y * sr), (x * sr) + (y * cr));
            (y, z) = ((y * ct) - (z * st), (y * st) + (z * ct));
            return new Vector3((x * cy) + (z * sy), y, (z * cy) - (x * sy));
        }

        _axisX = InRoom(1, 0, 0);
        _axisY = InRoom(0, 1, 0);
        _axisZ = InRoom(0, 0, 1);
        Height = Field.Reach(ToObject(new Vector3(0, -1, 0)));
    }

    public SolidField Field { get; }

    /// <summary>Height of the object's middle, at which it rests on the floor.</summary>
    public float Height { get; }

    /// <summary>Points of the room in the object's space.</summary>
    public Wide3 PointToObject(in Wide3 p) => ToObject(new Wide3(p.X, p.Y - Height, p.Z));

    /// <summary>Directions of the room in the object's space.</summary>
    public Wide3 ToObject(in Wide3 d) => new(Wide3.Dot(d, _axisX), Wide3.Dot(d, _axisY), Wide3.Dot(d, _axisZ));

    /// <summary>A direction of the room in the object's space.</summary>
    public Vector3 ToObject(Vector3 d) => new(Dot(d, _axisX), Dot(d, _axisY), Dot(d, _axisZ));

    /// <summary>Directions of the object's space in the room.</summary>
    public Wide3 ToRoom(in Wide3 d) => new(
        (d.X * _axisX.X) + (d.Y * _axisY.X) + (d.Z * _axisZ.X),
        (d.X * _axisX.Y) + (d.Y * _axisY.Y) + (d.Z * _axisZ.Y),
        (d.X * _axisX.Z) + (d.Y * _axisY.Z) + (d.Z * _axisZ.Z));

    private static (float Sin, float Cos) Turn(float degrees)
    {
        var (sin, cos) = ExactMath.SinCos(degrees);
        return ((float)sin, (float)cos);
    }

    // Written out, as the library's own products may be fused on some processors.
    private static float Dot(Vector3 a, Vector3 b) => (a.X * b.X) + (a.Y * b.Y) + (a.Z * b.Z);
}
