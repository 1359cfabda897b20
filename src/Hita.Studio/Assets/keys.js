// Ctrl+Enter (⌘+Enter) starts, Esc stops; for whichever page listens.
export const listen = page => {
    const pressed = event => {
        if (event.isComposing || event.defaultPrevented) return;
        const start = event.key === "Enter" && (event.ctrlKey || event.metaKey);
        if (start) {
            // No list or field shall take it as its own Enter.
            event.preventDefault();
            event.stopPropagation();
        }
        if (start || event.key === "Escape") page.invokeMethodAsync("OnKeyAsync", start).catch(() => {});
    };
    document.addEventListener("keydown", pressed, true);
    return { stop: () => document.removeEventListener("keydown", pressed, true) };
};
