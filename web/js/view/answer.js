/** The parts of an answer in their order: text, what the model reasoned, and the tools it called. */

import { MarkdownView } from "../markdown.js";
import { has, t } from "../strings.js";
import { el } from "./dom.js";

export class Answer {
  element = el("div", { class: "answer" });
  #parts = new Map();
  #renderer;
  #decorate;

  /** `decorate(node)` is applied to every freshly drawn block of text. */
  constructor(renderer, decorate) {
    this.#renderer = renderer;
    this.#decorate = decorate;
  }

  /** `over`: nothing more will be added. */
  update(turn, over) {
    const seen = new Set();
    turn.parts.forEach((part, index) => {
      const key = `${part.kind} ${part.id}`;
      seen.add(key);
      if (!this.#parts.has(key)) this.#add(key, part, index);
      this.#parts.get(key).update(part, over || index < turn.parts.length - 1);
    });
    for (const [key, view] of this.#parts) {
      if (seen.has(key)) continue;
      view.element.remove();
      this.#parts.delete(key);
    }
    this.element.lang = turn.language;
    this.element.setAttribute("aria-busy", String(!over));
    this.element.classList.toggle("growing", !over && turn.parts.at(-1)?.kind === "text");
    this.element.hidden = turn.parts.length === 0;
  }

  /** The text as it is read out: without the numbers of the citations. */
  get spoken() {
    const copy = this.element.cloneNode(true);
    for (const node of copy.querySelectorAll(".cite, .aside")) node.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  #add(key, part, index) {
    const view =
      part.kind === "text"
        ? new TextPart(this.#renderer, this.#decorate)
        : part.kind === "reasoning"
          ? new ReasoningPart()
          : new ToolPart();
    this.#parts.set(key, view);
    this.element.insertBefore(view.element, this.element.children[index] ?? null);
  }
}

class TextPart {
  element = el("div", { class: "prose" });

  constructor(renderer, decorate) {
    this.view = new MarkdownView(this.element, renderer, decorate);
  }

  update({ text }, final) {
    this.view.update(text, final);
  }
}

class ReasoningPart {
  #summary = el("summary");
  #body = el("div", { class: "aside-body" });
  element = el("details", { class: "aside" }, this.#summary, this.#body);

  update({ text }) {
    this.#summary.textContent = t("reasoning");
    this.#body.textContent = text;
  }
}

class ToolPart {
  #name = el("code");
  #state = el("span", { class: "aside-state" });
  #body = el("pre", { class: "aside-body" });
  element = el("details", { class: "aside" }, el("summary", {}, this.#name, " ", this.#state), this.#body);

  update({ name, args, state, output }) {
    this.#name.textContent = name;
    this.#state.textContent = has(`tool_${state}`) ? t(`tool_${state}`) : state;
    this.#body.textContent = [args, output].filter((value) => value !== null && value !== undefined).map(shown).join("\n\n");
  }
}

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
