using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Tests.Checkpoints;

public sealed class StrictLoaderTests
{
    [Fact]
    public void Everything_that_fits_is_copied_and_converted_and_reported()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Save(folder["w"], new Dictionary<string, Tensor>
        {
            ["old.weight"] = TensorOps.FromFloats([1, 2, 3, 4, 5, 6], 2, 3),
            ["old.bias"] = TensorOps.FromFloats([0.5f, -0.25f], 2).to(ScalarType.BFloat16),
            ["old.double"] = TensorOps.FromFloats([0.1f, 8], 2).to(ScalarType.Float64),
            ["old.count"] = TensorOps.FromInts([9, -3], 2),
            ["optimizer.step"] = TensorOps.FromInts([4], 1),
        });
        var transposed = zeros(3, 2).t();
        var targets = new Dictionary<string, Tensor>
        {
            ["weight"] = nn.Parameter(zeros(2, 3)),
            ["bias"] = zeros(2),
            ["double"] = zeros(2, dtype: ScalarType.Float16),
            ["count"] = zeros(2, dtype: ScalarType.Int32),
            ["table"] = ones(2),
            ["strided"] = transposed,
        };
        var seen = new List<LoadProgress>();
        using var source = WeightFile.Open(folder["w"]);
        var report = Load(source, targets, new LoadOptions
        {
            NameMap = name => name.StartsWith("old.", StringComparison.Ordinal) ? name[4..] : null,
            AllowedMissing = name => name is "table" or "strided",
        }, new Now<LoadProgress>(seen.Add));

        Assert.Equal([1f, 2, 3, 4, 5, 6], targets["weight"].ToFloats());
        Assert.Equal([0.5f, -0.25f], targets["bias"].ToFloats());
        Assert.Equal([(float)(Half)0.1f, 8f], targets["double"].ToFloats());
        Assert.Equal([9, -3], targets["count"].ToInts());
        Assert.Equal([1f, 1f], targets["table"].ToFloats());
        Assert.Equal(4, report.LoadedCount);
        Assert.Equal(3, report.ConvertedCount);
        Assert.Equal(["optimizer.step"], report.Dropped);
        Assert.Equal(["table", "strided"], report.LeftAsIs);
        Assert.Equal(seen[^1].TotalBytes, seen[^1].DoneBytes);

        Load(source, new Dictionary<string, Tensor> { ["w"] = transposed }, new LoadOptions { NameMap = n => n == "old.weight" ? "w" : null });
        Assert.Equal([1f, 2, 3, 4, 5, 6], transposed.ToFloats());
    }

    [Fact]
    public void Every_kind_of_fault_is_listed_at_once_and_nothing_is_changed()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Save(folder["w"], new Dictionary<string, Tensor>
        {
            ["good"] = TensorOps.FromFloats([1, 2], 2),
            ["extra"] = TensorOps.FromFloats([1, 2], 2),
            ["misshapen"] = TensorOps.FromFloats([1], 1),
            ["wrong"] = TensorOps.FromInts([1, 2], 2),
            ["broken"] = TensorOps.FromFloats([1, float.NaN], 2),
            ["huge"] = TensorOps.FromFloats([1, 1e6f], 2),
            ["wide"] = TensorOps.FromInts([300, 0], 2),
            ["twin"] = TensorOps.FromFloats([1, 2], 2),
            ["Twin"] = TensorOps.FromFloats([1, 2], 2),
        });
        var targets = new Dictionary<string, Tensor>
        {
            ["good"] = zeros(2),
            ["absent.a"] = zeros(2),
            ["absent.b"] = zeros(2),
            ["misshapen"] = zeros(2),
            ["wrong"] = zeros(2),
            ["broken"] = zeros(2),
            ["huge"] = zeros(2, dtype: ScalarType.Float16),
            ["wide"] = zeros(2, dtype: ScalarType.Byte),
            ["twin"] = zeros(2),
        };
        using var source = WeightFile.Open(folder["w"]);
        var fault = Assert.Throws<CheckpointException>(() => Load(source, targets, new LoadOptions
        {
            NameMap = name => name.ToLowerInvariant(),
            Advice = faults => $"try another preset for {faults.Missing.Count} tensors",
        }));
        Assert.Contains("2 tensors are missing (absent.a, absent.b)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("1 tensor is not expected (extra)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("misshapen (is [1], must be [2])", fault.Message, StringComparison.Ordinal);
        Assert.Contains("wrong (is int64, must be float32)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("wide (holds values beyond uint8)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("2 tensors hold values that are not finite (broken, huge (too large for float16))", fault.Message, StringComparison.Ordinal);
        Assert.Contains("twin (by ", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("; try another preset for 2 tensors.", fault.Message, StringComparison.Ordinal);
        foreach (var target in targets.Values)
            Assert.All(target.ToFloats(), v => Assert.Equal(0f, v));
    }

    [Fact]
    public void Values_that_are_not_finite_load_where_the_check_is_switched_off()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Save(folder["w"], new Dictionary<string, Tensor> { ["x"] = TensorOps.FromFloats([float.NegativeInfinity], 1) });
        using var source = WeightFile.Open(folder["w"]);
        var target = zeros(1);
        Load(source, new Dictionary<string, Tensor> { ["x"] = target }, new LoadOptions { CheckFinite = false });
        Assert.Equal([float.NegativeInfinity], target.ToFloats());
    }

    [Fact]
    public void Loading_leaves_no_tensor_behind_and_can_be_cancelled()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Save(folder["w"], new Dictionary<string, Tensor> { ["x"] = ones(4), ["y"] = ones(4) });
        using var source = WeightFile.Open(folder["w"]);
        var targets = new Dictionary<string, Tensor> { ["x"] = zeros(4), ["y"] = zeros(4) };
        Load(source, targets);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++)
            Load(source, targets);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => StrictLoader.Load(source, targets, cancellation: cancel.Token));
        Assert.Throws<ArgumentException>(() => Load(source, new Dictionary<string, Tensor> { ["x"] = empty(4, device: META) }, new LoadOptions { NameMap = n => n == "x" ? n : null }));
    }

    private static LoadReport Load(
        ITensorSource source, Dictionary<string, Tensor> targets, LoadOptions? options = null, IProgress<LoadProgress>? progress = null) =>
        StrictLoader.Load(source, targets, options, progress, TestContext.Current.CancellationToken);

    private sealed class Now<T>(Action<T> act) : IProgress<T>
    {
        public void Report(T value) => act(value);
    }
}
