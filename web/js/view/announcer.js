/** What a screen reader is told: phases and finished answers, one polite announcement at a time, never single words. */

/** Phases follow each other in milliseconds; only the one that lasts is worth saying. */
const SETTLE_MS = 600;

export class Announcer {
  #element;
  #timer;
  #phase = "";
  #said = [];

  constructor(element) {
    this.#element = element;
  }

  /** Something is going on. A later phase replaces an earlier one that was not announced yet. */
  phase(text) {
    if (text === this.#phase) return;
    this.#phase = text;
    this.#plan();
  }

  /** Something worth hearing whole. */
  say(text, lang) {
    this.#phase = "";
    this.#said.push({ text, lang });
    this.#plan();
  }

  #plan() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#announce(), SETTLE_MS);
  }

  #announce() {
    const lines = this.#said.splice(0);
    if (!lines.length && this.#phase) lines.push({ text: this.#phase });
    this.#element.replaceChildren(
      ...lines.map(({ text, lang }) => {
        const line = document.createElement("p");
        if (lang) line.lang = lang;
        line.textContent = text;
        return line;
      }),
    );
  }
}
