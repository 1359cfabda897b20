using System.Text.Json;

namespace Hita.Runtime;

/// <summary>The words that stand for the values of an enum in recipes and messages: <c>snake_case</c>.</summary>
internal static class EnumWords
{
    /// <summary>A value's word.</summary>
    /// <param name="value">One of the enum's values; any other keeps its number.</param>
    public static string Of(Enum value) => Of(value.ToString());

    /// <summary>The words of an enum, in its order.</summary>
    /// <param name="type">The enum.</param>
    public static IEnumerable<string> All(Type type) => Enum.GetNames(type).Select(Of);

    // The one name that is a word with a letter before it.
    private static string Of(string member) =>
        member == nameof(Precision.BFloat16) ? "bfloat16" : JsonNamingPolicy.SnakeCaseLower.ConvertName(member);
}
