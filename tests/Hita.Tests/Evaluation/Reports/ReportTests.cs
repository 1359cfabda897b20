using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Reports;

public sealed class ReportTests
{
    [Fact]
    public void A_report_survives_its_file_and_an_unknown_key_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var report = Make() with { Classes = [new ClassMetrics(0, "cone", 5, 3, "cube")], FidByCount = [new MetricAtCount(10, 3.5)] };
        report.Save(folder["report.json"]);
        var loaded = EvaluationReport.Load(folder.Path);
        Assert.Equal(ConfigJson.Write(report), ConfigJson.Write(loaded));
        Assert.Null(ReportComparison.Difference(report, loaded));
        File.WriteAllText(folder["report.json"], File.ReadAllText(folder["report.json"]).Replace("\"kind\"", "\"sort\"", StringComparison.Ordinal));
        Assert.Throws<CheckpointException>(() => EvaluationReport.Load(folder.Path));
        Assert.Contains("no report in this folder", Assert.Throws<CheckpointException>(() => EvaluationReport.Load(Directory.CreateDirectory(folder["empty"]).FullName)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_of_another_version_is_told_from_a_damaged_one()
    {
        using var folder = new TemporaryFolder();
        var file = folder["report.json"];
        Make().Save(file);
        var text = File.ReadAllText(file);
        File.WriteAllText(file, text.Replace("\"version\": 2,", "", StringComparison.Ordinal).Replace("\"metrics\"", "\"figures\"", StringComparison.Ordinal));
        Assert.Equal(
            $"{file}: an older version of Hita made this report, and its results are written otherwise now; evaluate again.",
            Assert.Throws<CheckpointException>(() => EvaluationReport.Load(folder.Path)).Message);
        File.WriteAllText(file, text.Replace("\"version\": 2,", "\"version\": 3,", StringComparison.Ordinal));
        Assert.Contains("a newer version of Hita made this report", Assert.Throws<CheckpointException>(() => EvaluationReport.Load(folder.Path)).Message, StringComparison.Ordinal);
        // Reports of this shape that were written before they had a version.
        File.WriteAllText(file, text.Replace("\"version\": 2,", "", StringComparison.Ordinal));
        Assert.Equal(2, EvaluationReport.Load(folder.Path).Version);
    }

    public static TheoryData<string, string> Differences() => new()
    {
        { "kind", "one is of" },
        { "protocol", "'hita', the other 'adm'" },
        { "settings", "its settings differ" },
        { "reference", "their references differ" },
        { "count", "different numbers of samples (100 and 200)" },
        { "weights", "the weights of inception differ" },
        { "images", "different images" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Reports_that_were_not_measured_alike_are_refused_with_the_reason(string what, string reason)
    {
        var a = Make() with { Kind = what == "images" ? EvaluationKind.Reconstruction : EvaluationKind.Archive };
        var b = what switch
        {
            "kind" => a with { Kind = EvaluationKind.Generation },
            "protocol" => a with { Protocol = EvaluationProtocols.Adm },
            "settings" => a with { Protocol = a.Protocol with { SplitSize = 10 } },
            "reference" => a with { Reference = a.Reference! with { Hash = "other" } },
            "count" => a with { Samples = a.Samples with { Count = 200 } },
            "weights" => a with { Weights = new Dictionary<string, string> { ["inception"] = "other" } },
            _ => a with { Samples = a.Samples with { Hash = "other" } },
        };
        var message = Assert.Throws<HitaException>(() => ReportComparison.Compare([a, b], ["first", "second"])).Message;
        Assert.StartsWith("first and second cannot be compared: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_names_everything_that_tells_the_images_apart()
    {
        var crops = new MeasuredSet("photos", "hash-64", 200, "64×64");
        var a = Make() with { Kind = EvaluationKind.Reconstruction, Samples = crops, Reference = crops with { Description = "the same crops of the originals" } };
        var b = With(crops with { Hash = "hash-96", Size = "96×96" });
        Assert.Equal("they were measured on different images: images of 64×64 pixels and of 96×96 pixels", ReportComparison.Difference(a, b));
        b = With(new MeasuredSet("others", "hash-others", 100, "96×96"));
        Assert.Equal(
            "they were measured on different images: images of 64×64 pixels and of 96×96 pixels; 200 and 100 images; photos and others", ReportComparison.Difference(a, b));
        b = With(crops with { Hash = "changed" });
        Assert.Equal("they were measured on different images: both are called photos, but their contents are not the same", ReportComparison.Difference(a, b));
        // Reports from before sizes were written down.
        a = a with { Samples = crops with { Size = null }, Settings = new Dictionary<string, string> { ["crop"] = "centre square of 64 px" } };
        b = a with { Samples = a.Samples with { Hash = "hash-96" }, Settings = new Dictionary<string, string> { ["crop"] = "centre square of 96 px" } };
        Assert.Equal("they were measured on different images: images of a centre square of 64 px and of a centre square of 96 px", ReportComparison.Difference(a, b));
        var archive = Make();
        Assert.Equal(
            "their references differ: both are called reference.npz, but their contents are not the same",
            ReportComparison.Difference(archive, archive with { Reference = archive.Reference! with { Hash = "other" } }));
        Assert.Equal("their references differ: reference.npz and none", ReportComparison.Difference(archive, archive with { Reference = null }));

        EvaluationReport With(MeasuredSet set) => a with { Samples = set, Reference = set with { Description = "the same crops of the originals" } };
    }

    [Fact]
    public void The_best_of_each_metric_is_found_by_its_own_direction()
    {
        var a = Make([new("fid", 3), new("precision", 0.7), new("sfid", 5)]);
        var b = Make([new("fid", 2), new("precision", 0.6), new("sfid", 5), new("recall", 0.1)]) with { Samples = a.Samples with { Hash = "others" } };
        var compared = ReportComparison.Compare([a, b], ["a", "b"]);
        Assert.Equal(["fid", "precision", "sfid", "recall"], compared.Select(static c => c.Name));
        Assert.Equal([1, 0, null, null], compared.Select(static c => c.Best));
        Assert.Null(compared[3].Metrics[0]);
        Assert.Throws<HitaException>(() => ReportComparison.Compare([a], ["a"]));
    }

    [Fact]
    public void A_page_needs_nothing_else_and_names_everything()
    {
        var usage = new CodeUsage(16);
        usage.Add([1, 1, 1, 1, 1, 1, 1, 1, 2, 3]);
        var image = new Image(8, 8);
        image.Fill(200, 100, 50);
        var report = Make() with
        {
            FidByCount = [new(10, 30), new(100, 12)],
            Unmeasured = [new("sFID", "There is <no> such thing.")],
            Classes = [new(0, "cone & co", 5, 3, null)],
        };
        var page = ReportPage.Html(report, new PageContent
        {
            Sheet = [image, image],
            Pairs = [new KeptImage(3, 21.5, image, new Image(8, 8))],
            WorstPairs = [new KeptImage(4, double.PositiveInfinity, image, image)],
            HolisticUsage = usage,
        });
        Assert.DoesNotMatch("(?i)(src|href)=\"(?!data:)", page);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        foreach (var part in new[] { "FID", "There is &lt;no&gt; such thing.", "no. 3 · 21.50 dB", "exact", "cone &amp; co", "reference-hash", "sample-hash", "print", "FID against the number", "Use of the holistic codebook" })
            Assert.Contains(part, page, StringComparison.Ordinal);
        var xml = page["<!doctype html>".Length..].Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal)
            .Replace("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">", "", StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Parse(System.Text.RegularExpressions.Regex.Replace(xml, "(<img[^>]*)>", "$1/>"));
    }

    [Fact]
    public void Every_entry_of_a_codebook_is_in_one_bin()
    {
        var usage = new CodeUsage(100);
        usage.Add([.. Enumerable.Range(0, 40), .. Enumerable.Repeat(7, 60)]);
        var bins = ReportPage.UsageBins(usage);
        Assert.Equal(100, bins.Sum(static b => b.Value));
        Assert.Equal(60, bins[0].Value);
        Assert.Equal(39, bins.Single(static b => b.Label == "1–2").Value);
        Assert.Equal(1, bins[^1].Value);
    }

    [Fact]
    public void An_error_map_is_black_where_images_are_equal_and_hot_where_they_differ()
    {
        var (a, b) = (new Image(2, 1), new Image(2, 1));
        b[1, 0] = (255, 255, 255);
        var map = PageImages.ErrorMap(a, b);
        Assert.Equal(((byte)0, (byte)0, (byte)0), map[0, 0]);
        Assert.Equal(((byte)255, (byte)255, (byte)255), map[1, 0]);
        b[1, 0] = (30, 30, 30);
        Assert.Equal(((byte)255, (byte)105, (byte)0), PageImages.ErrorMap(a, b)[1, 0]);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.013, 0.078)]
    [InlineData(97, 103)]
    [InlineData(0, 1e-12)]
    public void Axes_have_few_round_numbers_around_what_they_show(double low, double high)
    {
        var ticks = PagePlots.Ticks(low, high);
        Assert.InRange(ticks.Length, 2, 8);
        Assert.True(ticks[0] <= low + 1e-15 && ticks[^1] >= high - 1e-15);
    }

    [Fact]
    public void Every_metric_has_a_title_and_is_written_with_its_unit()
    {
        Assert.Equal("12.35 ± 1.00 dB", MetricNames.Text(new Metric("psnr", 12.349, 1)));
        Assert.Equal("85.0 %", MetricNames.Text(new Metric("class_agreement", 0.85)));
        Assert.All(MetricNames.All, static name => Assert.NotEqual(name, name is "precision" or "recall" ? "" : MetricNames.Title(name)));
    }

    [Fact]
    public void What_reconstructions_are_measured_by_has_the_names_of_the_paper()
    {
        Assert.Equal("rFID", MetricNames.Title("fid", EvaluationKind.Reconstruction));
        Assert.Equal("FID", MetricNames.Title("fid", EvaluationKind.Generation));
        Assert.Equal("PSNR", MetricNames.Title("psnr", EvaluationKind.Reconstruction));
        Assert.Contains(">rIS<", ReportPage.Html(Make([new Metric("inception_score", 1)]) with { Kind = EvaluationKind.Reconstruction }, new PageContent()), StringComparison.Ordinal);
    }

    private static EvaluationReport Make(IReadOnlyList<Metric>? metrics = null) => new()
    {
        Kind = EvaluationKind.Archive,
        Protocol = EvaluationProtocols.Hita,
        Samples = new MeasuredSet("samples.npz", "sample-hash", 100),
        Reference = new MeasuredSet("reference.npz", "reference-hash", null),
        Models = [],
        Weights = new Dictionary<string, string> { ["inception"] = "print" },
        Settings = new Dictionary<string, string> { ["seed"] = "0" },
        Metrics = metrics ?? [new("fid", 12, 0.5)],
        Unmeasured = [],
        Environment = new EvaluationEnvironment
        {
            Version = "0.1",
            DotNet = ".NET 10",
            OperatingSystem = "Linux",
            Processor = "a processor",
            Threads = 2,
            Device = "cpu",
            Finished = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero),
            Seconds = 12.5,
            PeakMebibytes = 300,
            Memory = [new("Measuring", 0, 100), new("Measuring", 50, 200), new("Measuring", 100, 210)],
        },
    };
}
