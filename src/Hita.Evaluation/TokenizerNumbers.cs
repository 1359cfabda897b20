using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Evaluation;

/// <summary>What measuring needs of a tokenizer beyond codes and 8-bit images. The caller holds a dispose scope.</summary>
internal static class TokenizerNumbers
{
    /// <summary>What the decoder decodes for codes of one grid: [B, 3, H, W] in float32 on the CPU, not limited to [-1, 1].</summary>
    public static Tensor DecodeFloats(this ImageTokenizer tokenizer, IReadOnlyList<ImageCodes> codes)
    {
        var (model, config) = (tokenizer.Model, tokenizer.Config);
        foreach (var image in codes)
            image.CheckFor(config);
        using var scope = NewDisposeScope();
        var device = DeviceOf(model);
        int rows = codes[0].GridHeight, columns = codes[0].GridWidth;
        var patches = Codes(codes.SelectMany(static c => c.Patches), rows * columns);
        var holistic = config.Holistic is null ? null : Codes(codes.SelectMany(static c => c.Holistic), config.HolisticTokenCount);
        var (holisticVectors, patchVectors) = model.Dequantize(holistic, patches, rows, columns);
        return model.Decode(model.Fuse(holisticVectors, patchVectors)).to(ScalarType.Float32).cpu().MoveToOuterDisposeScope();

        Tensor Codes(IEnumerable<int> values, int width) => TensorOps.FromInts([.. values], codes.Count, width).to(device);
    }

    /// <summary>Everything up to the quantizers for images of one size.</summary>
    public static EncodedFeatures AllFeatures(this ImageTokenizer tokenizer, IReadOnlyList<Image> images) =>
        tokenizer.Model.Features(ImageTensors.ToTensor(images).to(DeviceOf(tokenizer.Model)));

    private static Device DeviceOf(TokenizerModel model) => model.parameters().First().device;
}
