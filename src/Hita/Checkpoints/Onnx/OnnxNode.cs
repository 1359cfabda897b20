namespace Hita.Checkpoints.Onnx;

/// <summary>An operation of an ONNX graph, as it is written down; nothing here computes it.</summary>
/// <param name="Operator">The operator's name, for example <c>Conv</c>.</param>
/// <param name="Inputs">The names of the values it takes.</param>
/// <param name="Outputs">The names of the values it makes.</param>
/// <param name="Integers">Attributes that are one integer or a list of them.</param>
/// <param name="Numbers">Attributes that are one floating-point number.</param>
internal sealed record OnnxNode(
    string Operator,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, long[]> Integers,
    IReadOnlyDictionary<string, float> Numbers);
