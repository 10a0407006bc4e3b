/** Golden transcripts: seen whole, or cut at every line and resumed, they fold to one turn, and to what Python makes of them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { Joiner } from "../../../web/js/fragments.js";
import { readFrame } from "../../../web/js/frames.js";
import { fold, hasGap, newTurn } from "../../../web/js/turns.js";

const FOLDER = new URL("../../transcripts/", import.meta.url);
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl")).map((name) => name.slice(0, -6));

/** Lines off the wire -> frames, the large ones joined. */
function unpack(lines) {
  const joiner = new Joiner();
  return lines
    .map(readFrame)
    .map((frame) => (frame.type === "fragment" ? readFrame(joiner.add(frame)) : frame))
    .filter(Boolean);
}

const isDelta = ({ type }) => type === "text" || type === "reasoning";
const sameRun = (one, other) => ["type", "part", "step"].every((name) => one[name] === other[name]);

/** What a server sends to a cursor: what follows it, up to `most` deltas of a part in one frame. */
function replay(journal, after, most) {
  const found = [];
  let count = 0;
  for (const frame of journal.filter(({ seq }) => seq > after)) {
    const last = found.at(-1);
    if (last && count < most && isDelta(frame) && sameRun(frame, last)) {
      count += 1;
      found[found.length - 1] = { ...frame, from: last.from ?? last.seq, content: last.content + frame.content };
    } else {
      count = 1;
      found.push(frame);
    }
  }
  const [{ session, turn }] = journal;
  return [{ type: "resumed", session, turn, state: "running", from: after + 1, to: journal.at(-1).seq }, ...found];
}

/** The numbered frames, without the last `unwritten` before each reset, which died with their worker. */
function journalOf(frames, unwritten) {
  const journal = [];
  for (const frame of frames) {
    if (frame.type === "reset" && unwritten) journal.length -= unwritten;
    if (Number.isInteger(frame.seq)) journal.push(frame);
  }
  return journal;
}

/** A turn as one message, in the form of the expected one; sources are kept apart on the page. */
function messageOf(turn) {
  const parts = turn.parts.map(({ kind, id, step, text, name, args, state, output }) =>
    kind === "tool" ? { type: kind, call: id, step, name, args, status: state, output } : { type: kind, part: id, step, text },
  );
  const { finish, reason, model, citations, usage, timings } = turn.complete ?? {};
  const ending = { finish, reason, model, citations, usage, timings, error: turn.error ?? undefined };
  return { id: turn.id, parts, sources: turn.sources.map(({ step, ...doc }) => doc), trace: turn.trace, ...ending };
}

function expected({ id, parts, metadata }) {
  const said = parts.filter(({ type }) => type !== "source").map((part) => {
    const { error, ...rest } = part;
    return part.type === "tool" ? { ...rest, output: rest.output ?? error?.message ?? null } : part;
  });
  const { trace, finish, reason, model, citations, usage, timings, error } = metadata;
  const sources = parts.flatMap((part) => part.docs ?? []);
  return { id, parts: said, sources, trace, finish, reason, model, citations, usage, timings, error };
}

for (const name of NAMES) {
  const lines = readFileSync(new URL(`${name}.jsonl`, FOLDER), "utf8").trimEnd().split("\n");
  const { session, turn: id } = JSON.parse(lines[0]);
  const start = () => newTurn({ id, session, message: "m-1", question: "?", language: "en" });
  const play = (turn, frames) => frames.forEach((frame) => fold(turn, frame));

  test(`${name}: whole, as Python folds it`, () => {
    const turn = start();
    play(turn, unpack(lines));
    assert.deepEqual(messageOf(turn), expected(JSON.parse(readFileSync(new URL(`${name}.message.json`, FOLDER), "utf8"))));
  });

  test(`${name}: cut at every line and resumed`, () => {
    const whole = start();
    play(whole, unpack(lines));
    for (const most of [1, 2, 1000]) {
      for (const unwritten of [0, 2]) {
        const journal = journalOf(unpack(lines), unwritten);
        for (let cut = 0; cut <= lines.length; cut += 1) {
          const turn = start();
          play(turn, unpack(lines.slice(0, cut)));
          // The page may be loaded anew in between.
          const stored = JSON.parse(JSON.stringify(turn));
          play(stored, replay(journal, stored.seq, most));
          assert.ok(!hasGap(stored));
          assert.deepEqual(messageOf(stored), messageOf(whole), `cut at ${cut}, up to ${most} merged`);
        }
      }
    }
  });
}
