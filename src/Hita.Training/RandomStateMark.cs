using Hita.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>A place in the random numbers of the tensor library, to which it can go back.</summary>
/// <remarks>
/// The state of the CPU's generator can be read and put back. That of a GPU's cannot, so it is seeded anew here; what is sampled from
/// there on is repeated all the same, though it is not what would have been sampled without.
/// </remarks>
internal sealed class RandomStateMark : IDisposable
{
    private readonly Tensor? _state;
    private readonly long _seed;

    private RandomStateMark(Tensor? state, long seed) => (_state, _seed) = (state, seed);

    /// <summary>Remembers where the generator of a device stands.</summary>
    /// <param name="device">Where numbers are sampled.</param>
    /// <param name="random">Gives a seed where there is no other way.</param>
    public static RandomStateMark Mark(Device device, StepRandom random)
    {
        if (device.type == DeviceType.CPU)
            return new RandomStateMark(torch.random.get_rng_state().DetachFromDisposeScope(), 0);
        var place = new RandomStateMark(null, random.NextSeed());
        place.Return();
        return place;
    }

    /// <summary>Goes back: the same numbers follow as did when the place was marked.</summary>
    public void Return()
    {
        if (_state is not null)
            torch.random.set_rng_state(_state);
        else
            StepRandom.SeedLibrary(_seed);
    }

    public void Dispose() => _state?.Dispose();
}
