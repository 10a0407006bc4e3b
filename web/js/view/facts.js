/** How a turn ended: a remark where it did not end by itself, trouble and what to do about it, and the figures. */

import { duration, has, t } from "../strings.js";
import { answerText, isOver } from "../turns.js";
import { button, el } from "./dom.js";

/** Remarks and trouble below an answer. `onRetry` and `onEdit` are what the reader may do about an error. */
export class Outcome {
  element = el("div", { class: "outcome", hidden: true });
  #onRetry;
  #onEdit;
  #shown = "";

  constructor({ onRetry, onEdit }) {
    this.#onRetry = onRetry;
    this.#onEdit = onEdit;
  }

  update(turn) {
    const remarks = remarksOn(turn);
    const trouble = turn.error && errorText(turn.error);
    const key = JSON.stringify([remarks, trouble, turn.error?.retryable]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.replaceChildren(...remarks.map((text) => el("p", { class: "note" }, text)));
    if (trouble) {
      const action = turn.error.retryable ? button(t("retry"), this.#onRetry) : button(t("edit"), this.#onEdit);
      action.className = "outlined";
      this.element.append(el("div", { class: "trouble" }, el("p", {}, trouble), action));
    }
    this.element.hidden = !this.element.hasChildNodes();
  }
}

/** Words for what went wrong; the server's own where the page has none for its code. */
export const errorText = ({ code, message }) => (has(`error_${code}`) ? t(`error_${code}`) : message || t("error_unknown"));

/** What a reader should know of how `turn` ended, in whole sentences. */
export function remarksOn(turn) {
  const remarks = [];
  if (turn.complete) remarks.push(...finishText(turn));
  if (turn.missing) remarks.push(t("missing"));
  if (turn.remark) remarks.push(t(turn.remark));
  return remarks;
}

function finishText(turn) {
  const { finish, reason } = turn.complete;
  if (finish === "stop") return answerText(turn).trim() ? [] : [t("nothing_said")];
  if (finish === "stopped") return [has(`stopped_${reason}`) ? t(`stopped_${reason}`) : t("stopped")];
  return [has(`finish_${finish}`) ? t(`finish_${finish}`) : t("finish_other")];
}

/** Copy, and the figures behind "Details". */
export class Facts {
  element = el("footer", { class: "facts", hidden: true });
  #turn = null;
  #copy = button("", () => this.#onCopy());
  #summary = el("summary");
  #list = el("dl");

  constructor() {
    this.element.append(this.#copy, el("details", {}, this.#summary, this.#list));
  }

  update(turn) {
    this.#turn = turn;
    this.element.hidden = !isOver(turn) || (turn.parts.length === 0 && !turn.trace);
    if (this.element.hidden) return;
    this.#copy.hidden = !answerText(turn);
    this.#copy.textContent = t("copy");
    const total = turn.complete?.timings?.total;
    this.#summary.textContent = total === undefined ? t("details") : `${t("details")} (${duration(total)})`;
    this.#list.replaceChildren(
      ...figures(turn).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    );
  }

  async #onCopy() {
    await navigator.clipboard.writeText(answerText(this.#turn));
    this.#copy.textContent = t("copied");
    setTimeout(() => (this.#copy.textContent = t("copy")), 2000);
  }
}

function figures(turn) {
  const { model, usage, timings, finish, reason } = turn.complete ?? {};
  const rows = [];
  if (model) rows.push([t("fact_model"), model]);
  if (finish && finish !== "stop") rows.push([t("fact_finish"), reason ? `${finish} (${reason})` : finish]);
  if (usage) rows.push([t("fact_tokens"), t("tokens", usage)]);
  for (const [phase, seconds] of Object.entries(timings ?? {})) {
    rows.push([has(`timing_${phase}`) ? t(`timing_${phase}`) : phase, duration(seconds)]);
  }
  if (turn.trace) rows.push([t("fact_trace"), turn.trace]);
  return rows;
}
