using Hita.Editing;
using Hita.Imaging;
using Hita.Tests.Support;
using static TorchSharp.torch;

namespace Hita.Tests.Editing;

[Collection(Alone.Name)]
public sealed class EditingLeakTests
{
    [Fact]
    public void Editing_leaves_no_tensors_behind()
    {
        using var pipeline = EditingModels.Pipeline(engine: Hita.Generation.GeneratorEngine.Torch);
        Edit(0);
        var living = LivingTensors.Settled();
        for (var i = 1; i < 4; i++)
            Edit(i);
        Assert.Equal(living, Tensor.TotalCount);

        void Edit(int seed)
        {
            var (a, b) = (EditingModels.Photo(70, 64, seed), EditingModels.Photo(64, 64, seed + 9));
            new StyleTransfer(pipeline.Tokenizer).Apply(a, b, new StyleOptions { Method = StyleMethod.Interpolate, Strength = 0.5 });
            new ImageMorph(pipeline.Tokenizer).Render(a, b, new MorphOptions { Frames = 2 });
            new CodeExplorer(pipeline.Tokenizer).Explore(a, codes: [1]);
            new Variations(pipeline).Generate(a, VariationKeep.Patches, 2);
            new Inpainter(pipeline).Fill(a, ImageMask.Box(70, 64, new PixelBox(20, 20, 20, 20)), new InpaintOptions { Passes = 2 });
        }
    }
}
