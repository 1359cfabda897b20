// Ctrl+Enter (⌘+Enter) starts, Esc stops; for whichever page listens.
export const listen = page => {
    const pressed = event => {
        if (event.isComposing || event.defaultPrevented) return;
        const start = event.key === "Enter" && (event.ctrlKey || event.metaKey);
        if (start) event.preventDefault();
        if (start || event.key === "Escape") page.invokeMethodAsync("OnKeyAsync", start).catch(() => {});
    };
    document.addEventListener("keydown", pressed);
    return { stop: () => document.removeEventListener("keydown", pressed) };
};
