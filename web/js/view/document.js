/** One document in the panel: its name, how far it is, and what one can do with it. */

import { isPassing, progress } from "../documents.js";
import { fileSize, has, percent, t } from "../strings.js";
import { button, el } from "./dom.js";

export class DocumentRow {
  #entry;
  #actions;
  #may = { write: false };
  #asking = false;
  #name = el("p", { class: "document-name", dir: "auto", tabindex: "-1" });
  #state = el("p", { class: "document-state" });
  #bar = el("progress", { max: "1" });
  #buttons = el("div", { class: "document-actions" });
  #shown = "";
  element = el("li", { class: "document" }, this.#name, this.#state, this.#bar, this.#buttons);

  /** `actions`: `onReplace(entry)`, `onRetry(entry)`, `onStop(entry)` and `onRemove(entry)`. */
  constructor(entry, actions) {
    this.#entry = entry;
    this.#actions = actions;
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#asking) return;
      // It takes the question back, and leaves the panel open.
      event.preventDefault();
      this.#ask(false);
    });
  }

  /** `may.write`: whether the reader may change documents. */
  update(may) {
    this.#may = may;
    const entry = this.#entry;
    this.element.dataset.state = entry.status;
    this.#name.textContent = entry.name;
    const state = stateText(entry);
    this.#state.textContent = entry.error ? state : `${state} · ${fileSize(entry.bytes)}`;
    this.#drawBar(progress(entry));
    this.#drawButtons();
  }

  #drawBar(far) {
    this.#bar.hidden = far === null;
    this.#bar.setAttribute("aria-label", this.#entry.name);
    if (far?.total) this.#bar.value = far.done / far.total;
    else this.#bar.removeAttribute("value");
  }

  #drawButtons() {
    const wanted = this.#may.write ? this.#wanted() : [];
    const key = JSON.stringify([this.#asking, wanted, t("document_delete"), this.#entry.name]);
    if (key === this.#shown) return;
    this.#shown = key;
    const focused = this.#buttons.contains(document.activeElement);
    const nodes = this.#asking ? this.#question() : wanted.map((action) => this.#button(action));
    this.#buttons.replaceChildren(...nodes);
    // A button that went took the focus with it.
    if (focused) (this.#buttons.querySelector("button") ?? this.#name).focus();
  }

  /** What can be done with it now, the likeliest first. */
  #wanted() {
    const { status } = this.#entry;
    if (status === "here" || status === "uploading") return ["stop"];
    if (status === "broken") return isPassing(this.#entry) ? ["retry", "dismiss"] : ["dismiss"];
    return status === "deleting" ? [] : ["replace", "delete"];
  }

  #button(action) {
    const act = {
      stop: () => this.#actions.onStop(this.#entry),
      dismiss: () => this.#actions.onStop(this.#entry),
      retry: () => this.#actions.onRetry(this.#entry),
      replace: () => this.#actions.onReplace(this.#entry),
      delete: () => this.#ask(true),
    }[action];
    return button(t(`document_${action}`), act, { "aria-label": t(`document_${action}_this`, this.#entry.name) });
  }

  #question() {
    const keep = button(t("document_keep"), () => this.#ask(false));
    const remove = button(t("document_delete"), () => this.#remove(), { class: "outlined" });
    return [el("span", { class: "document-question" }, t("document_sure", this.#entry.name)), keep, remove];
  }

  #ask(asking) {
    this.#asking = asking;
    this.#drawButtons();
  }

  #remove() {
    this.#asking = false;
    this.#actions.onRemove(this.#entry);
  }
}

/** What a reader should know of `entry` in a sentence. */
export function stateText(entry) {
  const { status, arrived, chunks, problem } = entry;
  if (problem) return `${t("document_not_deleted")} ${errorText(problem)}`;
  if (entry.error && (status === "failed" || status === "broken")) return errorText(entry.error);
  if (status === "ready") return t("document_ready", chunks);
  if (status === "waiting" && arrived) return t("document_arrived");
  const far = progress(entry);
  if (status === "reading" && far.done > 0 && !far.total) return t("document_reading_so_far", far.done);
  const words = t(`document_${status}`);
  return far?.total ? `${words} ${percent(far.done / far.total)}` : words;
}

/** Words for why something failed; the server's own where the page has none for its code. */
export const errorText = ({ code, message }) =>
  has(`document_error_${code}`) ? t(`document_error_${code}`) : message || t("document_error_internal");
