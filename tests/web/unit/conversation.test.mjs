import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Conversation } from "../../../web/js/conversation.js";

/** A conversation with a wire that can be cut: `sent` holds what left. */
function start(stored = null) {
  const world = { open: true, sent: [], stale: 0, saved: null };
  world.conversation = new Conversation({
    send(frame) {
      if (world.open) world.sent.push(frame);
      return world.open;
    },
    onTurn() {},
    onList() {},
    onStale: () => (world.stale += 1),
    store: { load: () => stored, save: (state) => (world.saved = JSON.parse(JSON.stringify(state))) },
    locale: () => "en",
  });
  return world;
}

const actions = ({ sent }) => sent.map(({ action }) => action);
const frame = (turn, type, seq, more = {}) => ({ type, session: turn.session, turn: turn.id, seq, ...more });
const accepted = (turn) => ({ type: "accepted", re: turn.id, session: turn.session, turn: turn.id, heartbeat: 10 });

function asked(question = "Why?") {
  const world = start();
  world.conversation.ask(question, "en");
  [world.turn] = world.conversation.turns;
  return world;
}

function answering() {
  const world = asked();
  world.conversation.receive(accepted(world.turn));
  world.conversation.receive(frame(world.turn, "text", 1, { part: "answer", step: 1, content: "Be" }));
  return world;
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a question leaves with ids the server takes", () => {
  const { sent, conversation } = asked();
  const [ask] = sent;
  for (const id of [ask.id, ask.session, ask.turn, ask.message.id]) assert.match(id, /^[A-Za-z0-9_-]{8,64}$/);
  assert.equal(ask.id, ask.turn);
  assert.equal(ask.message.text, "Why?");
  assert.equal(ask.locale, "en");
  assert.ok(!("replaces" in ask));
  assert.equal(conversation.current.state, "sent");
});

test("one question at a time: the next leaves when the answer is complete", () => {
  const world = answering();
  world.conversation.ask("And then?", "en");
  assert.deepEqual(actions(world), ["ask"]);
  world.conversation.receive(frame(world.turn, "complete", 2, { finish: "stop" }));
  assert.deepEqual(actions(world), ["ask", "ask"]);
});

test("a question asked offline leaves once connected, under one id", () => {
  const world = start();
  world.open = false;
  world.conversation.ask("Why?", "en");
  assert.equal(world.conversation.turns[0].state, "waiting");
  world.open = true;
  world.conversation.opened();
  world.conversation.closed();
  assert.equal(world.conversation.turns[0].state, "waiting");
  world.conversation.opened();
  assert.deepEqual(actions(world), ["ask", "ask"]);
  assert.equal(world.sent[0].turn, world.sent[1].turn);
});

test("a question that nobody answers is sent again under its id, then given up", () => {
  const world = asked();
  mock.timers.tick(12_000);
  mock.timers.tick(12_000);
  assert.deepEqual(new Set(world.sent.map(({ turn }) => turn)).size, 1);
  assert.equal(world.sent.length, 3);
  mock.timers.tick(12_000);
  assert.equal(world.turn.error.code, "no_answer");
  const again = world.conversation.retry(world.turn);
  assert.equal(again.id, world.turn.id);
});

test("after a lost connection the rest is asked for, after the last number seen", () => {
  const world = answering();
  world.conversation.closed();
  assert.ok(world.turn.detached);
  world.conversation.opened();
  assert.deepEqual(world.sent.at(-1), {
    action: "resume",
    id: `resume-${world.turn.id}`,
    session: world.turn.session,
    turn: world.turn.id,
    after: 1,
  });
  world.conversation.receive({ type: "resumed", turn: world.turn.id, state: "done", from: 2, to: 3 });
  world.conversation.receive(frame(world.turn, "text", 2, { part: "answer", step: 1, content: "cause." }));
  world.conversation.receive(frame(world.turn, "complete", 3, { finish: "stop" }));
  assert.equal(world.turn.state, "done");
  assert.equal(world.turn.parts[0].text, "Because.");
});

for (const [name, reply] of [
  ["does not know `resume`", (turn) => ({ type: "error", re: `resume-${turn.id}`, code: "unknown_action", message: "" })],
  ["does not know the turn", (turn) => ({ type: "resumed", turn: turn.id, state: "none" })],
]) {
  test(`an answer is interrupted where the server ${name}`, () => {
    const world = answering();
    world.conversation.closed();
    world.conversation.opened();
    world.conversation.receive(reply(world.turn));
    assert.equal(world.turn.state, "interrupted");
    assert.ok(world.turn.error.retryable);
    const again = world.conversation.retry(world.turn);
    assert.notEqual(again.id, world.turn.id);
    assert.equal(world.sent.at(-2).action, "stop");
    assert.equal(world.sent.at(-2).turn, world.turn.id);
    assert.equal(world.sent.at(-1).replaces, world.turn.id);
    assert.equal(world.sent.at(-1).message.text, "Why?");
  });
}

