/**
 * The conversation of this tab: its turns, which of them may be sent now, and what to do when an answer goes quiet.
 *
 * It knows frames and timers, but neither socket nor page: `send(frame)` says whether the frame left, `onTurn(turn)` and
 * `onList(turns)` are told of changes, and `onStale()` that the connection is of no more use, because its token has run
 * out or nobody answers there.
 */

import * as frames from "./frames.js";
import { closeGap, fold, giveUp, hasGap, isOver, newTurn } from "./turns.js";

/** `$default` answers within the gateway's 29 s, mostly within one; asking again under the same id is harmless. */
const ACCEPT_MS = 12_000;
const ACCEPT_TRIES = 3;
/** A conversation has one answer at a time. Where the other one never ends, its lease does, in little over a minute. */
const BUSY_MS = 1_000;
const BUSY_TRIES = 90;
/** Frames overtake each other by milliseconds, if at all. */
const GAP_MS = 1_500;
/** A `stop` is heard within a second; sending it again is harmless. */
const STOP_MS = 4_000;
const STOP_TRIES = 4;
/** A `resume` is answered by a worker, which may have to be started first. */
const RESUME_MS = 8_000;
/** Times in a row that a turn is resumed without a new frame of it. */
const RESUME_TRIES = 6;
const RETRY_MS = 2_000;
const HEARTBEAT_S = 10;
/** Intervals of silence that are no accident any more: the server breaks a silence after one. */
const QUIET = 1.2;

export class Conversation {
  #send;
  #onTurn;
  #onList;
  #onStale;
  #store;
  #locale;
  #timers = new Map();
  #stops = new Map();
  #tries = new Map();
  #resumed = new Map();
  /** Turns whose `resume` was not answered yet. */
  #resuming = new Set();
  /** Until the server says that it does not know `resume`. */
  #resumes = true;

  /** `store` has `load()` and `save({session, turns})`; `locale()` gives the language for labels. */
  constructor({ send, onTurn, onList, onStale, store, locale }) {
    this.#send = send;
    this.#onTurn = onTurn;
    this.#onList = onList;
    this.#onStale = onStale;
    this.#store = store;
    this.#locale = locale;
    const stored = store.load();
    this.session = stored?.session ?? frames.newId();
    this.turns = stored?.turns ?? [];
    this.#unfinished().forEach(detach);
  }

  /** The turn that is being answered, or about to be. */
  get current() {
    return this.turns.find((turn) => turn.state === "sent" || turn.state === "live");
  }

  /** Ask `question`: at once where that is possible, otherwise as soon as it is. */
  ask(question, language) {
    this.turns.push(newTurn({ id: frames.newId(), session: this.session, message: frames.newId(), question, language }));
    this.#listed();
  }

  /** Ask the question of `turn` again, in its place: under the same id where the server never took it. Returns the new turn. */
  retry(turn) {
    // What broke off here may still go on there, and would keep the conversation busy.
    if (turn.state === "interrupted") this.#send(frames.stop(turn));
    const taken = turn.seq > 0 || turn.heartbeat !== null;
    const again = newTurn(taken ? { ...turn, id: frames.newId(), replaces: turn.id } : turn);
    this.turns.splice(this.turns.indexOf(turn), 1, again);
    this.#listed();
    return again;
  }

  /** Take `turn` out of the conversation on this page, and give its question back. */
  remove(turn) {
    this.#clear(turn);
    this.turns.splice(this.turns.indexOf(turn), 1);
    this.#listed();
    return turn.question;
  }

  /** End the current answer. Without one, take back the last question that still waits, and return it. */
  stop() {
    const turn = this.current;
    if (turn) {
      if (turn.stopping) return null;
      turn.stopping = true;
      this.#sendStop(turn);
      this.#onTurn(turn);
      return null;
    }
    const waiting = this.turns.findLast(({ state }) => state === "waiting");
    return waiting ? this.remove(waiting) : null;
  }

  /** Forget everything and begin anew. The server keeps what it has. */
  renew() {
    for (const turn of this.turns) this.#clear(turn);
    this.session = frames.newId();
    this.turns = [];
    this.#listed();
  }

