/**
 * All turns on the page. However many frames arrive, each turn is drawn at most once per animation frame; and the page
 * follows the end of the text while the reader is there: only ever downwards, and never past it to the sources below.
 */

import { TurnView } from "./turn.js";

/** Nearer to the end than this counts as being there; so much room stays below it. In CSS pixels. */
const NEAR = 96;
const ROOM = 20;

export class Transcript {
  #element;
  #floor;
  #latest;
  #renderer;
  #actions;
  #views = new Map();
  #turns = [];
  #dirty = new Set();
  #frame = 0;
  #top = 0;
  #following = true;

  /**
   * `floor` is what covers the bottom of the window; `latest` the button that leads back to the end of the text;
   * `actions` go to every TurnView.
   */
  constructor({ element, floor, latest, renderer, actions }) {
    this.#element = element;
    this.#floor = floor;
    this.#latest = latest;
    this.#renderer = renderer;
    this.#actions = actions;
    addEventListener("scroll", () => this.#onScroll(), { passive: true });
    addEventListener("resize", () => this.#follow(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(element);
    latest.addEventListener("click", () => this.toEnd());
  }

  /** The list itself has changed: show exactly `turns`, in this order. */
  list(turns) {
    const added = turns.length > this.#turns.length;
    this.#turns = [...turns];
    for (const [turn, view] of this.#views) {
      if (turns.includes(turn)) continue;
      view.element.remove();
      this.#views.delete(turn);
    }
    turns.forEach((turn, index) => {
      if (!this.#views.has(turn)) this.#views.set(turn, new TurnView(turn, this.#renderer, this.#actions));
      const { element } = this.#views.get(turn);
      if (this.#element.children[index] !== element) this.#element.insertBefore(element, this.#element.children[index] ?? null);
    });
    this.redraw();
    if (added) this.toEnd();
  }

  /** `turn` has changed. */
  touch(turn) {
    this.#dirty.add(turn);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Draw everything now: the language has changed, or the list. */
  redraw() {
    for (const turn of this.#turns) this.#dirty.add(turn);
    this.#draw();
  }

  /** The finished answer of `turn` in words. */
  spoken(turn) {
    this.#draw();
    return this.#views.get(turn)?.spoken ?? "";
  }

  /** Put the focus on the question of `turn`, where what had it is gone. */
  focus(turn) {
    this.#views.get(turn)?.focus();
  }

  toEnd() {
    this.#following = true;
    this.#follow();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const alone = !this.#turns.some(({ state }) => state === "sent" || state === "live");
    for (const turn of this.#dirty) this.#views.get(turn)?.update(alone);
    this.#dirty.clear();
  }

  #follow() {
    if (this.#following && this.#end > scrollY) scrollTo({ top: this.#end, behavior: "instant" });
    this.#onScroll();
  }

  #onScroll() {
    const back = scrollY < this.#top;
    const there = scrollY > this.#end - NEAR;
    this.#top = scrollY;
    // Only the reader goes back. An end that is far away for now has grown since, and is yet to be followed.
    if (there || back) this.#following = there;
    this.#latest.hidden = this.#following;
  }

  /** How far to scroll for the end of the last text to stand just above the floor. */
  get #end() {
    const last = this.#views.get(this.#turns.at(-1));
    return last ? scrollY + last.bottom + ROOM - this.#floor.getBoundingClientRect().top : 0;
  }
}
