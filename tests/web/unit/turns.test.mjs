import assert from "node:assert/strict";
import { test } from "node:test";

import { answerText, closeGap, fold, hasGap, isOver, newTurn, sourceOf } from "../../../web/js/turns.js";

const turn = () => newTurn({ id: "turn-001", session: "session-1", message: "message-1", question: "Why?", language: "en" });
const text = (seq, content, more = {}) => ({ type: "text", turn: "turn-001", seq, part: "answer", step: 1, content, ...more });
const play = (frames, into = turn()) => {
  for (const frame of frames) fold(into, frame);
  return into;
};

const WHOLE = [
  { type: "accepted", turn: "turn-001", trace: "abc", heartbeat: 10 },
  { type: "status", seq: 1, id: "retrieval", phase: "retrieval", state: "start", label: "Searching" },
  { type: "status", seq: 2, id: "retrieval", phase: "retrieval", state: "end", label: "Found 1 passage", latency: 0.02 },
  { type: "source", seq: 3, docs: [{ id: "1", title: "Refunds" }] },
  text(4, "Five "),
  text(5, "days [1]."),
  { type: "complete", seq: 6, finish: "stop", model: "m", citations: [{ source: "1" }], usage: {}, timings: {} },
];

test("an answer is folded from its frames", () => {
  const done = play(WHOLE);
  assert.equal(done.state, "done");
  assert.equal(answerText(done), "Five days [1].");
  assert.equal(sourceOf(done, 1).title, "Refunds");
  assert.deepEqual(done.phases, [
    { id: "retrieval", phase: "retrieval", state: "end", label: "Found 1 passage", latency: 0.02 },
  ]);
  assert.equal(done.trace, "abc");
  assert.equal(done.heartbeat, 10);
  assert.ok(isOver(done));
});

test("any order, and any frame twice, gives the same turn", () => {
  const expected = play(WHOLE);
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round += 1) {
    const frames = [...WHOLE, ...WHOLE.filter(() => random() < 0.3)].sort(() => random() - 0.5);
    const got = play(frames);
    assert.deepEqual(got, expected);
  }
});

test("what was seen before is a duplicate, what is early is held", () => {
  const going = turn();
  assert.equal(fold(going, text(1, "a")), "applied");
  assert.equal(fold(going, text(1, "a")), "duplicate");
  assert.equal(fold(going, text(3, "c")), "held");
  assert.equal(fold(going, text(3, "c")), "held");
  assert.ok(hasGap(going));
  assert.equal(answerText(going), "a");
  assert.equal(fold(going, text(2, "b")), "applied");
  assert.ok(!hasGap(going));
  assert.equal(answerText(going), "abc");
});

test("a frame of an unknown type changes nothing, but its number counts", () => {
  const going = play([text(1, "a"), { type: "applause", seq: 2 }, { type: "toString", seq: 3 }, text(4, "b")]);
  assert.equal(answerText(going), "ab");
  assert.equal(going.seq, 4);
});

test("a replayed text may cover a range", () => {
  const going = play([text(1, "a"), text(4, "bcd", { from: 2 }), text(3, "c"), text(5, "e")]);
  assert.equal(answerText(going), "abcde");
  assert.equal(going.seq, 5);
});

test("a range that was wholly seen is a duplicate, one that was partly seen is torn", () => {
  const going = play([text(1, "a"), text(2, "b")]);
  assert.equal(fold(going, text(2, "ab", { from: 1 })), "duplicate");
  assert.equal(fold(going, text(4, "bcd", { from: 2 })), "torn");
  assert.ok(!hasGap(going));
  assert.equal(answerText(going), "ab");
  assert.equal(fold(going, text(4, "cd", { from: 3 })), "applied");
  assert.equal(answerText(going), "abcd");
});

test("a range that waits may be torn by what fills the gap", () => {
  const going = play([text(6, "cdef", { from: 3 })]);
  assert.equal(fold(going, text(4, "abcd", { from: 1 })), "torn");
  assert.equal(answerText(going), "abcd");
  assert.ok(!hasGap(going));
});

test("of two ranges that wait and begin alike, the longer is taken", () => {
  const going = play([text(2, "b"), text(4, "bcd", { from: 2 }), text(3, "bc", { from: 2 }), text(1, "a")]);
  assert.equal(answerText(going), "abcd");
  assert.ok(!hasGap(going));
});

test("closing a gap applies no character twice", () => {
  const going = play([text(4, "bcd", { from: 2 }), text(6, "def", { from: 4 }), text(8, "h")]);
  closeGap(going);
  assert.equal(answerText(going), "bcdh");
});

