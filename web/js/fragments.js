/** Pieces of a frame over 32 KB -> the frame's text. Pure. */

/** Characters that unfinished frames may hold together; the largest frame a turn sends is far below. */
const MOST_CHARACTERS = 8 * 2 ** 20;
const MOST_FRAMES = 64;
const MOST_PIECES = 1024;

/**
 * Joins fragments in whatever order they come, those of several frames among each other, and any of them twice. Beyond
 * the limits the frame that was touched longest ago is forgotten: its number then lacks, and a resume brings it again.
 */
export class Joiner {
  /** id -> {count, pieces}; what was touched last comes last. */
  #unfinished = new Map();
  #characters = 0;

  /** The whole frame as text if this was its last piece, otherwise null. */
  add({ id, index, count, data }) {
    const valid = typeof id === "string" && typeof data === "string" && Number.isInteger(index) && Number.isInteger(count);
    if (!valid || index < 0 || index >= count || count > MOST_PIECES) return null;
    if (this.#unfinished.has(id) && this.#unfinished.get(id).count !== count) this.#forget(id);
    const { pieces } = this.#unfinished.get(id) ?? { pieces: new Map() };
    this.#unfinished.delete(id);
    this.#unfinished.set(id, { count, pieces });
    if (!pieces.has(index)) {
      pieces.set(index, data);
      this.#characters += data.length;
    }
    if (pieces.size === count) {
      this.#forget(id);
      return Array.from({ length: count }, (_, at) => pieces.get(at)).join("");
    }
    while (this.#characters > MOST_CHARACTERS || this.#unfinished.size > MOST_FRAMES) {
      this.#forget(this.#unfinished.keys().next().value);
    }
    return null;
  }

  #forget(id) {
    for (const data of this.#unfinished.get(id).pieces.values()) this.#characters -= data.length;
    this.#unfinished.delete(id);
  }
}
