using Hita.Runtime;
using var a = TensorOps.FromFloats([1, 2, 3], 3);
Console.WriteLine(a.Plus(a).ToFloats()[2]);
foreach (var s in TorchLibrary.Log) Console.WriteLine(s);
Console.WriteLine(TorchLibrary.LoadedFrom("libtorch_cpu"));
