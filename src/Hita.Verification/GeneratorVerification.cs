using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Verification;

// B batch, M holistic and N patch tokens, V codebook entries.

/// <summary>Compares the training pass, the cached pass and greedy decoding.</summary>
internal static class GeneratorVerification
{
    /// <summary>The factor of the guided stages, <c>…_cfg4</c>.</summary>
    private const float GuidedScale = 4;

    public static void Run(ITensorSource vectors, GeneratorModel model, StageComparer comparer)
    {
        var batch = new Batch(vectors, model.Config);
        RunTraining(vectors, model, comparer, batch);
        RunDecoding(vectors, model, comparer, batch);
    }

    private static void RunTraining(ITensorSource vectors, GeneratorModel model, StageComparer comparer, Batch batch)
    {
        var config = model.Config;
        using var scope = NewDisposeScope();
        var classes = TensorOps.FromInts(batch.Classes, batch.Size);
        var tokens = TensorOps.FromInts(batch.Tokens, batch.Size, config.SequenceLength);
        var hidden = model.Hidden(classes, tokens.narrow(1, 0, config.SequenceLength - 1)); // [B, M + N, C]
        int holisticCount = config.HolisticTokenCount, patchCount = config.PatchTokenCount;
        using (no_grad())
            comparer.Compare("train.hidden", AtPositions(hidden, "train.hidden", [0, 1, holisticCount - 1, holisticCount, holisticCount + 1, config.SequenceLength - 1]));

        var patchLogits = model.PatchLogits(hidden.narrow(1, holisticCount, patchCount));
        var patchLoss = CrossEntropy(patchLogits, tokens.narrow(1, holisticCount, patchCount));
        var total = patchLoss;
        using (no_grad())
        {
            comparer.Compare("train.logits_patch", AtStored(patchLogits, "train.logits_patch.pos", holisticCount));
            comparer.Compare("train.logits", patchLogits);
            CompareNumber("train.loss_patch", patchLoss);
            CompareNumber("train.loss", patchLoss);
        }
        if (holisticCount > 0)
        {
            var logits = model.HolisticLogits(hidden.narrow(1, 0, holisticCount));
            var loss = CrossEntropy(logits, tokens.narrow(1, 0, holisticCount));
            total = loss.Plus(patchLoss);
            using var frozen = no_grad();
            comparer.Compare("train.logits_holistic", AtStored(logits, "train.logits_holistic.pos", 0));
            CompareNumber("train.loss_holistic", loss);
        }
        if (comparer.Has("train.grad_norms"))
            CompareGradients(vectors, model, comparer, total);

        Tensor AtPositions(Tensor all, string name, int[] positions) =>
            vectors.Tensors.TryGetValue(name, out var entry) && entry.Shape is [_, var stored, _] && stored == positions.Length && all.size(1) != positions.Length
                ? all.index_select(1, TensorOps.FromInts(positions, positions.Length))
                : all.alias();

        // A stage may be stored at some positions of the sequence only; a head begins at its first one.
        Tensor AtStored(Tensor all, string positionsName, int first)
        {
            if (!vectors.Tensors.ContainsKey(positionsName))
                return all.alias();
            var positions = Array.ConvertAll(vectors.ReadInts(positionsName), p => p - first);
            if (Array.Exists(positions, p => p < 0 || p >= all.size(1)))
                throw new CheckpointException(vectors.Path, $"'{positionsName}' names a position outside its head; is this the right preset?");
            return all.index_select(1, TensorOps.FromInts(positions, positions.Length));
        }

        void CompareNumber(string name, Tensor value) => comparer.Compare(name, value.ToFloats());
    }

    private static void CompareGradients(ITensorSource vectors, GeneratorModel model, StageComparer comparer, Tensor loss)
    {
        var expected = vectors.Floats("train.grad_norms");
        // The file's order is that of the state dict, which is this model's order too.
        var parameters = model.Parameters();
        if (parameters.Count != expected.Length)
            throw new CheckpointException(vectors.Path, $"train.grad_norms holds {expected.Length} norms where the model has {parameters.Count} parameters.");
        loss.backward();
        var norms = parameters.Values.Select(static p => (float)p.grad!.norm().ToDouble()).ToArray();
        model.zero_grad(set_to_none: true);
        comparer.Compare("train.grad_norms", norms, StageComparer.ReconstructionTolerance);
    }

    private static void RunDecoding(ITensorSource vectors, GeneratorModel model, StageComparer comparer, Batch batch)
    {
        using var shared = new SharedModel(model);
        var positions = comparer.Has("infer.positions") ? vectors.ReadInts("infer.positions") : [];
        foreach (var scale in (ReadOnlySpan<float>)[1, GuidedScale])
        {
            var name = $"infer.logits_cfg{scale:0}";
            if (comparer.Has(name))
                comparer.Compare(name, TeacherForced(shared, batch, scale, positions));
            foreach (var greedy in (ReadOnlySpan<string>)[$"infer.greedy_cfg{scale:0}", $"greedy_cfg{scale:0}"])
            {
                if (comparer.Has(greedy))
                    comparer.CompareCodes(greedy, Greedy(shared, batch, scale), tolerance: 0);
            }
        }
        if (model.Config.HolisticTokenCount > 0)
            CompareCachedWithTraining(model, shared, batch, comparer);
    }

    // In the published mode, at the wanted positions: [B, positions, V].
    private static float[] TeacherForced(ITokenModel model, Batch batch, float scale, int[] positions)
    {
        var size = model.Config.CodebookSize;
        var result = new float[batch.Size * positions.Length * size];
        Decode(model, batch, scale, BoundaryMode.Published, (position, logits) =>
        {
            var place = Array.IndexOf(positions, position);
            for (var b = 0; place >= 0 && b < batch.Size; b++)
                logits.AsSpan(b * size, size).CopyTo(result.AsSpan(((b * positions.Length) + place) * size));
            return null;
        });
        return result;
    }

