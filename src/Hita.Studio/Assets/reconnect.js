"use strict";

// While the server is away the page says so and looks whether it is back. One that still knows the visitor is gone on with; one
// that has been restarted does not, and the page opens anew.
(() => {
    const dialog = document.getElementById("components-reconnect-modal");
    let looking = false;
    const look = async () => {
        if (looking) return;
        looking = true;
        while (dialog.open) {
            await new Promise(done => setTimeout(done, 1000));
            let answer;
            try {
                answer = await fetch("studio/session", { cache: "no-store" });
            } catch {
                continue;
            }
            if (answer.status === 401) return location.reload();
            if (answer.ok && dialog.open && !await Blazor.reconnect().catch(() => true)) return location.reload();
        }
        looking = false;
    };
    dialog.addEventListener("cancel", event => event.preventDefault());
    dialog.addEventListener("components-reconnect-state-changed", event => {
        if (event.detail.state === "hide") return dialog.close();
        if (!dialog.open) dialog.showModal();
        look();
    });
})();
