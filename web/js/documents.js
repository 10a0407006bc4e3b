/**
 * A tenant's documents as the page knows them, and the files on their way to becoming one.
 *
 * An entry is a document as the HTTP API gives it, with the page's notes on it: `file` (still here), `sent` (bytes of it
 * that have gone), `mine` (it was brought from here), `arrived` (and the server has yet to notice), `problem` (why it could
 * not be deleted). Its `status` is the server's,
 *
 *     waiting -> queued -> reading -> ready | failed; deleting
 *
 * or, for as long as the file is here, `here` (waits for an earlier one) -> `uploading` -> `broken` (`error` says how).
 */

import { ApiError } from "./api.js";

/** Files that travel at once: more would only share the line. */
const AT_ONCE = 2;
/** Pauses between two looks at a document that something is being done to; they grow while nothing changes. */
const FIRST_LOOK_MS = 400;
const LONGEST_PAUSE_MS = 5_000;
const GROWTH = 1.5;

const MOVING = new Set(["queued", "reading", "deleting"]);
const HERE = new Set(["here", "uploading", "broken"]);

/** Something is being done to the document, and will be over some time. */
export const isMoving = (entry) => MOVING.has(entry.status) || entry.status === "uploading" || entry.arrived;

/** Its file has not left this page. */
export const isHere = (entry) => HERE.has(entry.status);

/** Codes after which the same file may yet be taken. */
const PASSING = new Set([
  ...["upload_broken", "upload_expired", "upload_stopped", "unreachable"],
  ...["unauthorized", "throttled", "busy", "storage_unavailable", "internal"],
]);

/** Trying once more may help. */
export const isPassing = ({ status, error }) => status === "broken" && PASSING.has(error?.code);

/** How far it is, `{done, total}`: bytes on the way, then whatever the server counts. `total` is null where nobody knows. */
export function progress(entry) {
  if (entry.status === "uploading") return { done: entry.sent, total: entry.bytes };
  if (entry.status === "reading" && entry.progress) return entry.progress;
  return isMoving(entry) ? { done: 0, total: null } : null;
}

export class Documents {
  #api;
  #send;
  #onChange;
  #onOutcome;
  #cursor = null;
  #sending = new Map();
  #looks = new Map();

  /** Everything that is shown, in its order. */
  entries = [];
  /** Why the list could not be loaded (an ApiError), or null. */
  trouble = null;
  /** It has been loaded at least once. */
  loaded = false;

  /**
   * `send(file, upload, {onProgress, signal})` is upload.js's. `onChange()` is told of every change, `onOutcome(entry)` of
   * those that somebody waited for: the entry is `ready`, `failed`, `broken` or `deleted` now.
   */
  constructor({ api, send, onChange, onOutcome }) {
    this.#api = api;
    this.#send = send;
    this.#onChange = onChange;
    this.#onOutcome = onOutcome;
  }

  /** There are more than the list has. */
  get hasMore() {
    return this.#cursor !== null;
  }

  /** Files are on their way, and would be lost with the page. */
  get isSending() {
    return this.entries.some(({ status }) => status === "here" || status === "uploading");
  }

  /** Nobody is looking: only what was brought from here is still of interest. */
  rest() {
    for (const entry of this.#looks.keys()) {
      if (!entry.mine) this.#forget(entry);
    }
  }

  /** Load the list anew; what is under way here goes on. */
  async refresh() {
    await this.#load(null, (entry) => isHere(entry) || entry.mine);
  }

  /** Load more of the list. */
  async more() {
    await this.#load(this.#cursor, () => true);
  }

  /** Send `files`. One that is called as a document is becomes its new version. */
  add(files) {
    for (const file of files) {
      // macOS hands out é as two characters; the server knows it as one.
      const name = file.name.normalize("NFC");
      let entry = this.entries.find((other) => other.name === name);
      if (!entry) this.entries.unshift((entry = { id: null, name, chunks: 0 }));
      this.#take(entry, file);
    }
    this.#pump();
  }

  /** Send `file` as a new version of the document, whatever the file is called. */
  replace(entry, file) {
    this.#take(entry, file);
    this.#pump();
  }

  /** Send once more what broke off. */
  retry(entry) {
    this.#take(entry, entry.file);
    this.#pump();
  }

  /** Do not send it, or stop sending it; or forget that it could not be sent. */
  stop(entry) {
    const sending = this.#sending.get(entry);
    if (sending) sending.abort();
    else this.#drop(entry);
  }

  /** Delete it; what the server never heard of is only taken off the list. */
  async remove(entry) {
    if (entry.id === null) {
      this.#drop(entry);
      return;
    }
    try {
      const { document } = await this.#api.remove(entry.id);
      this.#merge(entry, { ...document, file: null, arrived: false, problem: null });
      this.#look(entry);
    } catch (error) {
      if (error.status === 404) this.#gone(entry);
      else entry.problem = error;
    }
    this.#onChange();
  }

