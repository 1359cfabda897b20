using Hita.Studio.Settings;

namespace Hita.Studio.Sessions;

/// <summary>All visitors of a studio.</summary>
/// <param name="options">How many are kept, and how long.</param>
/// <param name="clock">The time.</param>
public sealed class SessionStore(StudioOptions options, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StudioSession> _sessions = new(StringComparer.Ordinal);

    /// <summary>A visitor's session by its cookie; null where it is unknown or forgotten.</summary>
    /// <param name="id">The cookie's value; may be null.</param>
    public StudioSession? Find(string? id)
    {
        lock (_lock)
        {
            if (id is null || !_sessions.TryGetValue(id, out var session))
                return null;
            session.LastUsed = clock.GetUtcNow();
            return session;
        }
    }

    /// <summary>Begins a session.</summary>
    public StudioSession Begin()
    {
        var session = new StudioSession(options) { LastUsed = clock.GetUtcNow() };
        lock (_lock)
        {
            var oldest = clock.GetUtcNow() - options.SessionTime;
            var idle = _sessions.Values.Where(static s => s.OpenPages == 0).OrderBy(static s => s.LastUsed).ToList();
            foreach (var forgotten in idle.TakeWhile((s, i) => s.LastUsed < oldest || _sessions.Count - i >= options.MaxSessions))
                _sessions.Remove(forgotten.Id);
            _sessions[session.Id] = session;
        }
        return session;
    }
}
