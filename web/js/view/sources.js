/** The documents a turn found: numbered cards one can open, which the citations in the answer point to. */

import { t } from "../strings.js";
import { el } from "./dom.js";

export class Sources {
  element = el("section", { class: "sources", hidden: true });
  #heading = el("h3", { class: "small-heading" });
  #list = el("ol");
  #cards = new Map();

  constructor() {
    this.element.append(this.#heading, this.#list);
  }

  update(turn) {
    this.element.hidden = turn.sources.length === 0;
    // What does not answer the question is not the source of anything.
    this.#heading.textContent = t(turn.complete?.covered === false ? "sources_closest" : "sources");
    const citations = turn.complete?.citations ?? [];
    for (const doc of turn.sources) {
      const id = String(doc.id);
      if (!this.#cards.has(id)) this.#add(id, doc, turn.language);
      const card = this.#cards.get(id);
      const quotes = citations.filter(({ source }) => String(source) === id).map(({ quote }) => quote);
      card.classList.toggle("cited", quotes.length > 0);
      this.#quote(card, doc, quotes);
      card.querySelector(".source-section").textContent = place(doc);
      card.querySelector(".score").textContent = typeof doc.score === "number" ? t("score", doc.score.toFixed(2)) : "";
    }
  }

  /** Open the card of document `id`, bring it into sight and put the focus on it. */
  open(id) {
    const card = this.#cards.get(String(id));
    if (!card) return;
    card.querySelector("details").open = true;
    card.querySelector("summary").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  /** Show which card a citation means, while the pointer or the focus is on it. */
  point(id, on) {
    this.#cards.get(String(id))?.classList.toggle("pointed", on);
  }

  /** Drawn anew only where there is another quote: somebody may be selecting the text. */
  #quote(card, { snippet = "" }, quotes) {
    const key = JSON.stringify(quotes);
    if (card.dataset.quotes === key) return;
    card.dataset.quotes = key;
    card.querySelector("blockquote").replaceChildren(...marked(snippet, quotes));
  }

  #add(id, doc, language) {
    const card = el(
      "li",
      { class: "source", lang: language },
      el(
        "details",
        {},
        el(
          "summary",
          {},
          el("span", { class: "number" }, id),
          el("span", { class: "source-title" }, doc.title),
          el("span", { class: "source-section" }),
        ),
        el("blockquote"),
        el("p", { class: "source-facts" }, address(doc.uri), el("span", { class: "score" })),
      ),
    );
    this.#cards.set(id, card);
    this.#list.append(card);
  }
}

/** `snippet` with the `quotes` that an answer took from it marked; one that reaches into another is left unmarked. */
export function marked(snippet, quotes) {
  const places = [...new Set(quotes)]
    .map((quote) => ({ start: quote ? snippet.indexOf(quote) : -1, length: quote?.length }))
    .filter(({ start }) => start >= 0)
    .sort((one, other) => one.start - other.start);
  const pieces = [];
  let end = 0;
  for (const { start, length } of places) {
    if (start < end) continue;
    pieces.push(snippet.slice(end, start), el("mark", {}, snippet.slice(start, start + length)));
    end = start + length;
  }
  return [...pieces, snippet.slice(end)];
}

/** Where in its document a passage stands: the section, where it is not the title once more, and the page. */
export const place = ({ title, section, page }) =>
  [section !== title && section, Number.isInteger(page) && t("page_number", page)].filter(Boolean).join(" · ");

/** A link where the address says how to fetch it; a path inside the knowledge base is only its name. */
function address(uri) {
  if (!/^https?:\/\//i.test(uri)) return el("span", { class: "uri" }, uri);
  return el("a", { class: "uri", href: uri, target: "_blank", rel: "noopener noreferrer" }, uri);
}
