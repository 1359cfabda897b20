namespace Hita.Runtime;

/// <summary>
/// A program that uses this library lacks a native library. The message says which, and the commands that add it to the
/// program's project.
/// </summary>
public sealed class MissingLibraryException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One complete sentence.</param>
    /// <param name="commands">The commands that mend it, one package each; empty where none does.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public MissingLibraryException(string message, IReadOnlyList<string> commands, Exception? inner = null)
        : base(message, inner) => Commands = commands;

    /// <summary>
    /// The commands to run in the program's project, such as <c>dotnet add package Hita.Backend.Cpu.Linux</c>;
    /// empty where no package mends it.
    /// </summary>
    public IReadOnlyList<string> Commands { get; }
}
