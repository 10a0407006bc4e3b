/** What the system is doing for a turn: a short live list that stays as a record once the answer is there. */

import { duration, t } from "../strings.js";
import { isOver } from "../turns.js";
import { el } from "./dom.js";

export class Trail {
  element = el("ol", { class: "trail" });

  /** `alone`: no other question is being answered here, so a waiting one waits for the connection, or for elsewhere. */
  update(turn, alone) {
    const lines = describe(turn, alone);
    lines.forEach((line, index) => {
      const item = this.element.children[index] ?? this.element.appendChild(newItem());
      item.dataset.state = line.state;
      const [, label, more] = item.children;
      if (label.textContent !== line.label) label.textContent = line.label;
      if (more.textContent !== line.more) more.textContent = line.more;
    });
    while (this.element.children.length > lines.length) this.element.lastChild.remove();
    this.element.hidden = lines.length === 0;
  }
}

/** What a screen reader is told when it changes: the last line, in words. */
export const spoken = (turn, alone) => describe(turn, alone).at(-1)?.label ?? "";

function newItem() {
  const mark = el("span", { class: "mark", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  return el("li", {}, mark, el("span", { class: "trail-label" }), el("span", { class: "trail-more" }));
}

/** The lines of the list: `{label, more, state}` with state going, end, error or held. */
function describe(turn, alone) {
  if (turn.state === "waiting") return [line(t(alone && !turn.busy ? "waiting_link" : "waiting_turn"), "held")];
  if (turn.state === "sent") return [line(t("sending"), "going")];
  const lines = turn.phases.map((phase) => describePhase(phase, turn));
  if (isOver(turn)) return lines;
  if (turn.detached) lines.push(line(t("reconnecting"), "held"));
  else if (turn.stopping) lines.push(line(t("stopping"), "going"));
  else if (!turn.phases.some(({ state }) => state === "start")) lines.push(line(t("thinking"), "going"));
  return lines;
}

function describePhase({ phase, state, label, latency }, turn) {
  const more = typeof latency === "number" ? duration(latency) : "";
  // A phase that the end of the turn cut short is over, and nobody measured it.
  const going = state === "start" && !isOver(turn) && !turn.detached;
  return line(label ?? phase, state === "start" ? (going ? "going" : "held") : state, more);
}

const line = (label, state, more = "") => ({ label, state, more });
