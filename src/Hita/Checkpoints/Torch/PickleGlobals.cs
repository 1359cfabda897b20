namespace Hita.Checkpoints.Torch;

/// <summary>What may be done with a name that a pickle asks for.</summary>
internal enum GlobalKind
{
    /// <summary>Only mentioned: a type or a data type as a value.</summary>
    Name,

    /// <summary>Not on the list: whatever is made with it is a placeholder without content.</summary>
    Foreign,

    /// <summary>Bytes as protocol 2 writes them: a text and the way it stands for them.</summary>
    EncodedBytes,
    RebuildTensor,
    RebuildTensorTyped,
    RebuildParameter,
    RebuildFromType,
    Parameter,

    /// <summary>A tensor's type, of which the first versions of torch made one before they gave it its elements.</summary>
    Tensor,
    Storage,
    Dictionary,
    Object,
    Inert,
    Size,
    List,
    Tuple,
}

/// <summary>A name that a pickle asks for.</summary>
/// <param name="Name">The full Python name.</param>
/// <param name="Kind">What may be done with it.</param>
/// <param name="Element">The elements of a typed storage, or the data type.</param>
internal sealed record PickleGlobal(string Name, GlobalKind Kind, ElementKind? Element = null);

/// <summary>
/// All names that weights may need. None of them is ever called: each stands for a fixed way to note what was meant. What is made
/// with any other name is noted as a placeholder, which must not stand where a tensor belongs.
/// </summary>
internal static class PickleGlobals
{
    private static readonly Dictionary<string, PickleGlobal> Allowed = Make();

    /// <summary>The name's entry; null where it is not on the list.</summary>
    /// <param name="name">The module and the name, with a dot between them.</param>
    public static PickleGlobal? Find(ReadOnlySpan<char> name) =>
        Allowed.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var global) ? global : null;

    private static Dictionary<string, PickleGlobal> Make()
    {
        var all = new Dictionary<string, PickleGlobal>(StringComparer.Ordinal);
        Add(GlobalKind.RebuildTensor, "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2");
        Add(GlobalKind.RebuildTensorTyped, "torch._utils._rebuild_tensor_v3");
        Add(GlobalKind.RebuildParameter, "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state");
        Add(GlobalKind.RebuildFromType, "torch._tensor._rebuild_from_type_v2");
        Add(GlobalKind.Parameter, "torch.nn.parameter.Parameter", "torch.autograd.variable.Variable");
        Add(GlobalKind.Dictionary, "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict", "__builtin__.dict");
        Add(GlobalKind.Object, "argparse.Namespace", "types.SimpleNamespace");
        Add(GlobalKind.Size, "torch.Size");
        Add(GlobalKind.List, "builtins.list", "__builtin__.list");
        Add(GlobalKind.Tuple, "builtins.tuple", "__builtin__.tuple");
        Add(
            GlobalKind.Inert,
            "torch.device", "torch.serialization._get_layout",
            "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset",
            "builtins.bytes", "__builtin__.bytes", "builtins.bytearray", "__builtin__.bytearray", "builtins.complex", "__builtin__.complex",
            "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
            "pathlib._local.PosixPath", "pathlib._local.WindowsPath");
        Add(GlobalKind.EncodedBytes, "_codecs.encode");
        Add(
            GlobalKind.Name,
            "torch.Tensor",
            "builtins.int", "builtins.float", "builtins.str", "builtins.bool",
            "__builtin__.int", "__builtin__.float", "__builtin__.str", "__builtin__.bool");
        Add(GlobalKind.Storage, "torch.storage.UntypedStorage", "torch.storage._UntypedStorage", "torch.storage.TypedStorage", "torch.storage._TypedStorage", "torch.UntypedStorage");

        AddType(TensorType.Float64, "DoubleStorage", "float64", "double");
        AddType(TensorType.Float32, "FloatStorage", "float32", "float");
        AddType(TensorType.Float16, "HalfStorage", "float16", "half");
        AddType(TensorType.BFloat16, "BFloat16Storage", "bfloat16");
        AddType(TensorType.Int64, "LongStorage", "int64", "long");
        AddType(TensorType.Int32, "IntStorage", "int32", "int");
        AddType(TensorType.Int16, "ShortStorage", "int16", "short");
        AddType(TensorType.Int8, "CharStorage", "int8");
        AddType(TensorType.UInt8, "ByteStorage", "uint8");
        AddType(TensorType.Bool, "BoolStorage", "bool");
        AddType(TensorType.Complex64, "ComplexFloatStorage", "complex64", "cfloat");
        AddType(TensorType.Complex128, "ComplexDoubleStorage", "complex128", "cdouble");
        AddType(TensorType.UInt64, null, "uint64");
        AddType(TensorType.UInt32, null, "uint32");
        AddType(TensorType.UInt16, null, "uint16");
        foreach (var name in (ReadOnlySpan<string>)["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"])
            AddElement(new ElementKind(TensorType.Other, name, 1), null, name);
        AddElement(new ElementKind(TensorType.Other, "complex32", 4), null, "complex32", "chalf");
        return all;

        void Add(GlobalKind kind, params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                all.Add(name, new PickleGlobal(name, kind));
        }

        void AddType(TensorType type, string? storage, params ReadOnlySpan<string> names) =>
            AddElement(new ElementKind(type, names[0], type.Size()), storage, names);

        void AddElement(ElementKind element, string? storage, params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                all.Add($"torch.{name}", new PickleGlobal($"torch.{name}", GlobalKind.Name, element));
            if (storage is null)
                return;
            // Checkpoints written on a graphics card name its storages and tensors; what they hold is the same.
            foreach (var place in (ReadOnlySpan<string>)["torch", "torch.cuda"])
            {
                all.Add($"{place}.{storage}", new PickleGlobal($"{place}.{storage}", GlobalKind.Storage, element));
                if (element.Type is TensorType.Complex64 or TensorType.Complex128)
                    continue;
                var tensor = $"{place}.{storage.Replace("Storage", "Tensor", StringComparison.Ordinal)}";
                all.Add(tensor, new PickleGlobal(tensor, GlobalKind.Tensor, element));
            }
        }
    }
}
