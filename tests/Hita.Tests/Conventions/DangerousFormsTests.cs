using Hita.Tests.Support;

namespace Hita.Tests.Conventions;

public sealed class DangerousFormsTests
{
    // The one file whose purpose is to wrap the dangerous forms safely.
    private static readonly string Exempt = Path.Combine("src", "Hita", "Runtime", "TensorOps.cs");

    private static readonly (string Code, string Rule)[] Dangerous =
    [
        ("_ = x + y;", DangerousForms.Operator),
        ("_ = x - y;", DangerousForms.Operator),
        ("_ = x * 2;", DangerousForms.Operator),
        ("_ = 1 / x;", DangerousForms.Operator),
        ("_ = -x;", DangerousForms.Operator),
        ("x += y;", DangerousForms.Operator),
        ("_ = x.add(y, 1);", DangerousForms.Conversion),
        ("_ = x.mul(0.5);", DangerousForms.Conversion),
        ("_ = x.masked_fill(y, float.NegativeInfinity);", DangerousForms.Conversion),
        ("Scalar one = 1;", DangerousForms.Conversion),
        ("_ = 1.0.ToScalar();", DangerousForms.Conversion),
        ("torch.Tensor z = 3;", DangerousForms.Conversion),
        ("_ = x.where(y, new float[] { 1, 2 });", DangerousForms.Conversion),
        ("_ = (float)x;", DangerousForms.Conversion),
        ("_ = torch.arange(5);", DangerousForms.Conversion),
        ("_ = x.add(y);", DangerousForms.HiddenScalar),
        ("_ = torch.add(x, y);", DangerousForms.HiddenScalar),
        ("_ = x.square();", DangerousForms.HiddenScalar),
        ("_ = x.ToSingle();", DangerousForms.HiddenScalar),
        ("_ = torch.nn.functional.leaky_relu(x, 0.2);", DangerousForms.HiddenScalar),
        ("Func<torch.Tensor, torch.Tensor> f = x.add;", DangerousForms.HiddenScalar),
        ("_ = torch.nn.LeakyReLU(0.2);", DangerousForms.HiddenScalar),
        ("_ = torch.nn.BatchNorm2d(3);", DangerousForms.HiddenScalar),
        ("_ = torch.optim.AdamW(new[] { new Parameter(x) });", DangerousForms.HiddenScalar),
        ("_ = x.matmul(y);", DangerousForms.Aborts),
        ("_ = torch.matmul(x, y);", DangerousForms.Aborts),
        ("_ = x.cummax(0);", DangerousForms.Aborts),
        ("_ = x.cummin(0);", DangerousForms.Aborts),
        ("_ = torch.autograd.grad(new[] { x }, new[] { y });", DangerousForms.Aborts),
        ("new torch.Generator(1).set_state(x);", DangerousForms.Aborts),
        ("torch.set_num_interop_threads(1);", DangerousForms.Aborts),
        ("_ = torch.nn.GroupNorm(32, 64);", DangerousForms.Uninitialised),
        ("_ = new ModuleDict<torch.nn.Module>();", DangerousForms.Broken),
        ("_ = torch.nn.ModuleDict<torch.nn.Module>();", DangerousForms.Broken),
        ("torch.nn.Identity().register_buffer(\"mask\", x, persistent: false);", DangerousForms.Broken),
        ("_ = x.item<float>();", DangerousForms.Reading),
        ("Func<torch.Tensor, torch.Tensor> f = t => t.exp().add(y);", DangerousForms.HiddenScalar),
        ("torch.Tensor Local(torch.Tensor t) => t.matmul(y);", DangerousForms.Aborts),
    ];

    private static readonly string[] Safe =
    [
        "_ = x.Plus(y).Times(0.5).Minus(y);",
        "_ = x.add(y, TensorOps.Constant(1));",
        "_ = x.mul(y).sub(y);",
        "_ = x.view(1, -1).softmax(-1).transpose(0, 1);",
        "_ = x[0, 1]; _ = x.narrow(0, 1, 2); _ = x.index_select(0, y);",
        "_ = torch.nn.functional.silu(x); _ = torch.nn.Linear(3, 4, hasBias: false); _ = torch.nn.Conv2d(3, 4, 3);",
        "torch.nn.Identity().register_buffer(\"mask\", x);",
        "_ = 1 + 2 * 3; double d = 5; _ = (float)d; _ = \"a\" + 1;",
        "_ = x.BatchedProduct(y); _ = TensorOps.ToDouble(x); _ = x.ToFloats();",
        "using var scope = torch.NewDisposeScope(); using var no = torch.no_grad();",
    ];

    private static readonly Lazy<ILookup<string, string>> Found = new(FindInSnippets);

    [Fact]
    public void The_library_has_no_dangerous_form_outside_the_safe_operations()
    {
        var found = DangerousForms.Find(SourceCompiler.Library)
            .Where(f => !f.Place.Contains(Exempt, StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(TestFiles.Root, f.ToString()));
        Assert.Empty(found);
    }

    [Fact]
    public void The_exempt_file_is_still_the_one_that_wraps_them() =>
        Assert.Contains(DangerousForms.Find(SourceCompiler.Library), f => f.Place.Contains(Exempt, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(DangerousIndices))]
    public void Each_dangerous_form_is_found(int index) => Assert.Contains(Dangerous[index].Rule, Found.Value[$"dangerous{index}.cs"]);

    [Theory]
    [MemberData(nameof(SafeIndices))]
    public void Safe_forms_are_left_alone(int index) => Assert.Empty(Found.Value[$"safe{index}.cs"]);

    public static TheoryData<int> DangerousIndices() => [.. Enumerable.Range(0, Dangerous.Length)];

    public static TheoryData<int> SafeIndices() => [.. Enumerable.Range(0, Safe.Length)];

    // One compilation for all snippets: each alone would cost a fifth of a second.
    private static ILookup<string, string> FindInSnippets()
    {
        var sources = Dangerous.Select((d, i) => ($"dangerous{i}.cs", Wrap(d.Code)))
            .Concat(Safe.Select((code, i) => ($"safe{i}.cs", Wrap(code))));
        var compilation = SourceCompiler.Compile(sources);
        Assert.Empty(SourceCompiler.Errors(compilation));
        return DangerousForms.Find(compilation).ToLookup(f => f.Place.Split('(')[0], f => f.Rule);
    }

    private static string Wrap(string code) =>
        $$"""
        using Hita.Runtime;
        using TorchSharp;
        using TorchSharp.Modules;

        file static class Snippet
        {
            public static void Run(torch.Tensor x, torch.Tensor y)
            {
                {{code}}
            }
        }
        """;
}
