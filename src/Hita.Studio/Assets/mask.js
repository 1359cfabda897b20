// Marks a part of an image by brush or box. The marks are kept at the image's own resolution, up to a limit, and handed over as
// a PNG: white where the image is to change.
const LARGEST = 1024;

export const open = (canvas, width, height) => {
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const color = "rgb(255, 77, 77)";
    let tool = "brush", radius = 0.06, from = null, last = null, before = null;
    const undo = [];

    const place = event => {
        const box = canvas.getBoundingClientRect();
        return { x: (event.clientX - box.left) * canvas.width / box.width, y: (event.clientY - box.top) * canvas.height / box.height };
    };
    const remember = () => {
        undo.push(context.getImageData(0, 0, canvas.width, canvas.height));
        if (undo.length > 20) undo.shift();
    };
    const stroke = (a, b) => {
        context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
        context.strokeStyle = color;
        context.lineWidth = 2 * radius * Math.max(canvas.width, canvas.height);
        context.lineCap = context.lineJoin = "round";
        context.beginPath();
        context.moveTo(a.x, a.y);
        context.lineTo(b.x + 0.01, b.y);
        context.stroke();
        context.globalCompositeOperation = "source-over";
    };
    const rectangle = (a, b) => {
        context.putImageData(before, 0, 0);
        context.fillStyle = color;
        context.fillRect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y));
    };
    const down = event => {
        if (event.button) return;
        event.preventDefault();
        canvas.setPointerCapture(event.pointerId);
        remember();
        from = last = place(event);
        if (tool === "box") before = undo[undo.length - 1];
        else stroke(from, from);
    };
    const move = event => {
        if (!from) return;
        const at = place(event);
        if (tool === "box") rectangle(from, at);
        else stroke(last, at);
        last = at;
    };
    const up = () => { from = last = before = null; };
    canvas.addEventListener("pointerdown", down);
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);

    return {
        choose: (name, share) => { tool = name; radius = share; },
        clear: () => { remember(); context.clearRect(0, 0, canvas.width, canvas.height); },
        undo: () => { if (undo.length) context.putImageData(undo.pop(), 0, 0); },
        // A part by its shares of the sides, for those who do not draw.
        mark: (x, y, w, h) => {
            remember();
            context.fillStyle = color;
            context.fillRect(x * canvas.width, y * canvas.height, w * canvas.width, h * canvas.height);
        },
        read: async () => {
            const marks = context.getImageData(0, 0, canvas.width, canvas.height);
            let any = false;
            for (let i = 0; i < marks.data.length; i += 4) {
                const on = marks.data[i + 3] > 127;
                any ||= on;
                marks.data[i] = marks.data[i + 1] = marks.data[i + 2] = on ? 255 : 0;
                marks.data[i + 3] = 255;
            }
            // A stream to the server cannot be empty.
            if (!any) return new Uint8Array(1);
            const copy = document.createElement("canvas");
            [copy.width, copy.height] = [canvas.width, canvas.height];
            copy.getContext("2d").putImageData(marks, 0, 0);
            const file = await new Promise(done => copy.toBlob(done, "image/png"));
            return new Uint8Array(await file.arrayBuffer());
        },
    };
};
