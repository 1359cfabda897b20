using System.Runtime.CompilerServices;
using Hita.Runtime;

namespace Hita.Tests.Support;

/// <summary>Tests run side by side and may touch the tensor library directly, so it is loaded before the first of them.</summary>
internal static class NativeLibrary
{
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Load();
}
