namespace Hita.Generation;

internal static class ImageNetClasses
{
    public static IReadOnlyList<string> Lines { get; } = [];
}
