using System.Text;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Tests.Checkpoints;

/// <summary>Damaged configurations of models are refused in a sentence, or have no faults.</summary>
[Collection(Alone.Name)]
[Trait("Category", "Slow")]
public sealed class MutatedConfigsTests(ITestOutputHelper output)
{
    private const int Mutants = 5000;

    [Fact]
    public void Mutated_configurations_of_models_are_read_or_refused()
    {
        using var folder = new TemporaryFolder();
        var texts = TokenizerPresets.Names.Select(static n => TokenizerPresets.TryGet(n, out var config) ? ConfigJson.Write(config) : "")
            .Concat(GeneratorPresets.Names.Select(static n => GeneratorPresets.TryGet(n, out var config) ? ConfigJson.Write(config) : ""))
            .ToList();
        Check("config.json", texts, folder.Path, path =>
        {
            Read(() => TokenizerFolder.ReadConfig(path).Validate());
            Read(() => GeneratorFolder.ReadConfig(path).Validate());
            // What looks at a folder before it is opened.
            ModelFolder.IsPart(Path.Combine(path, "config.json"));
        });
    }

    [Fact]
    public void Mutated_sampling_settings_are_read_or_refused()
    {
        using var folder = new TemporaryFolder();
        var sampling = SamplingOptions.Same(
            new TokenSampling { Temperature = 0.8f, TopK = 100, TopP = 0.9f }, new GuidanceOptions { Scale = 4, Schedule = GuidanceSchedule.Interval, IntervalEnd = 20 });
        Check(GeneratorFolder.SamplingName, [ConfigJson.Write(sampling)], folder.Path, path => Read(() => GeneratorFolder.ReadSampling(path).Validate()));
    }

    private void Check(string name, List<string> texts, string folder, Action<string> read)
    {
        var (good, budget) = (0, new MutantBudget());
        foreach (var text in texts)
        {
            File.WriteAllText(Path.Combine(folder, name), text);
            budget.Honest(() => read(folder));
        }
        for (var seed = 0; seed < Mutants; seed++)
        {
            File.WriteAllBytes(Path.Combine(folder, name), Encoding.UTF8.GetBytes(TextMutator.Mutate(texts[seed % texts.Count], seed)));
            _read = 0;
            try
            {
                budget.Mutant(() => read(folder));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
            good += _read;
        }
        output.WriteLine($"{good} of {Mutants} mutants of {name} are read; {budget}");
        Assert.InRange(good, Mutants / 50, Mutants - (Mutants / 20));
    }

    private int _read;

    private void Read(Action read)
    {
        try
        {
            read();
            _read = 1;
        }
        catch (HitaException e)
        {
            Assert.False(string.IsNullOrWhiteSpace(e.Message));
        }
    }
}
