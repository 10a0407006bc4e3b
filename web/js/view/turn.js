/** One question with its trail, answer, sources and outcome. */

import { t } from "../strings.js";
import { isOver, sourceOf } from "../turns.js";
import { Answer } from "./answer.js";
import { linkCitations } from "./citations.js";
import { el } from "./dom.js";
import { Facts, Outcome } from "./facts.js";
import { Sources } from "./sources.js";
import { Trail } from "./trail.js";
import { Why } from "./why.js";

export class TurnView {
  element = el("article", { class: "turn" });
  #turn;
  #trail = new Trail();
  #sources = new Sources();
  #facts = new Facts();
  #uncovered = el("p", { class: "uncovered" });
  #audit;
  #why;
  #answer;
  #outcome;
  #body;

  /**
   * `onRetry(turn)` and `onEdit(turn)` are the reader's answers to an error; `audit.load(turn)` gives the record of how an
   * answer came about, where `audit.isOn()`.
   */
  constructor(turn, renderer, { onRetry, onEdit, audit }) {
    this.#turn = turn;
    this.#audit = audit;
    this.#why = new Why(audit.load);
    const question = el("h2", { class: "question", id: `q-${turn.id}`, tabindex: "-1", lang: turn.language, dir: "auto" }, turn.question);
    this.#answer = new Answer(renderer, (node) =>
      linkCitations(node, {
        source: (number) => sourceOf(this.#turn, number),
        onOpen: (number) => this.#sources.open(number),
        onPoint: (number, on) => this.#sources.point(number, on),
      }),
    );
    this.#outcome = new Outcome({ onRetry: () => onRetry(this.#turn), onEdit: () => onEdit(this.#turn) });
    const parts = [this.#trail.element, this.#uncovered, this.#answer.element, this.#outcome.element];
    this.#body = el("div", { class: "body" }, ...parts);
    this.#facts.element.append(this.#why.element);
    this.element.setAttribute("aria-labelledby", question.id);
    this.element.append(question, this.#body, this.#sources.element, this.#facts.element);
  }

  update(alone) {
    const turn = this.#turn;
    const over = isOver(turn);
    this.element.dataset.state = turn.state;
    this.#trail.update(turn, alone);
    this.#sources.update(turn);
    this.#answer.update(turn, over);
    this.#outcome.update(turn);
    this.#facts.update(turn);
    this.#why.update(turn, this.#audit.isOn());
    this.#uncovered.hidden = turn.complete?.covered !== false;
    this.#uncovered.textContent = t("uncovered");
  }

  /** Where its text ends in the window, in CSS pixels from the top. */
  get bottom() {
    return this.#body.getBoundingClientRect().bottom;
  }

  focus() {
    this.element.querySelector(".question").focus({ preventScroll: true });
  }

  get spoken() {
    return this.#answer.spoken;
  }
}
