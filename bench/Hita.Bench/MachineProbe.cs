using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Threads;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>
/// What this machine can do at best, measured now: how fast memory is read and how fast matrices are multiplied. Other programs
/// take their share, so that the probes belong next to what they are compared with.
/// </summary>
public sealed unsafe class MachineProbe : IDisposable
{
    private const long BufferBytes = 256L << 20;

    private readonly ThreadTeam _team;
    private readonly ReadTask _read;
    private readonly MatrixTask _matrix;

    /// <summary>Reserves and touches 256 MiB, more than any cache holds, in huge pages where there are some.</summary>
    /// <param name="threads">Threads that read and multiply together.</param>
    public MachineProbe(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _team = new ThreadTeam(threads);
        _read = new ReadTask(threads);
        _matrix = new MatrixTask(_team);
    }

    /// <summary>Reads the memory once.</summary>
    /// <returns>Bytes a second.</returns>
    public double ReadBandwidth() => BufferBytes / Seconds(_read);

    /// <summary>Multiplies float32 matrices that fit in caches, 64 rows at a time, with the engine's kernels.</summary>
    /// <returns>Additions and multiplications a second.</returns>
    public double MatrixRate() => MatrixTask.Operations / Seconds(_matrix);

    /// <summary>Releases the memory and ends the threads.</summary>
    public void Dispose()
    {
        _team.Dispose();
        _read.Dispose();
        _matrix.Dispose();
    }

    private double Seconds(ITeamTask work)
    {
        var start = Stopwatch.GetTimestamp();
        _team.Run(work);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class ReadTask : ITeamTask, IDisposable
    {
        private readonly int _threads;
        private readonly float[] _sums;
        private readonly byte* _memory = HugePages.Allocate((nuint)BufferBytes);

        public ReadTask(int threads)
        {
            _threads = threads;
            _sums = new float[threads];
            for (long at = 0; at < BufferBytes; at += 1 << 20)
                new Span<byte>(_memory + at, 1 << 20).Fill(1);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int member)
        {
            // Two streams a thread: a single one reaches three quarters of what some processors can do.
            var half = BufferBytes / sizeof(float) / _threads / 512 * 256;
            var at = (float*)_memory + (member * 2 * half);
            Vector<float> a = default, b = default, c = default, d = default;
            for (var end = at + half; at < end; at += 2 * Vector<float>.Count)
            {
                a += Vector.Load(at);
                b += Vector.Load(at + Vector<float>.Count);
                c += Vector.Load(at + half);
                d += Vector.Load(at + half + Vector<float>.Count);
            }
            _sums[member] = Vector.Sum(a + b + c + d);
        }

        public void Dispose() => NativeMemory.AlignedFree(_memory);
    }

    private sealed class MatrixTask : ITeamTask, IDisposable
    {
        private const int Inputs = 768;
        private const int Blocks = 8;
        private const int PanelCount = 64;

        public const double Operations = 2.0 * Inputs * Blocks * Panel.MaximumRows * PanelCount * Panel.Width;

        private readonly ThreadTeam _team;
        private readonly KernelSet _kernels = KernelSet.For(EngineKernels.Auto, PanelKind.Full);
        private readonly long _panelBytes = Panel.Bytes(PanelKind.Full, Inputs);
        private readonly float* _x;
        private readonly byte* _weights;

        public MatrixTask(ThreadTeam team)
        {
            _team = team;
            _weights = (byte*)NativeMemory.AlignedAlloc((nuint)(PanelCount * _panelBytes), 64);
            _x = (float*)NativeMemory.AlignedAlloc(sizeof(float) * Inputs * Blocks * Panel.MaximumRows, 64);
            new Span<byte>(_weights, (int)(PanelCount * _panelBytes)).Clear();
            new Span<float>(_x, Inputs * Blocks * Panel.MaximumRows).Clear();
        }

        public void Execute(int member)
        {
            var tile = stackalloc float[Panel.MaximumRows * Panel.Width];
            while (_team.TryClaim(member, PanelCount, out var panel))
            {
                for (var block = 0; block < Blocks; block++)
                {
                    var x = _x + (block * Inputs * Panel.MaximumRows);
                    _kernels.Multiply(_weights + (panel * _panelBytes), Inputs, Panel.MaximumRows, x, tile);
                }
            }
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree(_weights);
            NativeMemory.AlignedFree(_x);
        }
    }
}
