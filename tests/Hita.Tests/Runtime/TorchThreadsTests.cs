using System.Runtime.InteropServices;
using Hita.Runtime;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Runtime;

/// <summary>Work on the tensor library's threads is done once each, also beside other work, and its failures arrive.</summary>
[Collection(Alone.Name)]
public sealed partial class TorchThreadsTests
{
    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 4)]
    [InlineData(7, 1)]
    [InlineData(100, 3)]
    public void Every_unit_is_done_once(int units, int threads)
    {
        var done = new int[units];
        With(threads, () => TorchThreads.Run(units, unit => Interlocked.Increment(ref done[unit])));
        Assert.All(done, static count => Assert.Equal(1, count));
    }

    [Fact]
    public void Several_callers_and_tensor_operations_do_not_disturb_each_other() => With(3, () =>
    {
        Parallel.For(0, 8, _ =>
        {
            for (var round = 0; round < 50; round++)
            {
                using var scope = NewDisposeScope();
                var sum = 0L;
                TorchThreads.Run(40, unit => Interlocked.Add(ref sum, unit));
                Assert.Equal(780, sum);
                Assert.Equal(64 * 64 * 64, TensorOps.ToDouble(ones(1, 64, 64).BatchedProduct(ones(1, 64, 64)).sum()));
            }
        });
    });

    [Fact]
    public void A_failure_on_another_thread_arrives_with_the_caller() => With(2, () =>
    {
        var error = Assert.Throws<InvalidOperationException>(() => TorchThreads.Run(2, unit =>
        {
            if (unit == 1)
                throw new InvalidOperationException("unit 1");
        }));
        Assert.Equal("unit 1", error.Message);
    });

    [Fact]
    public void Waiting_threads_sleep_unless_the_user_chose_otherwise()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "GNU OpenMP is asked on Linux alone");
        TorchLibrary.Load();
        var policy = Marshal.PtrToStringUTF8(Variable("OMP_WAIT_POLICY"));
        Assert.Equal(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? (Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null ? "passive" : null), policy);
    }

    private static void With(int threads, Action test)
    {
        var before = get_num_threads();
        try
        {
            set_num_threads(threads);
            test();
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Variable(string name);
}
