import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { ApiError } from "../../../web/js/api.js";
import { readHttpAddress } from "../../../web/js/config.js";
import { Documents, isPassing, progress } from "../../../web/js/documents.js";
import { fileSize, percent } from "../../../web/js/strings.js";

/** Documents over an API that does as `server` says, and uploads that end when a test ends them. */
function start(server = {}) {
  const world = { looks: 0, sending: [], outcomes: [], announced: [] };
  const document = (fields) => ({ status: "waiting", error: null, chunks: 0, progress: null, bytes: 4, ...fields });
  const announce = async (file) => {
    world.announced.push(file);
    return { document: document({ id: "d1", name: file.name ?? "a.md", bytes: file.bytes }), upload: { url: "https://bucket" } };
  };
  world.documents = new Documents({
    api: {
      list: async () => ({ documents: [], cursor: null }),
      document: async () => {
        world.looks += 1;
        return document({ id: "d1", name: "a.md", ...world.now });
      },
      create: announce,
      replace: (id, file) => announce({ id, ...file }),
      remove: async (id) => ({ document: document({ id, name: "a.md", status: "deleting" }) }),
      ...server,
    },
    send: (file, upload, { onProgress, signal }) =>
      new Promise((done, fail) => {
        signal.addEventListener("abort", () => fail(new ApiError("upload_stopped")));
        world.sending.push({ file, onProgress, done, fail });
      }),
    onChange: () => {},
    onOutcome: ({ name, status, error }) => world.outcomes.push([name, status, error?.code]),
  });
  world.now = {};
  return world;
}

const file = (name = "a.md", size = 4) => ({ name, size });

/** Let everything that has been promised happen. */
const settle = () => new Promise((done) => setImmediate(done));

async function uploaded(world) {
  world.documents.add([file()]);
  await settle();
  world.sending.at(-1).done();
  await settle();
  return world.documents.entries[0];
}

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a file is announced, sent, and looked after until it is ready", async () => {
  const world = start();
  world.documents.add([file()]);
  const [entry] = world.documents.entries;
  await settle();
  assert.deepEqual(world.announced, [{ name: "a.md", bytes: 4 }]);
  world.sending[0].onProgress(3);
  assert.deepEqual([entry.status, progress(entry)], ["uploading", { done: 3, total: 4 }]);
  world.sending[0].onProgress(300); // with the headers, in some browsers
  assert.deepEqual(progress(entry), { done: 4, total: 4 });
  world.sending[0].done();
  await settle();
  assert.deepEqual([entry.status, entry.arrived, entry.file], ["waiting", true, null]);
  world.now = { status: "reading", progress: { done: 1, total: 2 } };
  await pass(400);
  assert.deepEqual([entry.arrived, progress(entry)], [false, { done: 1, total: 2 }]);
  world.now = { status: "ready", chunks: 7 };
  await pass(400);
  assert.deepEqual([entry.chunks, progress(entry)], [7, null]);
  assert.deepEqual(world.outcomes, [["a.md", "ready", undefined]]);
  await pass(60_000);
  assert.equal(world.looks, 2);
});

test("looks become rarer while nothing changes, and frequent again once something does", async () => {
  const world = start();
  await uploaded(world);
  for (let elapsed = 0; elapsed < 60_000; elapsed += 100) await pass(100);
  assert.ok(world.looks > 12 && world.looks < 20, `${world.looks} looks in a minute`);
  world.now = { status: "reading", progress: { done: 1, total: 9 } };
  await pass(5_000);
  const before = world.looks;
  await pass(400);
  assert.equal(world.looks, before + 1);
});

test("a look that fails is repeated", async () => {
  let failures = 2;
  const world = start({
    document: async () => {
      if (failures-- > 0) throw new ApiError("unreachable");
      return { id: "d1", name: "a.md", status: "ready", chunks: 1 };
    },
  });
  const entry = await uploaded(world);
  for (let at = 0; at < 4; at += 1) await pass(2_000);
  assert.equal(entry.status, "ready");
});

test("two travel at a time, in the order in which they were given", async () => {
  const world = start();
  world.documents.add([file("1.md"), file("2.md"), file("3.md")]);
  await settle();
  assert.deepEqual(world.sending.map(({ file: sent }) => sent.name), ["1.md", "2.md"]);
  world.sending[0].fail(new ApiError("upload_broken"));
  await settle();
  assert.deepEqual(world.sending.map(({ file: sent }) => sent.name), ["1.md", "2.md", "3.md"]);
  assert.deepEqual(world.outcomes, [["1.md", "broken", "upload_broken"]]);
});

test("a file of the same name takes the place of one that is under way", async () => {
  const world = start();
  world.documents.add([file("a.md", 4)]);
  await settle();
  world.documents.add([file("a.md", 9)]);
  await settle();
  assert.equal(world.documents.entries.length, 1);
  const [entry] = world.documents.entries;
  assert.deepEqual([entry.status, entry.bytes], ["uploading", 9]);
  assert.deepEqual(world.announced.at(-1), { id: "d1", bytes: 9, metadata: {} });
  world.sending[0].onProgress(4); // the old one's last words
  assert.equal(entry.sent, 0);
  world.sending[1].done();
  await settle();
  assert.equal(entry.arrived, true);
  assert.deepEqual(world.outcomes, []);
});

