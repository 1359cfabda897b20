"use strict";

// Light or dark as the system has it, unless the visitor chose. Runs before the first painting, so that nothing flashes.
(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = () => { try { return localStorage.getItem("hita-colours"); } catch { return null; } };
    const isDark = () => chosen() ? chosen() === "dark" : system.matches;
    const apply = () => document.documentElement.classList.toggle("dark", isDark());
    let page = null;
    const changed = () => {
        apply();
        if (page) page.invokeMethodAsync("SetDark", isDark()).catch(() => {});
    };
    system.addEventListener("change", changed);
    apply();
    // A link within the page moves the keyboard there too, which the framework's own links do not.
    document.addEventListener("click", event => {
        if (!event.target.closest?.(".skip")) return;
        event.preventDefault();
        document.getElementById("content").focus();
    });
    window.hitaTheme = {
        watch: reference => {
            page = reference;
            const opening = document.getElementById("opening");
            if (opening) opening.remove();
            return isDark();
        },
        choose: dark => {
            try { localStorage.setItem("hita-colours", dark === system.matches ? "" : dark ? "dark" : "light"); } catch { /* asked for nothing */ }
            // "" follows the system again.
            apply();
        },
    };
})();
