/**
 * A turn (one question and its answer) folded from the frames that arrive for it. Pure, and plain data throughout,
 * so that a turn can be stored as JSON. `busy` (how often another answer kept it waiting), `detached` (its connection is
 * gone), `stopping` (the reader asked for the end) and `remark` (a key of strings.js) are the conversation's notes on it.
 *
 * Numbered frames are applied strictly in the order of `seq`, whatever order they come in: what was seen is dropped,
 * what is early is held. A replayed range that was partly seen cannot be cut, since nothing says which of its characters
 * had which number: it is dropped, and the rest has to be asked for. A frame of an unknown type changes nothing, but its
 * number counts.
 *
 *     waiting -> sent -> live -> done | failed | interrupted
 */

/** Frames that may wait behind a hole; what is dropped beyond that comes again with the replay that fills the hole. */
const MOST_HELD = 2000;
const OVER = new Set(["done", "failed", "interrupted"]);

/** A turn that is still to be sent. `language` is the BCP 47 tag of the question; `replaces` the turn it asks again. */
export function newTurn({ id, session, message, question, language, replaces = null }) {
  return {
    id,
    session,
    message,
    question,
    language,
    replaces,
    state: "waiting",
    seq: 0,
    held: [],
    torn: false,
    missing: false,
    heartbeat: null,
    busy: 0,
    detached: false,
    stopping: false,
    remark: null,
    trace: null,
    phases: [],
    sources: [],
    parts: [],
    complete: null,
    error: null,
  };
}

/** Nothing more will come for this turn. */
export const isOver = (turn) => OVER.has(turn.state);

/** Frames are missing between what was applied and what is held. */
export const hasGap = (turn) => turn.held.length > 0;

/**
 * Apply `frame` to `turn`, and whatever was held behind it.
 *
 * Returns "applied", "duplicate" (seen before), "held" (something before it is missing) or "torn" (a range was partly
 * seen: only a replay from `turn.seq` helps).
 */
export function fold(turn, frame) {
  if (!Number.isInteger(frame.seq)) {
    apply(turn, frame);
    return "applied";
  }
  if (frame.seq <= turn.seq) return "duplicate";
  // Only a reset may jump ahead: a dead worker may have used up the numbers in between. What survives it may lack, though.
  if (frame.type === "reset") {
    if (frame.step > 0 && (turn.torn || turn.held.some((other) => firstNumber(other) < frame.seq))) return tear(turn);
  } else if (firstNumber(frame) !== turn.seq + 1) {
    if (firstNumber(frame) <= turn.seq) return tear(turn);
    hold(turn, frame);
    return "held";
  }
  for (let next = frame; next; next = turn.held.find((other) => firstNumber(other) === turn.seq + 1)) advance(turn, next);
  const torn = turn.held.length;
  turn.held = turn.held.filter((other) => firstNumber(other) > turn.seq);
  return torn === turn.held.length ? "applied" : tear(turn);
}

/** Something that counts lacks, and nothing that comes will bring it: until the next replay. */
function tear(turn) {
  turn.torn = true;
  return "torn";
}

/** Give up on what is missing: apply what is held as it stands, and remember that there is a hole. */
export function closeGap(turn) {
  if (!hasGap(turn)) return;
  turn.missing = true;
  for (const frame of turn.held.splice(0)) {
    if (firstNumber(frame) > turn.seq) advance(turn, frame);
  }
}

/** The turn ends here without a word from the server. `code` as in an `error` frame. */
export function giveUp(turn, state, code, retryable = true) {
  turn.state = state;
  turn.error = { code, retryable };
}

/** The whole answer as the model wrote it, in Markdown. */
export const answerText = (turn) =>
  turn.parts
    .filter((part) => part.kind === "text")
    .map((part) => part.text)
    .join("\n\n");

/** The document `[number]` in the text points to, or undefined. */
export const sourceOf = (turn, number) => turn.sources.find((doc) => String(doc.id) === String(number));

/** A replayed text may cover a range of numbers: `from` its first, `seq` its last. */
const firstNumber = ({ from, seq }) => (Number.isInteger(from) && from > 0 && from <= seq ? from : seq);

/** Keep `frame` for later, in order; of two that begin alike, the longer. */
function hold(turn, frame) {
  const first = firstNumber(frame);
  const known = turn.held.findIndex((other) => firstNumber(other) === first);
  if (known < 0) turn.held.push(frame);
  else if (turn.held[known].seq < frame.seq) turn.held[known] = frame;
  turn.held.sort((a, b) => firstNumber(a) - firstNumber(b));
  turn.held.length = Math.min(turn.held.length, MOST_HELD);
}

function advance(turn, frame) {
  turn.seq = frame.seq;
  turn.held = turn.held.filter((other) => other.seq > frame.seq);
  apply(turn, frame);
}

function apply(turn, frame) {
  if (typeof frame.trace === "string") turn.trace = frame.trace;
  // A frame may overtake the `accepted` that announces its turn: they come from two functions.
  // And what was given up may come after all.
  if (["waiting", "sent", "interrupted"].includes(turn.state)) {
    turn.state = "live";
    turn.error = null;
  }
  turn.detached = false;
  APPLY[frame.type]?.(turn, frame);
}

const APPLY = {
  __proto__: null,

  accepted(turn, { heartbeat }) {
    if (heartbeat > 0) turn.heartbeat = heartbeat;
  },

  resumed(turn) {
    turn.torn = false;
  },

  status(turn, { id, phase, state, label, latency }) {
    const known = turn.phases.find((other) => other.id === id);
    if (known) Object.assign(known, { state, label: label ?? known.label, latency });
    else turn.phases.push({ id, phase, state, label, latency });
  },

  source(turn, { docs }) {
    // Found after which model call, so that a reset knows whether they still count.
    const step = Math.max(0, ...turn.parts.map((part) => part.step));
    for (const doc of docs ?? []) {
      if (!sourceOf(turn, doc.id)) turn.sources.push({ ...doc, step });
    }
  },

  text: (turn, frame) => append(turn, "text", frame),
  reasoning: (turn, frame) => append(turn, "reasoning", frame),

  tool_call(turn, { call, step, name, args }) {
    turn.parts.push({ kind: "tool", id: call, step, name, args, state: "running", output: null });
  },

  tool_result(turn, { call, status, output, error }) {
    const part = turn.parts.find((other) => other.kind === "tool" && other.id === call);
    if (part) Object.assign(part, { state: status, output: output ?? error?.message ?? null });
  },

  reset(turn, { step }) {
    turn.parts = turn.parts.filter((part) => part.step < step);
    turn.sources = turn.sources.filter((doc) => doc.step < step);
    turn.phases = turn.phases.filter((phase) => phase.state !== "start");
  },

  complete(turn, { finish, reason, covered, model, citations, usage, cost, timings }) {
    turn.state = "done";
    // The end of an answer ends the phase that wrote it; a stop cuts it short.
    for (const phase of finish === "stopped" ? [] : turn.phases) {
      if (phase.state === "start") Object.assign(phase, { state: "end", latency: timings?.[phase.phase] });
    }
    turn.complete = { finish, reason, covered, model, citations: citations ?? [], usage, cost, timings };
  },

  error(turn, { code, message, retryable }) {
    turn.state = "failed";
    turn.error = { code, message, retryable };
  },
};

function append(turn, kind, { part: id, step, content = "" }) {
  const known = turn.parts.find((part) => part.kind === kind && part.id === id);
  if (known) known.text += content;
  else turn.parts.push({ kind, id, step, text: content });
}