const heartbeat = (turn) => ({ type: "heartbeat", session: turn.session, turn: turn.id });
const resumed = (turn, state = "running") => ({
  type: "resumed", re: `resume-${turn.id}`, session: turn.session, turn: turn.id, state, from: turn.seq + 1, to: 0,
});

test("a silence longer than a heartbeat is asked about, and after two the connection is given up", () => {
  const world = answering();
  mock.timers.tick(11_500);
  world.conversation.receive(heartbeat(world.turn));
  mock.timers.tick(11_500);
  assert.deepEqual(actions(world), ["ask"]);
  mock.timers.tick(500);
  assert.deepEqual(actions(world), ["ask", "resume"]);
  mock.timers.tick(8_000);
  assert.equal(world.stale, 1);
  assert.equal(world.turn.state, "live");
});

test("an answer that is resumed again and again without a new frame is interrupted", () => {
  const world = answering();
  for (let round = 0; round < 6; round += 1) {
    world.conversation.closed();
    world.conversation.opened();
    world.conversation.receive(resumed(world.turn));
    mock.timers.tick(11_000);
  }
  assert.equal(actions(world).filter((action) => action === "resume").length, 6);
  mock.timers.tick(1_000);
  assert.equal(world.turn.state, "interrupted");
});

test("an answer that is still to begin is waited for as long as the server says so", () => {
  const world = answering();
  for (let round = 0; round < 40; round += 1) {
    mock.timers.tick(12_000);
    assert.equal(world.sent.at(-1).action, "resume");
    world.conversation.receive(resumed(world.turn, "pending"));
  }
  assert.equal(world.turn.state, "live");
});

test("a range that was partly seen is asked for at once, from the cursor", () => {
  const world = answering();
  const range = (seq, from, content) => frame(world.turn, "text", seq, { from, part: "answer", step: 1, content });
  world.conversation.receive(range(3, 1, "Because"));
  assert.deepEqual(actions(world), ["ask", "resume"]);
  assert.equal(world.sent.at(-1).after, 1);
  world.conversation.receive(range(3, 1, "Because"));
  assert.deepEqual(actions(world), ["ask", "resume"]);
  world.conversation.receive(resumed(world.turn));
  world.conversation.receive(range(3, 2, "cause"));
  assert.equal(world.turn.parts[0].text, "Because");
});

test("a question that left twice is joined where it stands", () => {
  const world = asked();
  world.conversation.closed();
  world.conversation.opened();
  world.conversation.receive(accepted(world.turn));
  assert.deepEqual(actions(world), ["ask", "ask", "resume"]);
  assert.equal(world.sent.at(-1).after, 0);
});

test("a question on its way moves to the connection that takes over", () => {
  const world = asked();
  world.conversation.opened();
  assert.deepEqual(actions(world), ["ask", "ask"]);
  assert.equal(world.sent[0].turn, world.sent[1].turn);
});

test("a resume that is refused for now is tried again, and one with an old token over a new connection", () => {
  const world = answering();
  mock.timers.tick(12_000);
  const refusal = { type: "error", re: `resume-${world.turn.id}`, message: "" };
  world.conversation.receive({ ...refusal, code: "throttled", retryable: true });
  assert.equal(world.turn.state, "live");
  mock.timers.tick(2_000);
  assert.deepEqual(actions(world), ["ask", "resume", "resume"]);
  world.conversation.receive({ ...refusal, code: "unauthorized", retryable: false });
  assert.equal(world.stale, 1);
  world.conversation.closed();
  world.conversation.opened();
  world.conversation.receive({ ...refusal, code: "forbidden", retryable: false });
  assert.equal(world.turn.state, "interrupted");
});

test("a hole is asked about, and closed where the server cannot fill it", () => {
  const world = answering();
  world.conversation.receive(frame(world.turn, "text", 3, { part: "answer", step: 1, content: "use." }));
  assert.equal(world.turn.parts[0].text, "Be");
  mock.timers.tick(1_500);
  assert.equal(world.sent.at(-1).action, "resume");
  world.conversation.receive({ type: "error", re: `resume-${world.turn.id}`, code: "unknown_action", message: "" });
  assert.equal(world.turn.parts[0].text, "Beuse.");
  assert.ok(world.turn.missing);
  assert.equal(world.turn.state, "live");
  mock.timers.tick(22_000);
  assert.equal(world.turn.state, "interrupted");
});

