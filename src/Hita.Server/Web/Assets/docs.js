"use strict";

// Builds the page from the OpenAPI document. All text is set as text, never as markup.
const element = (name, text, ...children) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
};

const resolve = (spec, schema) => {
    const name = schema && schema.$ref ? schema.$ref.split("/").pop() : null;
    return name ? spec.components.schemas[name] : schema || {};
};

const kind = (spec, schema) => {
    const found = resolve(spec, schema);
    if (found.enum) return found.enum.join(" | ");
    const parts = found.oneOf || found.anyOf;
    if (parts) return parts.map(p => kind(spec, p)).filter(k => k !== "null").join(" | ");
    const types = [].concat(found.type || "any").filter(t => t !== "null");
    const word = types.includes("integer") ? "integer" : types.includes("number") ? "number" : types[0];
    if (word === "array") return kind(spec, found.items) + "[]";
    return found.format ? word + " (" + found.format + ")" : word;
};

const fields = (spec, schema) => {
    const found = resolve(spec, schema);
    const target = found.type === "array" ? resolve(spec, found.items) : found;
    if (!target.properties) return null;
    const table = element("table", null, element("tr", null, element("th", "field"), element("th", "kind"), element("th", "about")));
    for (const [name, value] of Object.entries(target.properties)) {
        const required = (target.required || []).includes(name) ? " (required)" : "";
        table.append(element("tr", null, element("td", null, element("code", name)), element("td", kind(spec, value) + required), element("td", value.description || resolve(spec, value).description || "")));
    }
    return table;
};

const curl = (path, method, body) => {
    const root = location.origin;
    if (method === "get") return "curl " + root + path;
    if (method === "delete") return "curl -X DELETE " + root + path;
    const type = Object.keys(body ? body.content : {})[0];
    return "curl " + root + path + (type === "application/json"
        ? " -H 'Content-Type: application/json' -d '{…}'"
        : " -F image=@image.png");
};

const operation = (spec, path, method, what) => {
    const box = element("details", null, element("summary", null, element("code", method.toUpperCase() + " " + path), document.createTextNode(" " + (what.summary || ""))));
    box.append(element("pre", curl(path, method, what.requestBody)));
    for (const parameter of what.parameters || [])
        box.append(element("p", parameter.in + " parameter " + parameter.name + ": " + kind(spec, parameter.schema)));
    if (what.requestBody) {
        box.append(element("p", "Body: " + Object.keys(what.requestBody.content).join(" or ")));
        const table = fields(spec, Object.values(what.requestBody.content)[0].schema);
        if (table) box.append(table);
    }
    for (const [status, answer] of Object.entries(what.responses || {})) {
        const content = Object.values(answer.content || {})[0];
        box.append(element("p", "Answer " + status));
        const table = content && fields(spec, content.schema);
        if (table) box.append(table);
    }
    return box;
};

const show = spec => {
    const main = document.getElementById("content");
    main.replaceChildren();
    const groups = new Map();
    for (const [path, methods] of Object.entries(spec.paths)) {
        for (const [method, what] of Object.entries(methods)) {
            const tag = (what.tags || ["other"])[0];
            if (!groups.has(tag)) groups.set(tag, []);
            groups.get(tag).push(operation(spec, path, method, what));
        }
    }
    for (const [tag, operations] of groups) main.append(element("section", null, element("h2", tag), ...operations));
};

fetch("openapi/v1.json")
    .then(answer => { if (!answer.ok) throw new Error("HTTP " + answer.status); return answer.json(); })
    .then(show)
    .catch(fault => document.getElementById("content").replaceChildren(element("p", "The document cannot be read: " + fault.message)));
