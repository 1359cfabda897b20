using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace Hita.Tests.Conventions;

/// <summary>
/// The functions of the tensor library that make scalars out of numbers inside themselves, found by reading their code.
/// </summary>
/// <remarks>
/// Such a scalar is unreachable as soon as its handle has been passed on, so the collector may free it while the native code
/// still reads it. The list is computed rather than written down, so that it follows the package's version.
/// </remarks>
internal static class HiddenScalars
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(f => f.GetValue(null)).OfType<OpCode>().ToDictionary(o => (int)(ushort)o.Value);

    private static readonly Lazy<(HashSet<string> Methods, HashSet<string> Modules)> Found = new(Search);

    /// <summary>Keys (see <see cref="Key"/>) of the functions.</summary>
    public static IReadOnlySet<string> Methods => Found.Value.Methods;

    /// <summary>Full names of the modules and optimizers whose forward pass or step is one of them.</summary>
    public static IReadOnlySet<string> Modules => Found.Value.Modules;

    /// <summary>A method's name in a form that reflection and the compiler's symbols share.</summary>
    public static string Key(string type, string name, IEnumerable<string> parameterTypes) => $"{type}.{name}({string.Join(',', parameterTypes)})";

    private static (HashSet<string> Methods, HashSet<string> Modules) Search()
    {
        var methods = typeof(torch).Assembly.GetTypes().SelectMany(t => t.GetMembers(Everything)).OfType<MethodBase>().ToList();
        var calls = methods.ToDictionary(m => m, m => Calls(m).ToHashSet());
        var hiding = methods.Where(m => !MakesScalar(m) && calls[m].Any(MakesScalar)).ToHashSet();
        for (var before = 0; before != hiding.Count;)
        {
            before = hiding.Count;
            hiding.UnionWith(methods.Where(m => !MakesScalar(m) && calls[m].Any(hiding.Contains)));
        }

        // TorchScript calls make scalars only from numbers given to them, and then by a conversion that is seen at the call.
        hiding.RemoveWhere(m => m.DeclaringType!.FullName!.StartsWith("TorchSharp.torch+jit", StringComparison.Ordinal));
        var keys = hiding.Select(m => Key(m.DeclaringType!.FullName!, m.Name, m.GetParameters().Select(p => p.ParameterType.Name)));
        var modules = hiding.Where(m => m.Name is "forward" or "step").Select(m => m.DeclaringType!.FullName!);
        return (keys.ToHashSet(StringComparer.Ordinal), modules.ToHashSet(StringComparer.Ordinal));
    }

    private static bool MakesScalar(MethodBase method) =>
        (method.DeclaringType == typeof(Scalar) && method.Name == "op_Implicit") || method.Name == "ToScalar";

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        var code = method.IsAbstract ? null : method.GetMethodBody()?.GetILAsByteArray();
        for (var at = 0; code is not null && at < code.Length;)
        {
            int number = code[at++];
            if (number == 0xfe)
                number = 0xfe00 | code[at++];
            var operation = Codes[number];
            if (operation.OperandType == OperandType.InlineMethod && Resolve(method, BitConverter.ToInt32(code, at)) is { } target)
                yield return target;
            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static MethodBase? Resolve(MethodBase method, int token)
    {
        var ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var target = method.Module.ResolveMethod(token, ofType, method.IsGenericMethod ? method.GetGenericArguments() : null);
        return target is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : target;
    }
}
