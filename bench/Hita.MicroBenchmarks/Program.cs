using BenchmarkDotNet.Running;
using Hita.MicroBenchmarks;

// dotnet run -c Release --project bench/Hita.Benchmarks -- --filter '*Panel*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, BenchmarkSettings.Create());
