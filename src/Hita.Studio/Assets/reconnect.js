"use strict";

// While the server is away the page says so and looks whether it is back; then it goes on, or opens anew where the server has
// forgotten it.
(() => {
    const dialog = document.getElementById("components-reconnect-modal");
    let looking = false;
    const reopen = async () => {
        if (looking) return;
        looking = true;
        for (;;) {
            try {
                if ((await fetch("health/live", { cache: "no-store" })).ok) return location.reload();
            } catch { /* still away */ }
            await new Promise(done => setTimeout(done, 1000));
        }
    };
    dialog.addEventListener("components-reconnect-state-changed", event => {
        const state = event.detail.state;
        if (state === "hide") dialog.close();
        else if (!dialog.open) dialog.showModal();
        if (state === "failed" || state === "rejected" || state === "resume-failed") reopen();
    });
})();
