using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tests.Support;

/// <summary>Hides the weights of ResNet-18 from this process while it lives. The places are the process's own, so whoever uses it runs alone.</summary>
internal sealed class WithoutResNet18 : IDisposable
{
    private const string Packages = "NUGET_PACKAGES";

    private readonly TemporaryFolder _empty = new();
    private readonly string?[] _before = [Environment.GetEnvironmentVariable(Packages), Environment.GetEnvironmentVariable(CacheFolder.Variable)];

    public WithoutResNet18()
    {
        Environment.SetEnvironmentVariable(Packages, _empty["packages"]);
        Environment.SetEnvironmentVariable(CacheFolder.Variable, _empty["cache"]);
        Assert.Null(ResNet18Weights.Find());
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Packages, _before[0]);
        Environment.SetEnvironmentVariable(CacheFolder.Variable, _before[1]);
        _empty.Dispose();
    }
}