  /** The next documents, beside those of now that are to be kept. */
  async #load(cursor, keep) {
    try {
      const page = await this.#api.list(cursor);
      const listed = page.documents.map((document) => this.#entryOf(document));
      this.entries = inOrder([...new Set([...this.entries.filter(keep), ...listed])]);
      this.#cursor = page.cursor ?? null;
      this.trouble = null;
      this.loaded = true;
    } catch (error) {
      this.trouble = error;
    }
    this.#onChange();
  }

  #entryOf(document) {
    // By its name as well: the list may know of a file whose announcement is yet to be answered.
    const entry = this.entries.find(({ id, name }) => id === document.id || name === document.name) ?? {};
    if (isHere(entry)) entry.id = document.id;
    else this.#merge(entry, document);
    if (isMoving(entry) && !isHere(entry)) this.#look(entry);
    return entry;
  }

  #take(entry, file) {
    this.#forget(entry);
    this.#sending.get(entry)?.abort();
    this.#sending.delete(entry);
    const fresh = { status: "here", mine: true, arrived: false, error: null, problem: null, progress: null };
    Object.assign(entry, { file, bytes: file.size, sent: 0, ...fresh });
    this.#onChange();
  }

  /** Take it off the list, or where the server knows it show what it is there. */
  #drop(entry) {
    this.#forget(entry);
    if (entry.id === null) {
      this.entries = this.entries.filter((other) => other !== entry);
    } else {
      Object.assign(entry, { file: null, status: "waiting", error: null });
      this.#look(entry, 0);
    }
    this.#onChange();
  }

  #pump() {
    while (this.#sending.size < AT_ONCE) {
      const next = this.entries.findLast(({ status }) => status === "here");
      if (!next) return;
      this.#deliver(next);
    }
  }

  async #deliver(entry) {
    const stopping = new AbortController();
    const { file } = entry;
    // Not any more once the next file of this name has taken its place.
    const isCurrent = () => this.#sending.get(entry) === stopping;
    this.#sending.set(entry, stopping);
    entry.status = "uploading";
    this.#onChange();
    try {
      const { document, upload } = await this.#announce(entry, file);
      if (isCurrent()) Object.assign(entry, document, { status: "uploading" });
      const onProgress = (bytes) => {
        if (!isCurrent()) return;
        entry.sent = Math.min(bytes, file.size);
        this.#onChange();
      };
      await this.#send(file, upload, { onProgress, signal: stopping.signal });
      if (isCurrent()) this.#delivered(entry);
    } catch (error) {
      if (isCurrent()) this.#broken(entry, error);
    }
    if (isCurrent()) this.#sending.delete(entry);
    this.#onChange();
    this.#pump();
  }

  async #announce({ id, name, metadata }, { size: bytes }) {
    if (bytes === 0) throw new ApiError("empty");
    if (id === null) return this.#api.create({ name, bytes });
    // What else is said of the document still holds; the hash that `thinkaloud ingest` left there is another file's.
    const { sha256, ...kept } = metadata ?? {};
    return this.#api.replace(id, { bytes, metadata: kept });
  }

  #delivered(entry) {
    Object.assign(entry, { status: "waiting", file: null, arrived: true });
    this.#look(entry);
  }

  #broken(entry, error) {
    Object.assign(entry, { status: "broken", error });
    this.#onOutcome(entry);
  }

  /** Ask what has become of `entry`, and again until there is an end to it. */
  #look(entry, pause = FIRST_LOOK_MS) {
    this.#forget(entry);
    const look = setTimeout(async () => {
      const before = JSON.stringify([entry.status, entry.progress]);
      let document = null;
      try {
        document = await this.#api.document(entry.id);
      } catch (error) {
        if (error.status === 404 && this.#looks.get(entry) === look) this.#gone(entry);
      }
      // Replaced or deleted meanwhile: what was asked is of no interest any more.
      if (this.#looks.get(entry) !== look) return;
      if (document) this.#merge(entry, document);
      const moved = before !== JSON.stringify([entry.status, entry.progress]);
      if (isMoving(entry)) {
        this.#look(entry, moved ? FIRST_LOOK_MS : Math.min(LONGEST_PAUSE_MS, pause * GROWTH));
      } else {
        this.#forget(entry);
        if (moved) this.#onOutcome(entry);
      }
      this.#onChange();
    }, pause);
    this.#looks.set(entry, look);
  }

  #forget(entry) {
    clearTimeout(this.#looks.get(entry));
    this.#looks.delete(entry);
  }

  #merge(entry, document) {
    Object.assign(entry, document);
    // The server has seen the file: from here on it says how far it is.
    if (document.status !== "waiting") entry.arrived = false;
  }

  #gone(entry) {
    this.#forget(entry);
    this.entries = this.entries.filter((other) => other !== entry);
    entry.status = "deleted";
    this.#onOutcome(entry);
    this.#onChange();
  }
}

/** What was brought from here first, the newest at the top; the rest by name, since the server has no order to speak of. */
function inOrder(entries) {
  const mine = entries.filter((entry) => entry.mine);
  const others = entries.filter((entry) => !entry.mine);
  return [...mine, ...others.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }))];
}
