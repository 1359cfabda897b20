using System.Collections.Frozen;

namespace Hita.Checkpoints.TorchZip;

/// <summary>What an allowed name stands for.</summary>
internal enum GlobalKind
{
    /// <summary>A dictionary class.</summary>
    Dictionary,

    /// <summary>A set class.</summary>
    Set,

    /// <summary>A class whose instances are kept as arguments and attributes.</summary>
    Object,

    /// <summary><c>torch.Size</c>: a tuple by another name.</summary>
    Size,

    /// <summary>A class that only occurs as a value, such as a tensor class.</summary>
    Marker,

    /// <summary>A typed or untyped storage class.</summary>
    Storage,

    /// <summary>An element type such as <c>torch.float32</c>.</summary>
    Element,

    /// <summary>Builds a tensor from a storage; also the form with an element type of its own.</summary>
    RebuildTensor,

    /// <summary>Wraps a tensor as a parameter.</summary>
    RebuildParameter,

    /// <summary>Calls another of these names and sets a class.</summary>
    RebuildFromType,

    /// <summary>How bytes are written in old protocols.</summary>
    Encode,
}

/// <summary>The names that a pickle may use. None of them is ever called: each has a fixed, inert meaning.</summary>
internal static class PickleGlobals
{
    private static readonly TorchElement Unsigned8 = new(TensorType.UInt8, "uint8", 1);

    private static readonly FrozenDictionary<string, TorchElement> Elements = new Dictionary<string, TorchElement>
    {
        ["float64"] = new(TensorType.Float64, "float64", 8),
        ["float32"] = new(TensorType.Float32, "float32", 4),
        ["float16"] = new(TensorType.Float16, "float16", 2),
        ["bfloat16"] = new(TensorType.BFloat16, "bfloat16", 2),
        ["int64"] = new(TensorType.Int64, "int64", 8),
        ["int32"] = new(TensorType.Int32, "int32", 4),
        ["int16"] = new(TensorType.Int16, "int16", 2),
        ["int8"] = new(TensorType.Int8, "int8", 1),
        ["uint64"] = new(TensorType.UInt64, "uint64", 8),
        ["uint32"] = new(TensorType.UInt32, "uint32", 4),
        ["uint16"] = new(TensorType.UInt16, "uint16", 2),
        ["uint8"] = Unsigned8,
        ["bool"] = new(TensorType.Bool, "bool", 1),
        ["complex64"] = new(TensorType.Complex64, "complex64", 8),
        ["complex128"] = new(TensorType.Complex128, "complex128", 16),
        ["float8_e4m3fn"] = new(TensorType.Other, "float8_e4m3fn", 1),
        ["float8_e4m3fnuz"] = new(TensorType.Other, "float8_e4m3fnuz", 1),
        ["float8_e5m2"] = new(TensorType.Other, "float8_e5m2", 1),
        ["float8_e5m2fnuz"] = new(TensorType.Other, "float8_e5m2fnuz", 1),
        ["float8_e8m0fnu"] = new(TensorType.Other, "float8_e8m0fnu", 1),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, TorchElement> Storages = new Dictionary<string, TorchElement>
    {
        ["DoubleStorage"] = Elements["float64"],
        ["FloatStorage"] = Elements["float32"],
        ["HalfStorage"] = Elements["float16"],
        ["BFloat16Storage"] = Elements["bfloat16"],
        ["LongStorage"] = Elements["int64"],
        ["IntStorage"] = Elements["int32"],
        ["ShortStorage"] = Elements["int16"],
        ["CharStorage"] = Elements["int8"],
        ["ByteStorage"] = Unsigned8,
        ["BoolStorage"] = Elements["bool"],
        ["ComplexFloatStorage"] = Elements["complex64"],
        ["ComplexDoubleStorage"] = Elements["complex128"],
        ["UntypedStorage"] = Unsigned8,
        ["_UntypedStorage"] = Unsigned8,
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, GlobalKind> Names = new Dictionary<string, GlobalKind>
    {
        ["collections OrderedDict"] = GlobalKind.Dictionary,
        ["collections defaultdict"] = GlobalKind.Dictionary,
        ["collections Counter"] = GlobalKind.Dictionary,
        ["argparse Namespace"] = GlobalKind.Object,
        ["types SimpleNamespace"] = GlobalKind.Object,
        ["torch device"] = GlobalKind.Object,
        ["torch.serialization _get_layout"] = GlobalKind.Object,
        ["torch Size"] = GlobalKind.Size,
        ["torch Tensor"] = GlobalKind.Marker,
        ["torch._tensor Tensor"] = GlobalKind.Marker,
        ["torch.nn.parameter Parameter"] = GlobalKind.Marker,
        ["torch.nn.parameter Buffer"] = GlobalKind.Marker,
        ["torch._utils _rebuild_tensor"] = GlobalKind.RebuildTensor,
        ["torch._utils _rebuild_tensor_v2"] = GlobalKind.RebuildTensor,
        ["torch._utils _rebuild_tensor_v3"] = GlobalKind.RebuildTensor,
        ["torch._utils _rebuild_parameter"] = GlobalKind.RebuildParameter,
        ["torch._utils _rebuild_parameter_with_state"] = GlobalKind.RebuildParameter,
        ["torch._tensor _rebuild_from_type_v2"] = GlobalKind.RebuildFromType,
        ["_codecs encode"] = GlobalKind.Encode,
        ["pathlib PosixPath"] = GlobalKind.Object,
        ["pathlib PurePosixPath"] = GlobalKind.Object,
        ["pathlib WindowsPath"] = GlobalKind.Object,
        ["pathlib PureWindowsPath"] = GlobalKind.Object,
        ["pathlib._local PosixPath"] = GlobalKind.Object,
        ["pathlib._local WindowsPath"] = GlobalKind.Object,
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Builtins =
        new[] { "list", "dict", "tuple", "int", "float", "bool", "str", "bytes", "bytearray", "complex" }.ToFrozenSet();

    /// <summary>The meaning of a name, or null where it is not allowed.</summary>
    public static GlobalKind? Find(string module, string name)
    {
        if (module is "builtins" or "__builtin__")
        {
            if (name is "set" or "frozenset")
                return GlobalKind.Set;
            return Builtins.Contains(name) ? GlobalKind.Object : null;
        }
        if (module is "torch" or "torch.storage" or "torch.cuda" && Storages.ContainsKey(name))
            return GlobalKind.Storage;
        if (module == "torch" && Elements.ContainsKey(name))
            return GlobalKind.Element;
        return Names.TryGetValue($"{module} {name}", out var kind) ? kind : null;
    }

    /// <summary>The element type of a storage class or of an element name.</summary>
    public static TorchElement Element(PickleGlobal global) =>
        global.Kind == GlobalKind.Storage ? Storages[global.Name] : Elements[global.Name];
}
