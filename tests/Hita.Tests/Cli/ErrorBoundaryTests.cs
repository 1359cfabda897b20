using System.Reflection;
using System.Runtime.InteropServices;
using Hita.Cli.Hosting;
using Hita.Runtime;

namespace Hita.Tests.Cli;

public sealed class ErrorBoundaryTests
{
    public static TheoryData<Exception, string> Failures() => new()
    {
        { new CheckpointException("/m", "this is no model folder."), "/m: this is no model folder." },
        { new HitaException("first line\nsecond line"), "first line second line." },
        { new FileNotFoundException("Could not find file '/nothing'."), "Could not find file '/nothing'." },
        { new UnauthorizedAccessException("Access to the path '/root' is denied."), "Access to the path '/root' is denied." },
        { new IOException("No space left on device : '/out/a.png'", 28), "The disk is full: /out/a.png could not be written; free some space or choose another folder." },
        { new IOException("There is not enough space on the disk.", unchecked((int)0x80070070)), "The disk is full; free some space or choose another folder." },
        { new OutOfMemoryException(), "There is not enough memory for this: use fewer or smaller images at a time, a smaller preset, or a machine with more." },
        { new ExternalException("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), "There is not enough memory for this: use fewer or smaller images at a time, a smaller preset, or a machine with more." },
        { new TypeInitializationException("X", new HitaException("The library is missing.")), "The library is missing." },
        { new AggregateException(new HitaException("Inside.")), "Inside." },
        { new TargetInvocationException(new IOException("Odd bytes.")), "Odd bytes." },
        { new InvalidOperationException("Sequence contains no elements"), "An unexpected error occurred (InvalidOperationException: Sequence contains no elements); please report it together with what HITA_DEBUG=1 adds to this message." },
        { new OperationCanceledException("Nobody asked."), "An unexpected error occurred (OperationCanceledException: Nobody asked); please report it together with what HITA_DEBUG=1 adds to this message." },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void What_a_command_throws_becomes_one_sentence_and_exit_code_1(Exception thrown, string sentence)
    {
        var (code, error) = Run(() => throw thrown, CancellationToken.None);
        Assert.Equal(1, code);
        Assert.Equal($"hita: {sentence}{Environment.NewLine}", error);
    }

    [Fact]
    public void A_cancelled_command_says_so_and_returns_130()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var (code, error) = Run(() => throw new OperationCanceledException(source.Token), source.Token);
        Assert.Equal(130, code);
        Assert.Equal($"hita: cancelled.{Environment.NewLine}", error);
    }

    [Fact]
    public void A_command_that_returns_keeps_its_code() => Assert.Equal((7, ""), Run(() => 7, CancellationToken.None));

    private static (int Code, string Error) Run(Func<int> command, CancellationToken cancellation)
    {
        using var error = new StringWriter();
        var code = ErrorBoundary.Run(CommandLine.Redirected(TextWriter.Null, error), command, cancellation);
        return (code, error.ToString());
    }
}