  /** A connection is open: the first, the next after one that broke, or the one that takes over. */
  opened() {
    for (const turn of this.turns.filter(({ state }) => state === "sent")) turn.state = "waiting";
    for (const turn of this.turns.filter(({ state }) => state === "live")) {
      if (turn.stopping) this.#sendStop(turn);
      this.#recover(turn);
    }
    this.#pump();
  }

  /** The connection is gone. What was not accepted will be sent again, under the same id. */
  closed() {
    for (const turn of this.#unfinished()) {
      clearTimeout(this.#timers.get(turn.id));
      this.#resuming.delete(turn.id);
      detach(turn);
      this.#onTurn(turn);
    }
  }

  /** Whatever the server sends about turns ends up here. */
  receive(frame) {
    const reply = /^(stop|resume)-(.+)$/.exec(frame.re ?? "");
    if (frame.type === "gateway") this.#refused(this.#sent(), { ...frame, code: "gateway", retryable: true });
    else if (frame.type === "error" && reply) this.#denied(reply[1], this.#find(reply[2]), frame);
    else if (frame.type === "error" && !frame.turn) this.#refused(frame.re ? this.#find(frame.re) : this.#sent(), frame);
    else if (frame.type === "notice" && reply) this.#heard(this.#find(reply[2]), frame);
    else if (frame.turn) this.#arrived(this.#find(frame.turn), frame);
  }

  save() {
    this.#store.save({ session: this.session, turns: this.turns });
  }

  #unfinished() {
    return this.turns.filter((turn) => !isOver(turn));
  }

