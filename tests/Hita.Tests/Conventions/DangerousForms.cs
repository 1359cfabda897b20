using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Hita.Tests.Conventions;

/// <summary>A place in the sources that uses a form which crashes or silently misbehaves.</summary>
internal sealed record DangerousForm(string Rule, string Place, string Text)
{
    public override string ToString() => $"{Place}: {Rule}: {Text}";
}

/// <summary>Finds the forms of the tensor library that the house forbids outside <c>Runtime/TensorOps.cs</c>.</summary>
internal static class DangerousForms
{
    public const string Operator = "an operator on tensors hides a scalar";
    public const string Conversion = "a number or array becomes a scalar or tensor, or a tensor a number, by conversion";
    public const string HiddenScalar = "the function makes a scalar inside that the collector may free too early";
    public const string Aborts = "the call ends the process on bad input instead of throwing";
    public const string Uninitialised = "the module starts with uninitialised weights";
    public const string Broken = "the module or buffer does not move between devices and types";
    public const string Reading = "reading one element leaves an alias behind; use TensorOps.ToDouble";

    private static readonly Dictionary<string, string> Methods = new(StringComparer.Ordinal)
    {
        ["TorchSharp.torch+Tensor.matmul"] = Aborts,
        ["TorchSharp.torch.matmul"] = Aborts,
        ["TorchSharp.torch+linalg.matmul"] = Aborts,
        ["TorchSharp.torch+Tensor.cummax"] = Aborts,
        ["TorchSharp.torch+Tensor.cummin"] = Aborts,
        ["TorchSharp.torch.cummax"] = Aborts,
        ["TorchSharp.torch.cummin"] = Aborts,
        ["TorchSharp.torch+autograd.grad"] = Aborts,
        ["TorchSharp.torch+Generator.set_state"] = Aborts,
        ["TorchSharp.torch.set_num_interop_threads"] = Aborts,
        ["TorchSharp.torch+nn.GroupNorm"] = Uninitialised,
        ["TorchSharp.torch+nn.ModuleDict"] = Broken,
        ["TorchSharp.torch+Tensor.item"] = Reading,
        ["TorchSharp.ScalarExtensionMethods.ToScalar"] = Conversion,
    };

    /// <summary>Everything that is found in a compilation's own sources.</summary>
    public static IEnumerable<DangerousForm> Find(Compilation compilation)
    {
        foreach (var tree in compilation.SyntaxTrees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var operation in Operations(model, tree.GetRoot()).SelectMany(o => o.DescendantsAndSelf()))
            {
                if (Judge(operation) is { } rule)
                    yield return new DangerousForm(rule, Place(operation.Syntax), operation.Syntax.ToString().ReplaceLineEndings(" "));
            }
        }
    }

    // The outermost operations: bodies, initialisers, arguments of attributes.
    private static IEnumerable<IOperation> Operations(SemanticModel model, SyntaxNode node)
    {
        if (model.GetOperation(node) is { } operation)
            return [operation];
        return node.ChildNodes().SelectMany(child => Operations(model, child));
    }

    private static string? Judge(IOperation operation) => operation switch
    {
        IBinaryOperation { OperatorMethod: { } method } when IsTensor(method.ContainingType) => Operator,
        IUnaryOperation { OperatorMethod: { } method } when IsTensor(method.ContainingType) => Operator,
        ICompoundAssignmentOperation { OperatorMethod: { } method } when IsTensor(method.ContainingType) => Operator,
        IIncrementOrDecrementOperation { OperatorMethod: { } method } when IsTensor(method.ContainingType) => Operator,
        IConversionOperation { OperatorMethod: { } method } when IsTensor(method.ContainingType) || IsScalar(method.ContainingType) =>
            Conversion,
        IInvocationOperation call => JudgeCall(call),
        IMethodReferenceOperation reference => JudgeMethod(reference.Method),
        IObjectCreationOperation { Type: INamedTypeSymbol type } => JudgeModule(type),
        _ => null,
    };

    private static string? JudgeCall(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.Name == "register_buffer" && call.Arguments.Any(IsPersistentFalse))
            return Broken;
        return JudgeMethod(method) ?? (method.ReturnType is INamedTypeSymbol made && IsFactory(method) ? JudgeModule(made) : null);
    }

    private static string? JudgeMethod(IMethodSymbol method)
    {
        var definition = (method.ReducedFrom ?? method).OriginalDefinition;
        var type = MetadataName(definition.ContainingType);
        if (Methods.TryGetValue($"{type}.{definition.Name}", out var rule))
            return rule;
        return HiddenScalars.Methods.Contains(HiddenScalars.Key(type, definition.Name, definition.Parameters.Select(ParameterName)))
            ? HiddenScalar
            : null;
    }

    private static string? JudgeModule(INamedTypeSymbol type)
    {
        if (MetadataName(type.OriginalDefinition).StartsWith("TorchSharp.Modules.ModuleDict", StringComparison.Ordinal))
            return Broken;
        for (var at = type; at is not null; at = at.BaseType)
        {
            if (HiddenScalars.Modules.Contains(MetadataName(at.OriginalDefinition)))
                return HiddenScalar;
        }
        return null;
    }

    private static bool IsFactory(IMethodSymbol method) =>
        MetadataName(method.ContainingType) is "TorchSharp.torch+nn" or "TorchSharp.torch+optim";

    private static bool IsPersistentFalse(IArgumentOperation argument) =>
        argument.Parameter?.Name == "persistent" && argument.Value.ConstantValue is not { HasValue: true, Value: true };

    private static bool IsTensor(INamedTypeSymbol type) => MetadataName(type) == "TorchSharp.torch+Tensor";

    private static bool IsScalar(INamedTypeSymbol type) => MetadataName(type) == "TorchSharp.Scalar";

    private static string MetadataName(INamedTypeSymbol type) => type.ContainingType is { } outer
        ? $"{MetadataName(outer)}+{type.MetadataName}"
        : type.ContainingNamespace is { IsGlobalNamespace: false } space ? $"{space.ToDisplayString()}.{type.MetadataName}" : type.MetadataName;

    private static string ParameterName(IParameterSymbol parameter) =>
        TypeName(parameter.Type) + (parameter.RefKind == RefKind.None ? "" : "&");

    private static string TypeName(ITypeSymbol type) => type is IArrayTypeSymbol array ? TypeName(array.ElementType) + "[]" : type.MetadataName;

    private static string Place(SyntaxNode node)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        return $"{span.Path}({span.StartLinePosition.Line + 1})";
    }
}