test("a hole is asked about in time though the answer goes on behind it", () => {
  const world = answering();
  for (let seq = 3; seq < 30; seq += 1) {
    world.conversation.receive(frame(world.turn, "text", seq, { part: "answer", step: 1, content: "." }));
    mock.timers.tick(100);
  }
  assert.deepEqual(actions(world), ["ask", "resume"]);
  world.conversation.receive(frame(world.turn, "text", 2, { part: "answer", step: 1, content: "cause" }));
  assert.equal(world.turn.parts[0].text, `Because${".".repeat(27)}`);
  mock.timers.tick(10_000);
  assert.equal(world.turn.state, "live");
});

test("an answer that was interrupted goes on where its frames come after all, and only in order", () => {
  const world = answering();
  world.conversation.closed();
  world.conversation.opened();
  world.conversation.receive({ type: "error", re: `resume-${world.turn.id}`, code: "unknown_action", message: "" });
  world.conversation.receive(frame(world.turn, "text", 3, { part: "answer", step: 1, content: "!" }));
  assert.equal(world.turn.state, "interrupted");
  world.conversation.receive(frame(world.turn, "text", 2, { part: "answer", step: 1, content: "cause" }));
  assert.equal(world.turn.state, "live");
  assert.equal(world.turn.parts[0].text, "Because!");
});

test("nothing changes an answer that has ended", () => {
  const world = answering();
  world.conversation.receive(frame(world.turn, "complete", 2, { finish: "stop" }));
  const before = structuredClone(world.turn);
  world.conversation.receive(accepted(world.turn));
  world.conversation.receive(frame(world.turn, "text", 3, { part: "answer", step: 1, content: "more" }));
  assert.deepEqual(world.turn, before);
});

test("stop is sent once, and again after a reconnection", () => {
  const world = answering();
  world.conversation.stop();
  world.conversation.stop();
  assert.deepEqual(actions(world), ["ask", "stop"]);
  world.conversation.closed();
  world.conversation.opened();
  assert.deepEqual(actions(world), ["ask", "stop", "stop", "resume"]);
  world.conversation.receive(frame(world.turn, "complete", 2, { finish: "stopped", reason: "user" }));
  assert.equal(world.turn.state, "done");
  assert.ok(!world.turn.stopping);
});

test("a stop is sent again until the server has heard it", () => {
  const world = answering();
  world.conversation.stop();
  mock.timers.tick(4_000);
  world.conversation.receive({ type: "error", re: `stop-${world.turn.id}`, code: "throttled", retryable: true });
  mock.timers.tick(4_000);
  assert.deepEqual(actions(world), ["ask", "stop", "stop", "stop"]);
  world.conversation.receive({ type: "notice", re: `stop-${world.turn.id}`, code: "stopping", message: "" });
  world.conversation.receive({ type: "heartbeat", turn: world.turn.id });
  mock.timers.tick(4_000);
  assert.deepEqual(actions(world), ["ask", "stop", "stop", "stop"]);
  assert.ok(world.turn.stopping);
});

for (const code of ["already_ended", "unknown_turn"]) {
  test(`the end of a turn that the server calls ${code} is asked for`, () => {
    const world = answering();
    world.conversation.stop();
    world.conversation.receive({ type: "notice", re: `stop-${world.turn.id}`, code, message: "" });
    assert.deepEqual(actions(world), ["ask", "stop", "resume"]);
  });
}

test("a stop that overtakes its question waits for it", () => {
  const world = asked();
  world.conversation.stop();
  world.conversation.receive({ type: "notice", re: `stop-${world.turn.id}`, code: "unknown_turn", message: "" });
  assert.deepEqual(actions(world), ["ask", "stop"]);
});

test("a server that cannot stop leaves the answer running", () => {
  const world = answering();
  world.conversation.stop();
  world.conversation.receive({ type: "error", re: `stop-${world.turn.id}`, code: "unknown_action", message: "" });
  assert.equal(world.turn.state, "live");
  assert.equal(world.turn.remark, "stop_impossible");
  assert.ok(!world.turn.stopping);
});

test("stop takes back a question that has not left", () => {
  const world = start();
  world.open = false;
  world.conversation.ask("Why?", "en");
  assert.equal(world.conversation.stop(), "Why?");
  assert.deepEqual(world.conversation.turns, []);
});

