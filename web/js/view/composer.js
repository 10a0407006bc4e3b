/** Where the question is typed. */

import { MAX_QUESTION } from "../frames.js";
import { t } from "../strings.js";

/** The field grows with its text up to here, in CSS pixels. */
const TALLEST = 220;

export class Composer {
  #field;
  #send;
  #stop;
  #count;
  #onAsk;

  /** `onAsk(question)` and `onStop()` are told what the reader wants. */
  constructor(form, { onAsk, onStop }) {
    this.#field = form.querySelector("#question");
    this.#send = form.querySelector("#send");
    this.#stop = form.querySelector("#stop");
    this.#count = form.querySelector("#count");
    this.#onAsk = onAsk;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.redraw());
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#stop.addEventListener("click", onStop);
    addEventListener("keydown", (event) => {
      const elsewhere = event.isComposing || document.querySelector("dialog[open]");
      if (event.key === "Escape" && !elsewhere && !this.#stop.hidden) onStop();
    });
    this.redraw();
  }

  /** Put `text` into the field, unless something is being written there. */
  offer(text) {
    if (!this.#field.value.trim()) this.#field.value = text;
    this.redraw();
    this.focus();
  }

  focus() {
    this.#field.focus();
  }

  /** There is something to stop, or not (any more). */
  stoppable(yes) {
    // A button that disappears must not take the focus with it.
    if (!yes && document.activeElement === this.#stop) this.focus();
    this.#stop.hidden = !yes;
  }

  redraw() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(TALLEST, this.#field.scrollHeight)}px`;
    const over = [...this.#field.value].length - MAX_QUESTION;
    this.#count.textContent = over > 0 ? t("too_long", over) : "";
    this.#field.setAttribute("aria-invalid", String(over > 0));
    this.#send.disabled = over > 0 || !this.#field.value.trim();
  }

  #onKey(event) {
    // While an input method composes, Enter chooses a word. Safari reports that Enter after the composition, as key 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    if (this.#send.disabled) return;
    const question = this.#field.value.trim();
    this.#field.value = "";
    this.redraw();
    this.#onAsk(question);
  }
}
