using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Tests.Generation.Sampling;

public sealed class SamplingOptionsTests
{
    [Fact]
    public void The_defaults_are_the_published_test_settings()
    {
        var options = new SamplingOptions().Validate();
        Assert.Equal(new TokenSampling { Temperature = 1, TopK = 0, TopP = 1, MinP = 0 }, options.Holistic);
        Assert.Equal(options.Holistic, options.Patches);
        Assert.False(options.Guidance.IsActive);
    }

    [Fact]
    public void All_faults_are_listed_at_once()
    {
        var options = new SamplingOptions
        {
            Holistic = new TokenSampling { Temperature = -1, TopK = -2, TopP = 1.5f, MinP = float.NaN },
            Patches = new TokenSampling { Temperature = float.PositiveInfinity },
            Guidance = new GuidanceOptions { Scale = float.NaN, IntervalEnd = -2, Schedule = (GuidanceSchedule)9 },
        };
        var error = Assert.Throws<ConfigException>(options.Validate);
        Assert.Equal(8, error.Faults.Count);
        Assert.Contains("the holistic top-p is 1.5", error.Message, StringComparison.Ordinal);
        Assert.Contains("the patch temperature", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_end_that_no_schedule_obeys_is_a_fault()
    {
        var options = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 2, IntervalEnd = 100 } };
        Assert.Contains("interval", Assert.Single(Assert.Throws<ConfigException>(options.Validate).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_survive_being_written_as_JSON()
    {
        var options = new SamplingOptions
        {
            Holistic = new TokenSampling { Temperature = 0.3f, TopK = 5, TopP = 0.25f, MinP = 0.125f },
            Patches = TokenSampling.Greedy,
            Guidance = new GuidanceOptions { Scale = 1.75f, Schedule = GuidanceSchedule.Interval, IntervalEnd = 128 },
        };
        var json = ConfigJson.Write(options);
        Assert.Equal(options, ConfigJson.Read<SamplingOptions>(json, "test"));
        Assert.Contains("\"schedule\": \"interval\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Holistic_and_patch_tokens_have_their_own_settings()
    {
        var options = new SamplingOptions { Holistic = TokenSampling.Greedy };
        Assert.Same(options.Holistic, options.For(15, 16));
        Assert.Same(options.Patches, options.For(16, 16));
        Assert.Same(options.Patches, options.For(0, 0));
    }

    [Fact]
    public void A_published_counter_guides_one_token_more_than_its_successor()
    {
        var guidance = new GuidanceOptions { Scale = 4, Schedule = GuidanceSchedule.Interval, IntervalEnd = 10 };
        Assert.Equal(12, guidance.GuidedTokenCount(32));
        Assert.Equal(4, guidance.ScaleAt(11, 32));
        Assert.Equal(1, guidance.ScaleAt(12, 32));
        Assert.Equal(2, (guidance with { IntervalEnd = 0 }).GuidedTokenCount(32));
        Assert.Equal(32, (guidance with { IntervalEnd = -1 }).GuidedTokenCount(32));
        Assert.Equal(32, (guidance with { IntervalEnd = int.MaxValue }).GuidedTokenCount(32));
    }

    [Fact]
    public void Rising_schedules_start_at_one_and_end_at_the_scale()
    {
        foreach (var schedule in (GuidanceSchedule[])[GuidanceSchedule.Linear, GuidanceSchedule.Cosine])
        {
            var guidance = new GuidanceOptions { Scale = 5, Schedule = schedule };
            var scales = Enumerable.Range(0, 101).Select(t => guidance.ScaleAt(t, 101)).ToArray();
            Assert.Equal(1, scales[0]);
            Assert.Equal(3, scales[50], 5);
            Assert.Equal(5, scales[100], 5);
            Assert.Equal(scales.Order(), scales);
            Assert.Equal(schedule == GuidanceSchedule.Linear ? 2 : 1.5858, scales[25], 3);
        }
    }

    [Fact]
    public void No_token_is_guided_up_to_a_scale_of_one()
    {
        foreach (var schedule in Enum.GetValues<GuidanceSchedule>())
        {
            var guidance = new GuidanceOptions { Scale = 1, Schedule = schedule };
            Assert.Equal(0, guidance.GuidedTokenCount(100));
            Assert.Equal(1, guidance.ScaleAt(0, 100));
            Assert.Equal(4, (guidance with { Scale = 4, Schedule = GuidanceSchedule.Constant }).ScaleAt(99, 100));
        }
    }
}
