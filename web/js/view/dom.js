/** Make elements without ever touching markup. */

/** `<tag>` with attributes (true for an empty one; null, undefined and false are left out) and children (nodes or text). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A `<button type="button">` that says `text` and does `action`. */
export function button(text, action, attributes = {}) {
  const node = el("button", { type: "button", class: "plain", ...attributes }, text);
  node.addEventListener("click", action);
  return node;
}