test("a busy conversation is asked again, under the same id, until it is free or a minute and a half have passed", () => {
  const world = asked();
  const busy = { type: "error", re: world.turn.id, code: "busy", message: "busy", retryable: true };
  for (let tries = 1; tries <= 90; tries++) {
    world.conversation.receive(busy);
    assert.equal(world.turn.state, "waiting");
    mock.timers.tick(1_000);
    assert.equal(world.sent.length, tries + 1);
  }
  assert.equal(new Set(world.sent.map(({ turn }) => turn)).size, 1);
  world.conversation.receive(busy);
  assert.equal(world.turn.error.code, "busy");
  mock.timers.tick(60_000);
  assert.equal(world.sent.length, 91);
});

test("no question passes one that waits for a busy conversation, and that one can be taken back", () => {
  const world = asked();
  const busy = { type: "error", re: world.turn.id, code: "busy", message: "busy", retryable: true };
  world.conversation.receive(busy);
  world.conversation.ask("And then?", "en");
  world.conversation.receive(busy);
  assert.deepEqual(world.sent.map(({ message }) => message.text), ["Why?", "Why?"]);
  world.conversation.remove(world.conversation.turns[1]);
  world.conversation.receive(busy);
  assert.equal(world.conversation.stop(), "Why?");
  mock.timers.tick(60_000);
  assert.equal(world.sent.length, 3);
});

test("a question that is stopped on its way to a busy conversation is not asked again", () => {
  const world = asked();
  world.conversation.stop();
  world.conversation.receive({ type: "error", re: world.turn.id, code: "busy", message: "busy", retryable: true });
  assert.equal(world.turn.error.code, "busy");
  mock.timers.tick(60_000);
  assert.deepEqual(actions(world), ["ask", "stop"]);
});

test("a refused question fails, and the same id is tried again", () => {
  const world = asked();
  world.conversation.receive({ type: "error", re: world.turn.id, code: "throttled", message: "", retryable: true });
  assert.equal(world.turn.state, "failed");
  assert.equal(world.conversation.retry(world.turn).id, world.turn.id);
  assert.deepEqual(actions(world), ["ask", "ask"]);
});

test("the gateway's own error fails the question that was on its way, and no other", () => {
  const world = answering();
  world.conversation.receive({ type: "gateway", message: "Internal server error" });
  assert.equal(world.turn.state, "live");
  const other = asked();
  other.conversation.receive({ type: "gateway", message: "Internal server error" });
  assert.deepEqual(other.turn.error, { code: "gateway", message: "Internal server error", retryable: true });
});

test("a refused ping is nobody's error", () => {
  const world = asked();
  world.conversation.receive({ type: "error", re: "ping", code: "internal", message: "", retryable: true });
  assert.equal(world.turn.state, "sent");
});

test("an error that names no question belongs to the one on its way", () => {
  const world = asked();
  world.conversation.receive({ type: "error", code: "too_large", message: "too large", retryable: false });
  assert.equal(world.turn.error.code, "too_large");
});

test("an expired token means a new connection, and the question again", () => {
  const world = asked();
  const expired = { type: "error", re: world.turn.id, code: "unauthorized", message: "expired", retryable: false };
  world.conversation.receive(expired);
  assert.equal(world.stale, 1);
  assert.equal(world.turn.state, "waiting");
  world.conversation.closed();
  world.conversation.opened();
  world.conversation.receive(expired);
  world.conversation.opened();
  world.conversation.receive(expired);
  assert.equal(world.stale, 2);
  assert.equal(world.turn.error.code, "unauthorized");
});

test("a reload keeps the conversation and asks for the rest of a live answer", () => {
  const before = answering();
  before.conversation.save();
  const after = start(before.saved);
  assert.equal(after.conversation.session, before.conversation.session);
  const [turn] = after.conversation.turns;
  assert.ok(turn.detached);
  after.conversation.opened();
  assert.equal(after.sent[0].action, "resume");
  assert.equal(after.sent[0].after, 1);
});

test("a new conversation has a new session and nothing of the old", () => {
  const world = answering();
  const { session } = world.conversation;
  world.conversation.renew();
  assert.notEqual(world.conversation.session, session);
  assert.deepEqual(world.conversation.turns, []);
  mock.timers.tick(120_000);
  world.conversation.receive(frame(world.turn, "text", 2, { part: "answer", content: "late" }));
  assert.deepEqual(actions(world), ["ask"]);
});

test("frames of nobody's turn, and frames of no turn, are ignored", () => {
  const world = answering();
  world.conversation.receive({ type: "text", turn: "someone-else", seq: 1, content: "x" });
  world.conversation.receive({ type: "pong" });
  world.conversation.receive({ type: "notice", message: "x" });
  assert.equal(world.turn.parts[0].text, "Be");
});