test("an upload that is stopped can be taken up again; one that never began is forgotten", async () => {
  const world = start();
  world.documents.add([file("1.md"), file("2.md"), file("3.md")]);
  await settle();
  const third = world.documents.entries.find(({ name }) => name === "3.md");
  world.documents.stop(third);
  assert.ok(!world.documents.entries.includes(third));
  const first = world.documents.entries.find((entry) => entry.file === world.sending[0].file);
  world.documents.stop(first);
  await settle();
  assert.deepEqual([first.status, first.error.code], ["broken", "upload_stopped"]);
  world.documents.retry(first);
  await settle();
  assert.equal(first.status, "uploading");
});

test("a document that is deleted goes once the server says that it is gone", async () => {
  const world = start({
    document: async () => {
      throw new ApiError("not_found", 404);
    },
  });
  const entry = await uploaded(world);
  Object.assign(entry, { status: "ready", arrived: false });
  await world.documents.remove(entry);
  assert.equal(entry.status, "deleting");
  await pass(400);
  assert.deepEqual(world.documents.entries, []);
  assert.deepEqual(world.outcomes, [["a.md", "deleted", undefined]]);
});

test("a document that cannot be deleted stays, and says so", async () => {
  const world = start({
    remove: async () => {
      throw new ApiError("forbidden", 403);
    },
  });
  const entry = await uploaded(world);
  await world.documents.remove(entry);
  assert.equal(entry.problem.code, "forbidden");
  assert.deepEqual(world.documents.entries, [entry]);
});

test("the list is loaded around what is under way here", async () => {
  const listed = [{ id: "d1", name: "a.md", status: "ready" }, { id: "d2", name: "b.md", status: "ready" }];
  const world = start({ list: async () => ({ documents: listed, cursor: "next" }) });
  world.documents.add([file("a.md", 9), file("new.md")]);
  await settle();
  await world.documents.refresh();
  const shown = world.documents.entries.map(({ name, status }) => [name, status]);
  assert.deepEqual(shown.at(-1), ["b.md", "ready"]);
  assert.equal(shown.filter(([, status]) => status === "uploading").length, 2);
  assert.equal(world.documents.hasMore, true);
});

test("a file whose announcement overtakes the list is there once", async () => {
  let announced;
  const world = start({
    list: async () => ({ documents: [{ id: "d1", name: "a.md", status: "waiting" }], cursor: null }),
    create: () => new Promise((answer) => (announced = answer)),
  });
  world.documents.add([file()]);
  await world.documents.refresh();
  const [entry, ...others] = world.documents.entries;
  assert.deepEqual([entry.id, entry.status, others], ["d1", "uploading", []]);
  announced({ document: { id: "d1", name: "a.md", status: "waiting", bytes: 4 }, upload: {} });
  await settle();
  world.now = { status: "ready", chunks: 1 };
  world.sending[0].done();
  await settle();
  await pass(400);
  assert.equal(entry.status, "ready");
});

test("the list is in the order of names, what was brought from here before it", async () => {
  const listed = ["10.md", "b.md", "9.md", "a.md"].map((name) => ({ id: name, name, status: "ready" }));
  const world = start({ list: async () => ({ documents: listed, cursor: null }) });
  world.documents.add([file("z.md")]);
  await world.documents.refresh();
  assert.deepEqual(world.documents.entries.map(({ name }) => name), ["z.md", "9.md", "10.md", "a.md", "b.md"]);
});

test("a new version keeps what is said of the document, but for the hash of another file", async () => {
  const listed = [{ id: "d1", name: "a.md", status: "ready", metadata: { team: "support", sha256: "old" } }];
  const world = start({ list: async () => ({ documents: listed, cursor: null }) });
  await world.documents.refresh();
  world.documents.replace(world.documents.entries[0], file("whatever.md", 5));
  await settle();
  assert.deepEqual(world.announced, [{ id: "d1", bytes: 5, metadata: { team: "support" } }]);
});

test("an empty file is not even announced", async () => {
  const world = start();
  world.documents.add([file("a.md", 0)]);
  await settle();
  assert.deepEqual(world.announced, []);
  const [entry] = world.documents.entries;
  assert.deepEqual([entry.error.code, isPassing(entry)], ["empty", false]);
  world.documents.stop(entry);
  assert.deepEqual(world.documents.entries, []);
});

test("with nobody looking, only what was brought from here is followed", async () => {
  const listed = [{ id: "d2", name: "b.md", status: "reading" }];
  const asked = [];
  const world = start({
    list: async () => ({ documents: listed, cursor: null }),
    document: async (id) => {
      asked.push(id);
      return { id, status: "reading", progress: null };
    },
  });
  await uploaded(world);
  assert.equal(world.documents.isSending, false);
  await world.documents.refresh();
  await pass(400);
  assert.deepEqual([...asked].sort(), ["d1", "d2"]);
  world.documents.rest();
  await pass(5_000);
  assert.equal(asked.filter((id) => id === "d2").length, 1);
  assert.ok(asked.filter((id) => id === "d1").length > 1);
});

test("an address of the HTTP API ends with a slash, and is safe", () => {
  assert.equal(readHttpAddress("https://api.example/live"), "https://api.example/live/");
  assert.equal(readHttpAddress("http://127.0.0.1:8081"), "http://127.0.0.1:8081/");
  for (const bad of ["", "http://api.example", "wss://api.example", "api.example"]) assert.equal(readHttpAddress(bad), null);
});

test("sizes and shares as a person reads them", () => {
  assert.deepEqual([0, 999, 1000, 99_940, 1_250_000, 2.4e9, 7e12].map(fileSize), [
    "0 B", "999 B", "1.0 kB", "100 kB", "1.3 MB", "2.4 GB", "7000 GB",
  ]);
  assert.deepEqual([0, 0.456, 0.999, 1].map(percent), ["0%", "45%", "99%", "100%"]);
});
