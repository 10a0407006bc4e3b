/** `[1]` in a drawn answer -> a small button that opens source 1. */

import { t } from "../strings.js";
import { el } from "./dom.js";

const CITATION = /\[(\d{1,3})\]/g;

/**
 * Replace every `[n]` in the text of `root` that names a source. Code and links are left alone.
 *
 * `source(n)` gives the document or undefined; `onOpen(n)` and `onPoint(n, on)` are told of clicks and hovers.
 */
export function linkCitations(root, { source, onOpen, onPoint }) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("code, pre, a") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const pieces = [];
    let end = 0;
    for (const match of node.data.matchAll(CITATION)) {
      const doc = source(match[1]);
      if (!doc) continue;
      pieces.push(node.data.slice(end, match.index), citation(match[1], doc, onOpen, onPoint));
      end = match.index + match[0].length;
    }
    if (pieces.length) node.replaceWith(...pieces, node.data.slice(end));
  }
}

function citation(number, doc, onOpen, onPoint) {
  const names = { "data-label": "source_title", "data-values": JSON.stringify([number, doc.title]) };
  const node = el("button", { type: "button", class: "cite", title: doc.title, ...names }, number);
  node.setAttribute("aria-label", t("source_title", number, doc.title));
  node.addEventListener("click", () => onOpen(number));
  for (const event of ["pointerenter", "focus"]) node.addEventListener(event, () => onPoint(number, true));
  for (const event of ["pointerleave", "blur"]) node.addEventListener(event, () => onPoint(number, false));
  return node;
}
