namespace Hita.Checkpoints;

/// <summary>The trained models that come with the program: small, and there without a download.</summary>
public static class BundledModels
{
    /// <summary>The pipeline of botanical watercolours: 128-pixel images of 13 fruits. Encoding looks through a ResNet-18 that is not part of it; generating does not.</summary>
    public const string Orchard = "orchard";

    /// <summary>The pipeline of the built-in set <c>materials</c>: 64-pixel images of rendered scenes, 36 classes.</summary>
    public const string Materials = "materials";

    /// <summary>The pipeline that is used where none is named: <see cref="Orchard"/>.</summary>
    public const string Default = Orchard;

    /// <summary>The names of all, the default one first.</summary>
    public static IReadOnlyList<string> Names { get; } = [Orchard, Materials];

    /// <summary>The folder they lie in, beside the program's libraries.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "models");

    /// <summary>The folder that a name means.</summary>
    /// <param name="nameOrFolder">A bundled model's name, a name such as <c>hf:OWNER/NAME</c>, or any folder.</param>
    /// <returns>The bundled model's folder, or that of a name with a known scheme (<see cref="ModelSchemes"/>); the text itself where it is no such name, or a folder of a model is called so.</returns>
    public static string Locate(string nameOrFolder)
    {
        ArgumentNullException.ThrowIfNull(nameOrFolder);
        if (ModelSchemes.Locate(nameOrFolder) is { } found)
            return found;
        // A set of images may well be called like the set it was written from: only a model in its place has precedence.
        return Names.Contains(nameOrFolder) && !HoldsModel(nameOrFolder) ? Path.Combine(Folder, nameOrFolder) : nameOrFolder;
    }

    private static bool HoldsModel(string folder) =>
        ModelFolder.IsModel(folder) || (Directory.Exists(folder) && Directory.EnumerateDirectories(folder).Any(ModelFolder.IsModel));
}
