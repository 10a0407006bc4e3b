import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress, readToken } from "../../../web/js/config.js";
import { pause, renewal } from "../../../web/js/connection.js";
import { Joiner } from "../../../web/js/fragments.js";
import { newId, readFrame } from "../../../web/js/frames.js";
import { mend, plainRenderer } from "../../../web/js/markdown.js";
import { duration, languageOf, TABLES } from "../../../web/js/strings.js";
import { expiry, scopes } from "../../../web/js/token.js";

test("pauses double up to half a minute, half of each left to chance", () => {
  assert.deepEqual([1, 2, 3, 8, 80].map((failures) => pause(failures, () => 1)), [500, 1000, 2000, 30_000, 30_000]);
  assert.deepEqual([1, 8].map((failures) => pause(failures, () => 0)), [250, 15_000]);
});

test("ids are 32 hexadecimal digits, and all different", () => {
  const ids = Array.from({ length: 100 }, newId);
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
  assert.equal(new Set(ids).size, 100);
});

test("what is read off the wire is a frame, the gateway's error, or nothing", () => {
  assert.deepEqual(readFrame('{"type":"pong"}'), { type: "pong" });
  assert.deepEqual(readFrame('{"message":"Forbidden","requestId":"r"}'), {
    type: "gateway",
    message: "Forbidden",
    requestId: "r",
  });
  for (const broken of ["", "{", "null", "[]", '"text"', "3", '{"type":3}', "{}"]) assert.equal(readFrame(broken), null);
});

const jwt = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

test("a JWT says when it runs out", () => {
  assert.equal(expiry(jwt({ exp: 1_800_000_000, sub: "你>>>???" })), 1_800_000_000_000);
  for (const none of ["", "opaque", "a.b.c", jwt({}), jwt({ exp: "soon" }), jwt(null)]) assert.equal(expiry(none), null);
});

test("a JWT says what its bearer may do", () => {
  assert.deepEqual([...scopes(jwt({ scope: "documents:read  audit:read", sub: "李雷" }))], ["documents:read", "audit:read"]);
  for (const none of ["", "opaque", "a.b.c", jwt({}), jwt({ scope: 3 }), jwt({ scope: "" })]) assert.equal(scopes(none).size, 0);
});

test("a token is replaced a minute before it runs out, or half-way", () => {
  assert.deepEqual([3_600_000, 90_000, 10_000, 2 ** 40].map(renewal), [3_540_000, 45_000, 5_000, 2 ** 31 - 1]);
});

test("fragments are joined in any order, among each other, and any of them twice", () => {
  const joiner = new Joiner();
  const piece = (id, index, count, data) => joiner.add({ type: "fragment", id, index, count, data });
  assert.equal(piece("f1", 2, 3, "。"), null);
  assert.equal(piece("f2", 0, 2, "年"), null);
  assert.equal(piece("f1", 0, 3, "退"), null);
  assert.equal(piece("f1", 0, 3, "退"), null);
  assert.equal(piece("f1", 1, 3, "款"), "退款。");
  assert.equal(piece("f2", 1, 2, "假"), "年假");
  for (const [index, count] of [[-1, 2], [2, 2], [0, 0], [0, 1025], [0.5, 2], ["0", 2]]) {
    assert.equal(piece("f3", index, count, "x"), null);
  }
  assert.equal(joiner.add({ type: "fragment" }), null);
});

test("fragments that are never finished do not fill the memory", () => {
  const joiner = new Joiner();
  const big = "x".repeat(4 * 2 ** 20);
  for (let n = 0; n < 100; n += 1) joiner.add({ id: `f${n}`, index: 0, count: 2, data: big });
  assert.equal(joiner.add({ id: "f0", index: 1, count: 2, data: "end" }), null);
  assert.equal(joiner.add({ id: "f99", index: 1, count: 2, data: "end" }), `${big}end`);
  for (let n = 0; n < 65; n += 1) joiner.add({ id: `g${n}`, index: 0, count: 2, data: "a" });
  assert.equal(joiner.add({ id: "g0", index: 1, count: 2, data: "b" }), null);
  assert.equal(joiner.add({ id: "g64", index: 1, count: 2, data: "b" }), "ab");
});