  #find(id) {
    return this.turns.find((turn) => turn.id === id);
  }

  #sent() {
    return this.turns.find((turn) => turn.state === "sent");
  }

  #arrived(turn, frame) {
    // A turn that was interrupted may go on; one that has ended has ended.
    if (!turn || (isOver(turn) && turn.state !== "interrupted")) return;
    if (frame.type === "resumed" && frame.state === "none") {
      this.#resuming.delete(turn.id);
      this.#settle(turn);
      return;
    }
    // Asked twice, it may have been taken the first time, and the answer be on its way to a connection that is gone.
    const again = frame.type === "accepted" && turn.state === "sent" && this.#tries.get(turn.id) > 1;
    const waited = hasGap(turn) && frame.type !== "resumed";
    const outcome = fold(turn, frame);
    this.#progress(turn, frame, outcome);
    if (isOver(turn)) {
      if (outcome !== "duplicate" && outcome !== "held") this.#ended(turn);
    } else {
      if (again || (outcome === "torn" && !this.#resuming.has(turn.id))) this.#recover(turn);
      else if (!hasGap(turn)) this.#watchSilence(turn);
      // A gap is timed from its beginning, however much comes after it.
      else if (!waited) this.#watch(turn, GAP_MS, () => this.#recover(turn));
      this.#onTurn(turn);
    }
  }

  /** Forget earlier attempts where `frame` brought the answer on, or explains why nothing comes. */
  #progress(turn, frame, outcome) {
    if (frame.type === "resumed") this.#resuming.delete(turn.id);
    const explained = ["pending", "waiting"].includes(frame.state) || (frame.type === "heartbeat" && !hasGap(turn));
    const newer = Number.isInteger(frame.seq) && outcome === "applied";
    if (newer || explained) this.#resumed.delete(turn.id);
  }

  #watchSilence(turn) {
    this.#watch(turn, QUIET * (turn.heartbeat ?? HEARTBEAT_S) * 1000, () => this.#recover(turn));
  }

  /** Ask the server for what came after the last frame; where no connection takes that, `opened` will. */
  #recover(turn) {
    const tries = (this.#resumed.get(turn.id) ?? 0) + 1;
    if (!this.#resumes || tries > RESUME_TRIES) {
      this.#resumed.delete(turn.id);
      this.#settle(turn);
    } else if (this.#send(frames.resume(turn))) {
      this.#resumed.set(turn.id, tries);
      this.#resuming.add(turn.id);
      this.#watch(turn, RESUME_MS, () => this.#unanswered(turn));
    }
  }

  /** Not even a word to a `resume`: the connection is dead, though nobody has said so. */
  #unanswered(turn) {
    this.#resuming.delete(turn.id);
    if (this.#resumed.get(turn.id) < RESUME_TRIES) this.#onStale();
    else this.#recover(turn);
  }

  /** What is missing will not come: go on without it where something follows, otherwise end the turn. */
  #settle(turn) {
    if (hasGap(turn)) closeGap(turn);
    else giveUp(turn, "interrupted", "interrupted");
    if (isOver(turn)) {
      this.#ended(turn);
    } else {
      this.#watchSilence(turn);
      this.#onTurn(turn);
    }
  }

  /** Until the server has heard it, or the answer is over. */
  #sendStop(turn, tries = 1) {
    this.#send(frames.stop(turn));
    clearTimeout(this.#stops.get(turn.id));
    if (tries < STOP_TRIES) this.#stops.set(turn.id, setTimeout(() => this.#sendStop(turn, tries + 1), STOP_MS));
  }

  /** The server has heard the stop. What it runs no more ended without a word that came here: ask for that. */
  #heard(turn, { code }) {
    if (!turn || isOver(turn)) return;
    clearTimeout(this.#stops.get(turn.id));
    if (code !== "stopping" && turn.state === "live" && !this.#resuming.has(turn.id)) this.#recover(turn);
  }

  #denied(action, turn, { code, retryable }) {
    if (!turn || isOver(turn)) return;
    if (action === "resume") {
      this.#resuming.delete(turn.id);
      if (code === "unknown_action") this.#resumes = false;
      if (code === "unauthorized" && this.#resumed.get(turn.id) < ACCEPT_TRIES) this.#onStale();
      else if (retryable) this.#watch(turn, RETRY_MS, () => this.#recover(turn));
      else this.#settle(turn);
    } else if (!retryable) {
      clearTimeout(this.#stops.get(turn.id));
      turn.stopping = false;
      turn.remark = "stop_impossible";
      this.#onTurn(turn);
    }
  }

  #refused(turn, { code, message, retryable }) {
    if (!turn || isOver(turn)) return;
    if (code === "unauthorized" && this.#tries.get(turn.id) < ACCEPT_TRIES) {
      // A page may stay open for longer than its token lives: a new connection, with a new one, is worth a try.
      turn.state = "waiting";
      clearTimeout(this.#timers.get(turn.id));
      this.#onStale();
      return;
    }
    if (code === "busy" && turn.busy < BUSY_TRIES && !turn.stopping) {
      // Asked in another tab, or before a reload: its end is worth waiting for.
      turn.busy += 1;
      turn.state = "waiting";
      this.#tries.delete(turn.id);
      this.#watch(turn, BUSY_MS, () => this.#pump());
      this.#onTurn(turn);
      return;
    }
    giveUp(turn, "failed", code, retryable);
    turn.error.message = message;
    this.#ended(turn);
  }

  #ended(turn) {
    this.#clear(turn);
    turn.stopping = false;
    turn.detached = false;
    this.save();
    this.#onTurn(turn);
    this.#pump();
  }

  #listed() {
    this.#pump();
    this.save();
    this.#onList(this.turns);
  }

  /** Send the next question, unless one is being answered: an answer may need the one before. */
  #pump() {
    const next = this.turns.find(({ state }) => state === "waiting");
    if (next && !this.current) this.#submit(next);
  }

  #submit(turn) {
    if (!this.#send(frames.ask(turn, this.#locale()))) return;
    turn.state = "sent";
    this.#onTurn(turn);
    const tries = (this.#tries.get(turn.id) ?? 0) + 1;
    this.#tries.set(turn.id, tries);
    this.#watch(turn, ACCEPT_MS, () => {
      if (tries < ACCEPT_TRIES) this.#submit(turn);
      else this.#refused(turn, { code: "no_answer", retryable: true });
    });
  }

  #watch(turn, delay, action) {
    clearTimeout(this.#timers.get(turn.id));
    this.#timers.set(turn.id, setTimeout(action, delay));
  }

  #clear(turn) {
    for (const timers of [this.#timers, this.#stops]) {
      clearTimeout(timers.get(turn.id));
      timers.delete(turn.id);
    }
    this.#tries.delete(turn.id);
    this.#resumed.delete(turn.id);
    this.#resuming.delete(turn.id);
  }
}

function detach(turn) {
  if (turn.state === "sent") turn.state = "waiting";
  if (turn.state === "live") turn.detached = true;
}
