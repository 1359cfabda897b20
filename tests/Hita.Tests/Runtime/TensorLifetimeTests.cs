using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using TorchSharp;

namespace Hita.Tests.Runtime;

/// <summary>Model code leaves no tensor behind, and stands the garbage collector running beside it.</summary>
[Collection(Alone.Name)]
public sealed class TensorLifetimeTests
{
    [Fact]
    public void Encoding_decoding_and_generating_leave_no_tensor_behind()
    {
        using var tokenizer = Tokenizer("tiny-ultra");
        using var generator = Generator();
        Round(tokenizer, generator, 0); // Tables that live as long as the models are made on first use.
        var before = LivingTensors.Settled();
        for (var i = 1; i <= 30; i++)
            Round(tokenizer, generator, i);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    // Counted in memory: the framework's own counter keeps counting the shell that a parameter leaves of the tensor it is made of.
    [Fact]
    public void Disposed_models_give_their_memory_back()
    {
        using var folder = new TemporaryFolder();
        using (var tokenizer = Tokenizer("tiny"))
            tokenizer.Save(folder["model"]);
        Load(3);
        var before = Environment.WorkingSet;
        Load(20); // 20 MB each.
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 120 << 20);

        void Load(int times)
        {
            for (var i = 0; i < times; i++)
                ImageTokenizer.Load(folder["model"]).Dispose();
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_minute_of_two_decoding_threads_beside_an_allocating_one_is_without_a_fault()
    {
        using var tokenizer = Tokenizer("tiny");
        using var generator = Generator();
        var expected = Pixels(0);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var allocating = Task.Run(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                GC.KeepAlive(new byte[1 << (10 + (i % 12))]);
                if (i % 50_000 == 0)
                    GC.Collect();
            }
        });
        var decoded = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var rounds = 0;
            for (; !stop.IsCancellationRequested; rounds++)
                Assert.Equal(expected, Pixels(0));
            return rounds;
        })));
        await allocating;
        Assert.All(decoded, static rounds => Assert.True(rounds > 10));

        byte[] Pixels(int seed)
        {
            var codes = generator.Generate(new GenerationRequest { Classes = [1, 2], Seed = (ulong)seed, Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 2 } } });
            return tokenizer.Decode(codes)[1].Pixels.ToArray();
        }
    }

    private static void Round(ImageTokenizer tokenizer, ImageGenerator generator, int seed)
    {
        var image = new Image(seed % 2 == 0 ? 64 : 96, 64);
        new Random(seed).NextBytes(image.Pixels);
        tokenizer.Reconstruct(image);
        var codes = generator.Generate(new GenerationRequest { Classes = [seed % 10], Seed = (ulong)seed, Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 2 } } });
        tokenizer.Decode(codes);
    }

    private static ImageTokenizer Tokenizer(string preset)
    {
        Assert.True(TokenizerPresets.TryGet(preset, out var config));
        return ImageTokenizer.CreateByName(config);
    }

    private static ImageGenerator Generator()
    {
        Assert.True(GeneratorPresets.TryGet("tiny", out var config));
        return ImageGenerator.CreateByName(config);
    }
}