test("an address is wss, or ws on this computer", () => {
  assert.equal(readAddress("wss://example.com/v1"), "wss://example.com/v1");
  assert.equal(readAddress("ws://127.0.0.1:8080/v1#x"), "ws://127.0.0.1:8080/v1");
  assert.equal(readAddress("ws://[::1]:8080/"), "ws://[::1]:8080/");
  for (const bad of ["", "example.com", "http://example.com", "ws://example.com/v1", "javascript:alert(1)"]) {
    assert.equal(readAddress(bad), null);
  }
});

test("a token travels in the name of a subprotocol", () => {
  assert.equal(readToken(" eyJh.eyJz.s-_g \n"), "eyJh.eyJz.s-_g");
  for (const bad of ["", "two words", "a,b", 'a"b', "令牌"]) assert.equal(readToken(bad), null);
});

test("half-arrived Markdown is closed", () => {
  const cases = {
    "": "",
    "plain": "plain",
    "it is **bo": "it is **bo**",
    "it is **bold*": "it is **bold**",
    "it is **bold ": "it is **bold**",
    "it is **b": "it is **b**",
    "**one** and **two\nthree ": "**one** and **two\nthree**",
    "it is 2 ** 3": "it is 2 ** 3",
    "it is **": "it is ",
    "it is **bold**": "it is **bold**",
    "run `npm": "run `npm`",
    "run `": "run ",
    "`**` and **b": "`**` and **b**",
    "days [": "days ",
    "days [1": "days ",
    "days [1]": "days [1]",
    "see [the pa": "see the pa",
    "see [the page](https://exa": "see the page",
    "see ![a map](https://exa": "see a map",
    "see [the page](https://example.com)": "see [the page](https://example.com)",
    "A title\n-": "A title\n",
    "A title\n---": "A title\n",
    "- one\n- ": "- one\n",
    "1. one\n2.": "1. one\n",
    "**done\n\nnext **bo": "**done\n\nnext **bo**",
    "```py\nx = **2": "```py\nx = **2",
    "```py\nx\n```\n\n**b": "```py\nx\n```\n\n**b**",
  };
  for (const [text, mended] of Object.entries(cases)) assert.equal(mend(text), mended, JSON.stringify(text));
});

test("mending a whole text leaves it alone, wherever it was cut before", () => {
  const text = "Within **5 days** [1], see `refunds` and [the page](https://example.com).\n\n- one\n- two [2]";
  assert.equal(mend(text), text);
});

test("plain text is split into paragraphs that join to the whole", () => {
  for (const text of ["", "one", "one\n\ntwo", "one\ntwo\n\n\n\nthree\n", "\n\none"]) {
    assert.equal(plainRenderer.split(text).map(({ raw }) => raw).join(""), text);
  }
  assert.deepEqual(plainRenderer.split("one\n\n\ntwo").map(({ raw }) => raw), ["one\n\n\n", "two"]);
});

test("both languages say the same things, with the same blanks", () => {
  assert.deepEqual(Object.keys(TABLES.zh), Object.keys(TABLES.en));
  for (const [key, text] of Object.entries(TABLES.en)) {
    assert.equal(typeof TABLES.zh[key], typeof text, key);
    assert.equal(TABLES.zh[key].length > 0, true, key);
  }
});

test("every error code the server has is put in words", async () => {
  const { readFileSync } = await import("node:fs");
  const source = readFileSync(new URL("../../../shared/thinkaloud/client_codes.py", import.meta.url), "utf8");
  const codes = [...source.matchAll(/: \("([a-z_]+)", (?:True|False)\)/g)].map(([, code]) => code);
  assert.ok(codes.length > 10);
  for (const code of codes) assert.ok(`error_${code}` in TABLES.en, code);
});

test("durations are read easily", () => {
  assert.deepEqual([0.0042, 0.021, 0.9996, 1, 61.25].map(duration), ["4 ms", "21 ms", "1.0 s", "1.0 s", "61.3 s"]);
});

test("an answer is set in the language of its question", () => {
  assert.equal(languageOf("How long?"), "en");
  assert.equal(languageOf("年假 quota?"), "zh-CN");
});
