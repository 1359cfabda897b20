using Hita.Runtime;

namespace Hita.Server.Requests;

/// <summary>A request that cannot be answered, and what is answered instead.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">A word for programs, for example <c>invalid_value</c>.</param>
/// <param name="message">One complete sentence.</param>
/// <param name="parameter">The field at fault; null where it is none.</param>
/// <param name="retryAfter">When to try again; null where that would not help.</param>
internal sealed class ApiException(int status, string code, string message, string? parameter = null, TimeSpan? retryAfter = null) : HitaException(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public string? Parameter { get; } = parameter;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>A field that is not as it must be.</summary>
    public static ApiException Invalid(string parameter, string message) => new(400, "invalid_value", message, parameter);
}
