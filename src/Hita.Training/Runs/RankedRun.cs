using System.Text;
using Hita.Distributed;
using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What the ranks of a run have to agree on before they can begin: rank 0 knows it, the others learn it from there.</summary>
/// <typeparam name="TRecipe">The stage's recipe.</typeparam>
/// <param name="group">The ranks.</param>
/// <param name="parse">Reads a recipe's text, which came from the place given.</param>
internal sealed class RankedRun<TRecipe>(ProcessGroup group, Func<string, string, TRecipe> parse)
    where TRecipe : TrainingRecipe
{
    private const string Source = "the recipe of rank 0";

    /// <summary>Rank 0's recipe on every rank.</summary>
    /// <param name="own">This rank's; may be null where there is none.</param>
    public TRecipe? Agree(TRecipe? own)
    {
        if (group.Size == 1)
            return own;
        var text = Spread(own?.Write() ?? "");
        return group.IsFirst ? own : text.Length == 0 ? null : parse(text, Source);
    }

    /// <summary>Rank 0's checkpoint on every rank.</summary>
    /// <param name="own">This rank's; null for a run that begins.</param>
    public CheckpointState? Agree(CheckpointState? own)
    {
        if (group.Size == 1)
            return own;
        var text = Spread(own is null ? "" : ConfigJson.Write(own));
        return text.Length == 0 ? null : ConfigJson.Read<CheckpointState>(text, "the checkpoint of rank 0");
    }

    /// <summary>The recipe with a GPU for each rank of a machine, where it names none in particular.</summary>
    public TRecipe OnOwnDevice(TRecipe recipe) => group.Size > 1 && recipe.Compute.Device == "cuda"
        ? (TRecipe)(recipe with { Compute = recipe.Compute with { Device = $"cuda:{group.LocalRank}" } })
        : recipe;

    private string Spread(string text) => Encoding.UTF8.GetString(group.Broadcast(group.IsFirst ? Encoding.UTF8.GetBytes(text) : null));
}
