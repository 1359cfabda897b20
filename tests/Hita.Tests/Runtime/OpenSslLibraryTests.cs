using Hita.Runtime;

namespace Hita.Tests.Runtime;

/// <summary>A system without OpenSSL, on which .NET would end the process.</summary>
public sealed class OpenSslLibraryTests
{
    [Fact]
    public void Its_absence_is_told_in_a_sentence()
    {
        OpenSslLibrary.Require("Connections");
        Assert.Equal(
            "Connections need OpenSSL, and this system has none: install its package, on Debian with 'apt-get install libssl3 ca-certificates'.",
            Assert.Throws<MissingLibraryException>(static () => OpenSslLibrary.Require("Connections", ["libhita-no-such-library.so.3"])).Message);
    }
}
