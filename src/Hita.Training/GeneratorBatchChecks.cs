using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Training;

/// <summary>Holds codes against the generator that is to learn them: an index out of a table ends the process.</summary>
internal static class GeneratorBatchChecks
{
    /// <exception cref="HitaException">The batch is empty, or a number of codes, a code or a class does not fit.</exception>
    public static void Check(GeneratorBatch batch, GeneratorConfig config)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var size = batch.Classes.Length;
        if (size == 0)
            throw new HitaException("A batch without images teaches nothing.");
        RequireCount(batch.Holistic, config.HolisticTokenCount, "holistic");
        RequireCount(batch.Patches, config.PatchTokenCount, "patch");
        RequireRange(batch.Classes, config.ClassCount, "class", $"has {config.ClassCount} classes");
        RequireRange(batch.Holistic, config.CodebookSize, "holistic code", $"knows {config.CodebookSize} codes");
        RequireRange(batch.Patches, config.CodebookSize, "patch code", $"knows {config.CodebookSize} codes");

        void RequireCount(int[] codes, int count, string kind)
        {
            if (codes.Length != (long)size * count)
                throw new HitaException($"{size} images of this generator have {(long)size * count} {kind} codes, the batch has {codes.Length}: the codes come from another tokenizer.");
        }

        static void RequireRange(int[] numbers, int limit, string kind, string knows)
        {
            var wrong = Array.FindIndex(numbers, n => (uint)n >= (uint)limit);
            if (wrong >= 0)
                throw new HitaException($"The {kind} {numbers[wrong]} cannot be learned: this generator {knows}, counted from 0.");
        }
    }
}
