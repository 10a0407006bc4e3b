/** One question with its trail, answer, sources and outcome. */

import { isOver, sourceOf } from "../turns.js";
import { Answer } from "./answer.js";
import { linkCitations } from "./citations.js";
import { el } from "./dom.js";
import { Facts, Outcome } from "./facts.js";
import { Sources } from "./sources.js";
import { Trail } from "./trail.js";

export class TurnView {
  element = el("article", { class: "turn" });
  #turn;
  #trail = new Trail();
  #sources = new Sources();
  #facts = new Facts();
  #answer;
  #outcome;
  #body;

  /** `onRetry(turn)` and `onEdit(turn)` are the reader's answers to an error. */
  constructor(turn, renderer, { onRetry, onEdit }) {
    this.#turn = turn;
    const question = el("h2", { class: "question", id: `q-${turn.id}`, tabindex: "-1", lang: turn.language, dir: "auto" }, turn.question);
    this.#answer = new Answer(renderer, (node) =>
      linkCitations(node, {
        source: (number) => sourceOf(this.#turn, number),
        onOpen: (number) => this.#sources.open(number),
        onPoint: (number, on) => this.#sources.point(number, on),
      }),
    );
    this.#outcome = new Outcome({ onRetry: () => onRetry(this.#turn), onEdit: () => onEdit(this.#turn) });
    this.#body = el("div", { class: "body" }, this.#trail.element, this.#answer.element, this.#outcome.element);
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
