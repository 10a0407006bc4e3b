/** The state of the connection, in the header: a dot, words, and what one can do about it. */

import { t } from "../strings.js";

export class Link {
  #root;
  #text;
  #now;
  #edit;
  #state = { name: "connecting" };
  #clock;

  /** `onNow` connects at once; `onEdit` asks for another address. `isTyped()` says whether the address was typed here. */
  constructor(root, { onNow, onEdit, isTyped }) {
    this.#root = root;
    this.#text = root.querySelector("#link-text");
    this.#now = root.querySelector("#link-now");
    this.#edit = root.querySelector("#link-edit");
    this.isTyped = isTyped;
    this.#now.addEventListener("click", onNow);
    this.#edit.addEventListener("click", onEdit);
  }

  show(state) {
    this.#state = state;
    this.redraw();
  }

  redraw() {
    clearTimeout(this.#clock);
    const { name, until } = this.#state;
    const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    this.#root.dataset.state = name;
    this.#text.textContent = name === "waiting" ? t("link_waiting", seconds) : t(`link_${name}`);
    // Pauses of a second or two are over before anyone could press a button.
    this.#now.hidden = name !== "waiting" || (seconds < 3 && this.#now !== document.activeElement);
    this.#edit.hidden = !this.isTyped();
    if (name === "waiting") this.#clock = setTimeout(() => this.redraw(), 500);
  }
}
