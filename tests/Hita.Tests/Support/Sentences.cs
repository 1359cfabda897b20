using Hita.Runtime;

namespace Hita.Tests.Support;

/// <summary>What every message for people must be.</summary>
internal static class Sentences
{
    /// <summary>Asserts that a message is the path and one complete sentence, and returns it.</summary>
    public static string Check(CheckpointException fault)
    {
        Assert.StartsWith(fault.Path + ": ", fault.Message, StringComparison.Ordinal);
        var sentence = fault.Message[(fault.Path.Length + 2)..];
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(". ", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", sentence, StringComparison.Ordinal);
        Assert.InRange(sentence.Length, 15, 800);
        return sentence;
    }
}
