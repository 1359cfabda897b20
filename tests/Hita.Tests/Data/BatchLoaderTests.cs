using Hita.Data;
using Hita.Data.Sources;
using Hita.Runtime;

namespace Hita.Tests.Data;

/// <summary>Order, augmentation, faults and lifetimes of what reads images in the background.</summary>
public sealed class BatchLoaderTests
{
    private static readonly BatchLoaderOptions Options = new()
    {
        BatchSize = 8,
        Augmentation = new Augmentation { Size = 8, Crop = CropMethod.Center, Flip = false },
        Seed = 3,
        Workers = 3,
    };

    [Fact]
    public void An_epoch_holds_every_image_once_and_each_epoch_has_its_own_order()
    {
        using var source = new MadeUpSource(80);
        var loader = new BatchLoader(source, Options);
        var first = Indices(loader.Epoch(0));
        var second = Indices(loader.Epoch(1));
        Assert.Equal(Enumerable.Range(0, 80), first.Order());
        Assert.Equal(Enumerable.Range(0, 80), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, first.Order());
        Assert.NotEqual(first, Indices(new BatchLoader(source, Options with { Seed = 4 }).Epoch(0)));
    }

    [Fact]
    public void Batches_hold_pixels_and_classes_of_their_images()
    {
        using var source = new MadeUpSource(40);
        foreach (var batch in new BatchLoader(source, Options).Epoch())
        {
            using (batch)
            {
                using var pixels = batch.ToTensor();
                using var labels = batch.LabelTensor();
                Assert.Equal([8, 3, 8, 8], pixels.shape);
                var values = TensorOps.ToFloats(pixels);
                for (var i = 0; i < batch.Count; i++)
                {
                    Assert.Equal(batch.Indices[i] % 2, batch.Labels[i]);
                    Assert.Equal((byte)batch.Indices[i], batch.Pixels[(i * 192) + 17]);
                    Assert.Equal((batch.Indices[i] / 127.5f) - 1, values[(i * 192) + 100], 1e-6f);
                }
                Assert.Equal(batch.Labels, TensorOps.ToInts(labels));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void The_number_of_threads_changes_nothing(int workers)
    {
        using var source = new MadeUpSource(64, 5, 40) { Milliseconds = static i => i % 3 };
        var options = Options with { Augmentation = new Augmentation { Size = 8 } };
        var one = new BatchLoader(source, options with { Workers = 1 });
        var many = new BatchLoader(source, options with { Workers = workers, Ahead = 5 });
        Assert.Equal(Contents(one.Epoch(2)), Contents(many.Epoch(2)));
        Assert.Equal(one.Statistics.FirstUnreadable, many.Statistics.FirstUnreadable);
    }

    [Fact]
    public void Reading_goes_on_at_any_place()
    {
        using var source = new MadeUpSource(44);
        var loader = new BatchLoader(source, Options with { Augmentation = new Augmentation { Size = 8 } });
        Assert.Equal(5, loader.BatchesPerEpoch);
        var straight = Contents(loader.Batches().Take(13));
        Assert.Equal(straight[7..], Contents(loader.Batches(1, 2).Take(6)));
        Assert.Equal(straight[10..], Contents(loader.Batches(1, 5).Take(3)));
    }

    [Fact]
    public void Shards_together_read_what_one_would_read()
    {
        using var source = new MadeUpSource(70);
        var whole = new BatchLoader(source, Options with { BatchSize = 12 }).Epoch(1).Select(Taken).ToList();
        var parts = Enumerable.Range(0, 3)
            .Select(s => new BatchLoader(source, Options with { BatchSize = 4, ShardIndex = s, ShardCount = 3 }).Epoch(1).Select(Taken).ToList())
            .ToList();
        for (var n = 0; n < whole.Count; n++)
            Assert.Equal(whole[n], parts.SelectMany(p => p[n]));
        Assert.All(parts, p => Assert.Equal(whole.Count, p.Count));

        static int[] Taken(ImageBatch batch)
        {
            using (batch)
                return batch.Indices.ToArray();
        }
    }

    [Fact]
    public void Shards_that_measure_see_every_image_once()
    {
        using var source = new MadeUpSource(29);
        var seen = Enumerable.Range(0, 3)
            .SelectMany(s => Indices(new BatchLoader(source, Options.ForMeasuring with { BatchSize = 4, ShardIndex = s, ShardCount = 3 }).Epoch()));
        Assert.Equal(Enumerable.Range(0, 29), seen.Order());
    }

    [Fact]
    public void Images_that_cannot_be_read_are_replaced_counted_and_named()
    {
        using var source = new MadeUpSource(80, 3, 4, 50);
        var loader = new BatchLoader(source, Options);
        var indices = Indices(loader.Epoch());
        Assert.Equal(80, indices.Count);
        Assert.DoesNotContain(3, indices);
        Assert.DoesNotContain(50, indices);
        Assert.InRange(loader.Statistics.Unreadable, 3, 6);
        Assert.Equal(80, loader.Statistics.ImagesRead);
        Assert.Contains(loader.Statistics.FirstUnreadable, static m => m == "number 3: It is broken.");
        Assert.Equal(indices, Indices(new BatchLoader(source, Options).Epoch()));
    }

    [Fact]
    public void Measuring_leaves_out_what_cannot_be_read_and_keeps_the_order()
    {
        using var source = new MadeUpSource(29, 0, 9, 28);
        var loader = new BatchLoader(source, Options.ForMeasuring);
        Assert.Equal(Enumerable.Range(0, 29).Except([0, 9, 28]), Indices(loader.Epoch()));
        Assert.Equal(4, loader.BatchesPerEpoch);
    }

    [Fact]
    public void Too_many_unreadable_images_stop_with_a_sentence()
    {
        using var source = new MadeUpSource(400, [.. Enumerable.Range(0, 100)]);
        var fault = Assert.Throws<DataException>(() => Indices(new BatchLoader(source, Options).Epoch()));
        Assert.Matches("^\\d+ of \\d+ images cannot be read, more than the 10% allowed; .*number \\d+: It is broken\\.$", Sets.Sentence(fault));
        Assert.Equal(400, Indices(new BatchLoader(source, Options with { MaxUnreadable = 0.5 }).Epoch()).Count);
        Assert.Throws<DataException>(() => Indices(new BatchLoader(new MadeUpSource(80, 7), Options with { MaxUnreadable = 0 }).Epoch()));
    }

    [Fact]
    public void A_set_without_a_readable_image_stops()
    {
        using var source = new MadeUpSource(8, [.. Enumerable.Range(0, 8)]);
        Assert.Contains("in a row", Sets.Sentence(Assert.Throws<DataException>(() => Indices(new BatchLoader(source, Options).Epoch()))), StringComparison.Ordinal);
        Assert.Contains("not one", Sets.Sentence(Assert.Throws<DataException>(() => Indices(new BatchLoader(source, Options.ForMeasuring).Epoch()))), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_images_for_a_batch_are_refused()
    {
        using var source = new MadeUpSource(5);
        Assert.Contains("smaller", Sets.Sentence(Assert.Throws<DataException>(() => new BatchLoader(source, Options))), StringComparison.Ordinal);
        Assert.Equal([0, 1, 2, 3, 4], Indices(new BatchLoader(source, Options.ForMeasuring).Epoch()));
    }

    [Fact]
    public void No_more_is_read_than_the_batches_ahead()
    {
        using var source = new MadeUpSource(800);
        using var batches = new BatchLoader(source, Options with { Ahead = 2 }).Batches().GetEnumerator();
        Assert.True(batches.MoveNext());
        Thread.Sleep(100);
        Assert.InRange(source.Reads, 8, 3 * 8);
    }

    [Fact]
    public void Leaving_the_loop_ends_the_threads()
    {
        using var source = new MadeUpSource(800) { Milliseconds = static _ => 1 };
        foreach (var batch in new BatchLoader(source, Options).Batches())
        {
            using (batch)
                break;
        }
        var reads = source.Reads;
        Thread.Sleep(50);
        Assert.Equal(reads, source.Reads);
    }

    [Fact]
    public void Waiting_for_a_batch_can_be_cancelled()
    {
        using var source = new MadeUpSource(800) { Milliseconds = static _ => 20 };
        using var cancel = new CancellationTokenSource(30);
        Assert.ThrowsAny<OperationCanceledException>(() => Indices(new BatchLoader(source, Options with { Workers = 1 }).Batches(cancellation: cancel.Token)));
    }

    [Fact]
    public void Time_spent_waiting_is_told()
    {
        using var slow = new MadeUpSource(64) { Milliseconds = static _ => 4 };
        var starved = new BatchLoader(slow, Options with { Workers = 1 });
        Indices(starved.Epoch());
        Assert.InRange(starved.Statistics.WaitShare, 0.5, 1);

        using var fast = new MadeUpSource(64);
        var fed = new BatchLoader(fast, Options);
        foreach (var batch in fed.Epoch())
        {
            using (batch)
                Thread.Sleep(20);
        }
        Assert.InRange(fed.Statistics.WaitShare, 0, 0.5);
    }

    [Fact]
    public void All_faults_of_the_settings_are_listed()
    {
        using var source = new MadeUpSource(8);
        var fault = Assert.Throws<ConfigException>(() => new BatchLoader(source, Options with
        {
            BatchSize = 0,
            Workers = -1,
            Ahead = 0,
            MaxUnreadable = double.NaN,
            Augmentation = new Augmentation { Size = 4, TenCropScales = [0.5] },
        }));
        Assert.Equal(6, fault.Faults.Count);
    }

    [Fact]
    public void The_built_in_set_is_read_as_it_is_sampled()
    {
        using var source = new MaterialsSource(16, seed: 5, first: 100, count: 24);
        foreach (var batch in new BatchLoader(source, Options.ForMeasuring with { Augmentation = new Augmentation { Size = 16 }.Still }).Epoch())
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    Assert.Equal(source.Read(batch.Indices[i]).Pixels, batch.ImageAt(i).Pixels);
                    Assert.Equal(source.SceneAt(batch.Indices[i]).ClassIndex, batch.Labels[i]);
                }
            }
        }
    }

    private static List<int> Indices(IEnumerable<ImageBatch> batches)
    {
        var all = new List<int>();
        foreach (var batch in batches)
        {
            using (batch)
                all.AddRange(batch.Indices);
        }
        return all;
    }

    private static List<string> Contents(IEnumerable<ImageBatch> batches)
    {
        var all = new List<string>();
        foreach (var batch in batches)
        {
            using (batch)
                all.Add($"{batch.Epoch}/{batch.Number}: {string.Join(',', batch.Indices.ToArray())} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(batch.Pixels))}");
        }
        return all;
    }
}