    private static int[] Greedy(ITokenModel model, Batch batch, float scale)
    {
        int size = model.Config.CodebookSize, length = model.Config.SequenceLength;
        var sampler = new TokenSampler(size);
        var result = new int[batch.Size * length];
        Decode(model, batch, scale, BoundaryMode.Published, (position, logits) =>
        {
            var next = new int[batch.Size];
            for (var b = 0; b < batch.Size; b++)
                result[(b * length) + position] = next[b] = sampler.Sample(logits.AsSpan(b * size, size), TokenSampling.Greedy, 0);
            return next;
        });
        return result;
    }

    // The published checkpoints were trained with one table at the boundary: the cached pass must agree with that.
    private static void CompareCachedWithTraining(GeneratorModel model, ITokenModel shared, Batch batch, StageComparer comparer)
    {
        var config = model.Config;
        var cached = new float[batch.Size * config.SequenceLength * config.CodebookSize];
        Decode(shared, batch, 1, BoundaryMode.Trained, (position, logits) =>
        {
            for (var b = 0; b < batch.Size; b++)
                logits.AsSpan(b * config.CodebookSize, config.CodebookSize).CopyTo(cached.AsSpan(((b * config.SequenceLength) + position) * config.CodebookSize));
            return null;
        });
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var tokens = TensorOps.FromInts(batch.Tokens, batch.Size, config.SequenceLength).narrow(1, 0, config.SequenceLength - 1);
        var hidden = model.Hidden(TensorOps.FromInts(batch.Classes, batch.Size), tokens);
        var whole = cat(
            [
                model.HolisticLogits(hidden.narrow(1, 0, config.HolisticTokenCount)),
                model.PatchLogits(hidden.narrow(1, config.HolisticTokenCount, config.PatchTokenCount)),
            ],
            1);
        comparer.Add(
            "cached = training pass", whole.ShapeText(), StageComparer.RelativeError(cached, whole.ToFloats()), StageComparer.FeatureTolerance);
    }

    // Decodes the batch; the callback sees the (guided) logits of each position and may choose the next tokens itself.
    private static void Decode(ITokenModel model, Batch batch, float scale, BoundaryMode boundary, Func<int, float[], int[]?> at)
    {
        var config = model.Config;
        var guided = scale > 1;
        var rows = guided ? 2 * batch.Size : batch.Size;
        using var pass = model.Begin(rows, boundary);
        var inputs = new int[rows];
        batch.Classes.CopyTo(inputs, 0);
        if (guided)
            Array.Fill(inputs, config.ClassCount, batch.Size, batch.Size);
        var logits = new float[rows * config.CodebookSize];
        var combined = new float[batch.Size * config.CodebookSize];
        for (var position = 0; position < config.SequenceLength; position++)
        {
            pass.Advance(inputs, logits);
            var conditional = logits.AsSpan(0, combined.Length);
            if (guided)
                TokenSampler.Guide(conditional, logits.AsSpan(combined.Length), scale, combined);
            else
                conditional.CopyTo(combined);
            var next = at(position, combined);
            for (var b = 0; b < batch.Size; b++)
            {
                inputs[b] = next?[b] ?? batch.Tokens[(b * config.SequenceLength) + position];
                if (guided)
                    inputs[batch.Size + b] = inputs[b];
            }
        }
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        return nn.functional.cross_entropy(logits.reshape(-1, logits.size(2)), targets.reshape(-1)).MoveToOuterDisposeScope();
    }

    // Gives the verifier's model to the decoding code without handing over its ownership.
    private sealed class SharedModel(GeneratorModel model) : ITokenModel
    {
        public GeneratorConfig Config => model.Config;

        public IDecodingPass Begin(int rows, BoundaryMode boundary) => new TorchDecodingPass(model, rows, boundary);

        public void Dispose()
        {
        }
    }

    /// <summary>The classes and tokens that the file gives.</summary>
    private sealed class Batch
    {
        public Batch(ITensorSource vectors, GeneratorConfig config)
        {
            Classes = vectors.CodesInRange("classes", config.ClassCount + 1);
            var patches = vectors.CodesInRange(config.HolisticTokenCount > 0 ? "patch_tokens" : "tokens", config.CodebookSize);
            var holistic = config.HolisticTokenCount > 0 ? vectors.CodesInRange("holistic_tokens", config.CodebookSize) : [];
            if (Size == 0)
                throw new CheckpointException(vectors.Path, "the vectors hold no image.");
            if (patches.Length != Size * config.PatchTokenCount || holistic.Length != Size * config.HolisticTokenCount)
            {
                throw new CheckpointException(
                    vectors.Path,
                    $"the vectors hold {holistic.Length / Size} holistic and {patches.Length / Size} patch tokens an image, the model has {config.HolisticTokenCount} and {config.PatchTokenCount}; is this the right preset?");
            }
            Tokens = new int[Size * config.SequenceLength];
            for (var b = 0; b < Size; b++)
            {
                var row = Tokens.AsSpan(b * config.SequenceLength, config.SequenceLength);
                holistic.AsSpan(b * config.HolisticTokenCount, config.HolisticTokenCount).CopyTo(row);
                patches.AsSpan(b * config.PatchTokenCount, config.PatchTokenCount).CopyTo(row[config.HolisticTokenCount..]);
            }
        }

        public int[] Classes { get; }

        public int[] Tokens { get; }

        public int Size => Classes.Length;
    }
}
