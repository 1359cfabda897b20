using Hita.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>SwiGLU with both input projections in one matrix and biases: w3(silu(a) · b), [a, b] = w12 x.</summary>
internal sealed class FusedSwiGlu : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "w12")] private readonly Linear _w12;
    [ComponentName(Name = "w3")] private readonly Linear _w3;
    private readonly long _hidden;

    public FusedSwiGlu(long width, long hidden, Placement placement)
        : base(nameof(FusedSwiGlu))
    {
        _hidden = hidden;
        _w12 = new Linear(width, 2 * hidden, hasBias: true, placement);
        _w3 = new Linear(hidden, width, hasBias: true, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var both = _w12.call(x); // [B, T, 2·hidden]
        var gate = nn.functional.silu(both.narrow(-1, 0, _hidden));
        return _w3.call(gate.Times(both.narrow(-1, _hidden, _hidden))).MoveToOuterDisposeScope();
    }
}

/// <summary>SwiGLU without biases: w2(silu(w1 x) · w3 x).</summary>
internal sealed class SwiGlu : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "w1")] private readonly Linear _w1;
    [ComponentName(Name = "w3")] private readonly Linear _w3;
    [ComponentName(Name = "w2")] private readonly Linear _w2;

    public SwiGlu(long width, long hidden, Placement placement)
        : base(nameof(SwiGlu))
    {
        _w1 = new Linear(width, hidden, hasBias: false, placement);
        _w3 = new Linear(width, hidden, hasBias: false, placement);
        _w2 = new Linear(hidden, width, hasBias: false, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _w2.call(nn.functional.silu(_w1.call(x)).Times(_w3.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Two linear layers around a GELU: the exact one, or its approximation by a hyperbolic tangent.</summary>
internal sealed class GeluMlp : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "fc1")] private readonly Linear _fc1;
    [ComponentName(Name = "fc2")] private readonly Linear _fc2;
    private readonly GELU.Approximate _approximate;

    public GeluMlp(long width, long hidden, Placement placement, bool approximate = false)
        : base(nameof(GeluMlp))
    {
        _approximate = approximate ? GELU.Approximate.tanh : GELU.Approximate.none;
        _fc1 = new Linear(width, hidden, hasBias: true, placement);
        _fc2 = new Linear(hidden, width, hasBias: true, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _fc2.call(_fc1.call(x).gelu(_approximate)).MoveToOuterDisposeScope();
    }
}
