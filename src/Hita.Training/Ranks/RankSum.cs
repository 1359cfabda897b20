using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>
/// The sum of a tensor over all ranks, with its gradient: what each rank learns from depends on every rank's share of the sum, so that a
/// share's gradient is the sum of all ranks' gradients.
/// </summary>
internal sealed class RankSum : autograd.SingleTensorFunction<RankSum>
{
    public override string Name => nameof(RankSum);

    /// <summary>The sum, float32, in the caller's scope. Every rank calls it, and goes back through it, in the same order;
    /// after the backward pass comes <see cref="RankExchange.ThrowIfFailed"/>.</summary>
    /// <param name="value">This rank's share, float32.</param>
    /// <param name="exchange">The ranks.</param>
    public static Tensor Of(Tensor value, RankExchange exchange) =>
        is_grad_enabled() && value.requires_grad ? apply(value, exchange) : exchange.SumOf(value);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var exchange = (RankExchange)vars[1];
        ctx.save_data("ranks", exchange);
        return exchange.SumOf((Tensor)vars[0]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        [((RankExchange)ctx.get_data("ranks")).SumInBackward(grad_output), null!];
}