test("reset drops the sources that were found after its step", () => {
  const found = (seq, id) => ({ type: "source", seq, docs: [{ id, title: id }] });
  const going = play([found(1, "1"), text(2, "a"), found(3, "2"), text(4, "b", { part: "b", step: 2 }), found(5, "3")]);
  fold(going, { type: "reset", seq: 9, step: 2 });
  assert.deepEqual(going.sources.map(({ id }) => id), ["1", "2"]);
  fold(going, { type: "reset", seq: 10, step: 0 });
  assert.deepEqual(going.sources, []);
});

test("what waits behind a gap is bounded, and the farthest goes first", () => {
  const going = turn();
  for (let seq = 2100; seq > 1; seq -= 1) fold(going, text(seq, "x"));
  fold(going, text(1, "x"));
  assert.equal(going.seq, 2001);
});

test("a gap that cannot be filled is closed, and remembered", () => {
  const going = play([text(1, "a"), text(3, "c"), text(5, "e")]);
  closeGap(going);
  assert.equal(answerText(going), "ace");
  assert.equal(going.seq, 5);
  assert.ok(going.missing);
  assert.equal(fold(going, text(2, "b")), "duplicate");
});

test("closing no gap says nothing", () => {
  const going = play([text(1, "a")]);
  closeGap(going);
  assert.ok(!going.missing);
});

test("reset may jump ahead, and drops the steps from its own on", () => {
  const going = play([
    text(1, "first", { part: "a", step: 1 }),
    { type: "tool_call", seq: 2, call: "c1", step: 1, name: "order", args: { id: 7 } },
    { type: "tool_result", seq: 3, call: "c1", status: "ok", output: { state: "sent" } },
    { type: "status", seq: 4, id: "g", phase: "generation", state: "start", label: "Writing" },
    text(5, "half an ans", { part: "b", step: 2 }),
    { type: "reset", seq: 40, step: 2 },
    text(41, "again", { part: "c", step: 2 }),
  ]);
  assert.equal(answerText(going), "first\n\nagain");
  assert.deepEqual(
    going.parts.map(({ kind, state }) => [kind, state]),
    [["text", undefined], ["tool", "ok"], ["text", undefined]],
  );
  assert.deepEqual(going.phases, []);
  assert.ok(!hasGap(going));
});

test("a reset of a part does not hide that something lacks of what survives it", () => {
  const going = play([text(1, "one ", { part: "a" }), text(2, "two ", { part: "a" })]);
  assert.equal(fold(going, { ...text(3, "two three ", { part: "a" }), from: 2 }), "torn");
  assert.equal(fold(going, { type: "source", seq: 4, docs: [{ id: "1", title: "Refunds" }] }), "held");
  assert.equal(fold(going, { type: "reset", seq: 40, step: 2 }), "torn");
  assert.equal(going.seq, 2);
  for (const frame of [
    { type: "resumed", state: "running", from: 3, to: 40 },
    text(3, "three", { part: "a" }),
    { type: "source", seq: 4, docs: [{ id: "1", title: "Refunds" }] },
    { type: "reset", seq: 40, step: 2 },
  ]) {
    fold(going, frame);
  }
  assert.deepEqual([going.seq, answerText(going), going.sources.length], [40, "one two three", 1]);
});

test("reasoning and text of one part id stay apart", () => {
  const going = play([text(1, "Hm", { type: "reasoning" }), text(2, "So")]);
  assert.deepEqual(going.parts.map(({ kind, text: said }) => [kind, said]), [["reasoning", "Hm"], ["text", "So"]]);
  assert.equal(answerText(going), "So");
});

test("an error in the sequence is final", () => {
  const failed = play([text(1, "a"), { type: "error", seq: 2, code: "model_busy", message: "later", retryable: true }]);
  assert.equal(failed.state, "failed");
  assert.deepEqual(failed.error, { code: "model_busy", message: "later", retryable: true });
});

test("a frame that overtakes `accepted` makes the turn live", () => {
  const going = turn();
  going.state = "sent";
  fold(going, text(1, "a"));
  assert.equal(going.state, "live");
});

test("an interrupted turn goes on when its frames come after all", () => {
  const going = play([text(1, "a")]);
  going.state = "interrupted";
  going.error = { code: "interrupted", retryable: true };
  play([text(2, "b"), { type: "complete", seq: 3, finish: "stop" }], going);
  assert.equal(going.state, "done");
  assert.equal(going.error, null);
});

test("a turn survives being stored as JSON in the middle", () => {
  const half = JSON.parse(JSON.stringify(play(WHOLE.slice(0, 5))));
  assert.deepEqual(play(WHOLE.slice(3), half), play(WHOLE));
});
