using System.Collections.Concurrent;
using Hita.Generation.Model;

namespace Hita.Tests.Models;

/// <summary>A model whose every token must be let through, so that a test counts steps instead of time, and which can fail.</summary>
internal sealed class GatedModel(ITokenModel inner) : ITokenModel
{
    private readonly SemaphoreSlim _gate = new(0);

    public GeneratorConfig Config => inner.Config;

    /// <summary>Images of this class get logits that are no numbers.</summary>
    public int SickClass { get; set; } = -1;

    /// <summary>Thrown by the next token of any image.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Tokens that images of each class have taken.</summary>
    public ConcurrentDictionary<int, int> Taken { get; } = new();

    public void Let(int tokens) => _gate.Release(tokens);

    public void Open() => _gate.Release(1_000_000);

    public IDecodingPass Begin(int rows, BoundaryMode boundary) => new Pass(this, inner.Begin(rows, boundary));

    public void Dispose()
    {
        inner.Dispose();
        _gate.Dispose();
    }

    private sealed class Pass(GatedModel owner, IDecodingPass pass) : IDecodingPass
    {
        private int _class = -1;

        public int Rows => pass.Rows;

        public int Position => pass.Position;

        public void Advance(ReadOnlySpan<int> inputs, Span<float> logits)
        {
            Assert.True(owner._gate.Wait(TimeSpan.FromMinutes(1)), "nothing lets the token through");
            if (owner.Fault is { } fault)
            {
                owner.Fault = null;
                throw fault;
            }
            if (Position == 0)
                _class = inputs[0];
            pass.Advance(inputs, logits);
            if (_class == owner.SickClass)
                logits.Fill(float.NaN);
            owner.Taken.AddOrUpdate(_class, 1, static (_, n) => n + 1);
        }

        public void KeepRows(int rows) => pass.KeepRows(rows);

        public void Dispose() => pass.Dispose();
    }
}
