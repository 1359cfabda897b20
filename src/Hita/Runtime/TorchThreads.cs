using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>Spreads work over the threads that the tensor library computes with.</summary>
/// <remarks>
/// Threads of our own would share the processors with them; on the same threads the work begins at once. Where their library cannot
/// be reached (it is GNU OpenMP on Linux), the runtime's own threads do the work.
/// </remarks>
internal static unsafe class TorchThreads
{
    private static readonly Lazy<Team?> Native = new(Team.Find);

    /// <summary>Does all of the work, each unit once, in any order and on any thread; returns when it is done.</summary>
    /// <param name="units">Units of work.</param>
    /// <param name="work">Does one, given its number from 0. What it throws reaches the caller once all threads have ended; units may be left undone.</param>
    public static void Run(int units, Action<int> work)
    {
        var threads = Math.Min(units, get_num_threads());
        if (threads <= 1)
        {
            for (var unit = 0; unit < units; unit++)
                work(unit);
        }
        else if (Native.Value is { } team)
        {
            team.Run(threads, units, work);
        }
        else
        {
            Parallel.For(0, units, new ParallelOptions { MaxDegreeOfParallelism = threads }, work);
        }
    }

    // What the threads of one call share; it outlives them, as the call returns only after the last.
    private sealed class Job(Team team, int units, Action<int> work)
    {
        private Exception? _failure;

        public void Work()
        {
            try
            {
                int own = team.ThreadNumber(), count = team.ThreadCount();
                for (var unit = own; unit < units; unit += count)
                    work(unit);
            }
#pragma warning disable CA1031 // Nothing may unwind through the native frames below.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
        }

        public void ThrowFailure()
        {
            if (_failure is { } failure)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private sealed class Team(nint parallel, nint threadNumber, nint threadCount)
    {
        /// <summary>The library that is loaded already with the tensor library; null where there is none.</summary>
        public static Team? Find()
        {
            TorchLibrary.Load();
            if (TorchLibrary.LoadedFrom("libgomp") is not { } path || !NativeLibrary.TryLoad(path, out var library))
                return null;
            return NativeLibrary.TryGetExport(library, "GOMP_parallel", out var parallel)
                && NativeLibrary.TryGetExport(library, "omp_get_thread_num", out var number)
                && NativeLibrary.TryGetExport(library, "omp_get_num_threads", out var count)
                ? new Team(parallel, number, count)
                : null;
        }

        public int ThreadNumber() => ((delegate* unmanaged<int>)threadNumber)();

        public int ThreadCount() => ((delegate* unmanaged<int>)threadCount)();

        public void Run(int threads, int units, Action<int> work)
        {
            var job = new Job(this, units, work);
            var handle = GCHandle.Alloc(job);
            try
            {
                var start = (delegate* unmanaged<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void>)parallel;
                start(&Enter, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            }
            finally
            {
                handle.Free();
            }
            job.ThrowFailure();
        }

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        private static void Enter(nint job) => ((Job)GCHandle.FromIntPtr(job).Target!).Work();
    }
}
