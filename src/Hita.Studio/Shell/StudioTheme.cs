using MudBlazor;

namespace Hita.Studio.Shell;

/// <summary>The colours and letters: quiet, so that the images are what one sees.</summary>
internal static class StudioTheme
{
    private static readonly string[] Letters = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"];

    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#2f5d62",
            PrimaryContrastText = "#ffffff",
            Secondary = "#a5673f",
            Tertiary = "#6b6a8a",
            Background = "#f6f5f2",
            Surface = "#ffffff",
            AppbarBackground = "#f6f5f2",
            AppbarText = "#22231f",
            DrawerBackground = "#f6f5f2",
            DrawerText = "#3a3b36",
            DrawerIcon = "#55564f",
            TextPrimary = "#22231f",
            TextSecondary = "#5f6059",
            ActionDefault = "#55564f",
            LinesDefault = "#e2e0d9",
            LinesInputs = "#b9b7ae",
            Divider = "#e2e0d9",
            Error = "#b3372f",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#8fc1b5",
            PrimaryContrastText = "#10211e",
            Secondary = "#d8a47f",
            Tertiary = "#a9a8cc",
            Background = "#161716",
            Surface = "#1f211f",
            AppbarBackground = "#161716",
            AppbarText = "#ecebe6",
            DrawerBackground = "#161716",
            DrawerText = "#cfcec8",
            DrawerIcon = "#a7a69f",
            TextPrimary = "#ecebe6",
            TextSecondary = "#a7a69f",
            ActionDefault = "#b7b6af",
            LinesDefault = "#333532",
            LinesInputs = "#5c5e59",
            Divider = "#333532",
            Error = "#ef8a80",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Letters, FontSize = ".9375rem", LineHeight = "1.5", LetterSpacing = "0" },
            Button = new ButtonTypography { FontFamily = Letters, FontSize = ".9375rem", FontWeight = "550", TextTransform = "none", LetterSpacing = "0" },
            Body1 = new Body1Typography { FontFamily = Letters, FontSize = ".9375rem", LetterSpacing = "0" },
            Body2 = new Body2Typography { FontFamily = Letters, FontSize = ".875rem", LetterSpacing = "0" },
            Caption = new CaptionTypography { FontFamily = Letters, FontSize = ".8125rem", LetterSpacing = "0" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "10px" },
    };
}
