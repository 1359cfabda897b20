using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Hita.Studio.Parts;

/// <summary>
/// Shows Markdown that others wrote. Every word goes onto the page as text and every element is one of a few that are named here,
/// so that nothing in it can become markup or script: HTML in it is shown as it stands, images by their description.
/// </summary>
public sealed class MarkdownText : ComponentBase
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();

    /// <summary>The text.</summary>
    [Parameter]
    [EditorRequired]
    public string Text { get; set; } = "";

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenElement(0, "div");
        builder.AddAttribute(1, "class", "card-text");
        foreach (var block in Markdown.Parse(Text, Pipeline))
            Write(builder, block);
        builder.CloseElement();
    }

    private static void Write(RenderTreeBuilder builder, Block block)
    {
        switch (block)
        {
            // The page has a heading of its own above.
            case HeadingBlock heading:
                Element(builder, heading.Level <= 1 ? "h2" : heading.Level == 2 ? "h3" : "h4", () => Write(builder, heading.Inline));
                break;
            case ParagraphBlock paragraph:
                Element(builder, "p", () => Write(builder, paragraph.Inline));
                break;
            case CodeBlock code:
                Element(builder, "pre", () => builder.AddContent(0, code.Lines.ToString()));
                break;
            case ThematicBreakBlock:
                Element(builder, "hr", static () => { });
                break;
            case Table table:
                Element(builder, "div", () => Element(builder, "table", () => Children(builder, table)), "table-scroll");
                break;
            case TableRow row:
                Element(builder, "tr", () =>
                {
                    foreach (var cell in row.OfType<TableCell>())
                        Element(builder, row.IsHeader ? "th" : "td", () => Cell(builder, cell));
                });
                break;
            case ListBlock list:
                Element(builder, list.IsOrdered ? "ol" : "ul", () => Children(builder, list));
                break;
            case ListItemBlock item:
                Element(builder, "li", () => Cell(builder, item));
                break;
            case QuoteBlock quote:
                Element(builder, "blockquote", () => Children(builder, quote));
                break;
            case ContainerBlock container when container is not LinkReferenceDefinitionGroup:
                Children(builder, container);
                break;
            case LeafBlock { Inline: { } inline }:
                Write(builder, inline);
                break;
        }
    }

    private static void Children(RenderTreeBuilder builder, ContainerBlock container)
    {
        foreach (var child in container)
            Write(builder, child);
    }

    // A paragraph alone in a cell or an item would stand apart from its neighbours.
    private static void Cell(RenderTreeBuilder builder, ContainerBlock cell)
    {
        if (cell is [ParagraphBlock { Inline: { } only }])
            Write(builder, only);
        else
            Children(builder, cell);
    }

    private static void Write(RenderTreeBuilder builder, ContainerInline? inlines)
    {
        foreach (var inline in inlines ?? [])
        {
            switch (inline)
            {
                case LiteralInline literal:
                    builder.AddContent(0, literal.Content.ToString());
                    break;
                case CodeInline code:
                    Element(builder, "code", () => builder.AddContent(0, code.Content));
                    break;
                case EmphasisInline emphasis:
                    Element(builder, emphasis.DelimiterCount >= 2 ? "strong" : "em", () => Write(builder, emphasis));
                    break;
                case LinkInline { IsImage: true } image:
                    Element(builder, "em", () => Write(builder, image));
                    break;
                case LinkInline link when Uri.TryCreate(link.Url, UriKind.Absolute, out var address) && address.Scheme is "https" or "http":
                    Link(builder, address, () => Write(builder, link));
                    break;
                case AutolinkInline auto when Uri.TryCreate(auto.Url, UriKind.Absolute, out var address) && address.Scheme is "https" or "http":
                    Link(builder, address, () => builder.AddContent(0, auto.Url));
                    break;
                case LineBreakInline line:
                    if (line.IsHard)
                        Element(builder, "br", static () => { });
                    else
                        builder.AddContent(0, " ");
                    break;
                case HtmlEntityInline entity:
                    builder.AddContent(0, entity.Transcoded.ToString());
                    break;
                case ContainerInline container:
                    Write(builder, container);
                    break;
                default:
                    builder.AddContent(0, inline.ToString());
                    break;
            }
        }
    }

    private static void Link(RenderTreeBuilder builder, Uri address, Action content)
    {
        builder.OpenElement(0, "a");
        builder.AddAttribute(1, "href", address.AbsoluteUri);
        builder.AddAttribute(2, "rel", "noopener noreferrer nofollow");
        builder.AddAttribute(3, "target", "_blank");
        content();
        builder.CloseElement();
    }

    private static void Element(RenderTreeBuilder builder, string name, Action content, string? css = null)
    {
        builder.OpenElement(0, name);
        if (css is not null)
            builder.AddAttribute(1, "class", css);
        content();
        builder.CloseElement();
    }
}
