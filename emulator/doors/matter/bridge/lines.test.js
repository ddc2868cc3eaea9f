import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { Lines, Pulse, Tally, isTaken, messages, named, shown } from "./lines.js";

const read = (stream) => JSON.parse(String(stream.read()));

test("an answer reaches the one that asked", async () => {
  const out = new PassThrough();
  const lines = new Lines(out);
  const first = lines.ask({ set: "s1", on: true });
  const { at, ...asked } = read(out);
  assert.deepEqual(asked, { set: "s1", on: true, reply: 1 });
  assert.ok(Math.abs(Date.now() - at) < 60_000);
  const second = lines.ask({ set: "s2", on: false });
  lines.answered({ reply: 2, refused: "a window is open" });
  lines.answered({ reply: 1 });
  lines.answered({ reply: 1, refused: "twice" });
  lines.answered({ reply: 9 });
  assert.deepEqual(await Promise.all([first, second]), [{}, { refused: "a window is open" }]);
});

test("what is under way counts until all of it has ended", async () => {
  const tally = new Tally();
  const ends = [];
  const work = () => new Promise((resolve) => ends.push(resolve));
  const both = [tally.during("s1", work), tally.during("s1", work)];
  const failing = tally.during("s2", () => Promise.reject(new Error("no")));
  assert.deepEqual(["s1", "s2", "s3"].map((key) => tally.has(key)), [true, true, false]);
  ends[0](1);
  assert.equal(await both[0], 1);
  assert.equal(tally.has("s1"), true);
  ends[1](2);
  await both[1];
  await assert.rejects(failing);
  assert.deepEqual([tally.has("s1"), tally.has("s2")], [false, false]);
});

test("a line is an object", async () => {
  const found = [];
  for await (const one of messages(Readable.from(['{"a":1}\n{"b"', ":2}\n"]))) found.push(one);
  assert.deepEqual(found, [{ a: 1 }, { b: 2 }]);
  for (const wrong of ["null\n", "7\n", "{\n"]) {
    await assert.rejects(async () => {
      for await (const _ of messages(Readable.from([wrong])));
    });
  }
});

test("what comes after a standstill is late", () => {
  let now = 1_000_000;
  const pulse = new Pulse(() => now);
  now += 1200;
  assert.equal(pulse.isLate, false);
  pulse.beat();
  now += 60_000;
  assert.equal(pulse.isLate, true);
  pulse.beat();
  assert.equal(pulse.isLate, true);
  now += Pulse.EVERY_MS;
  pulse.beat();
  assert.equal(pulse.isLate, false);
});

test("what is not known is out of reach, and never off", () => {
  const at = (device) => {
    const { bridgedDeviceBasicInformation: basic, ...state } = shown({ name: "Night", ...device });
    assert.equal(basic.nodeLabel, "Night");
    return { reachable: basic.reachable, ...state };
  };
  assert.deepEqual(at({ on: false }), { reachable: true, onOff: { onOff: false } });
  assert.deepEqual(at({ on: null }), { reachable: false, onOff: { onOff: true } });
  assert.deepEqual(at({ triggered: true }), { reachable: true, booleanState: { stateValue: false } });
  assert.deepEqual(at({ triggered: null }), { reachable: false });
});

test("an error is told in a line, and a taken port is known", () => {
  class AddressInUseError extends Error {}
  const taken = new Error("no\n network", { cause: new AddressInUseError("in use") });
  assert.equal(isTaken(taken), true);
  assert.equal(isTaken(Object.assign(new Error("no"), { code: "EADDRINUSE" })), true);
  const round = new Error("no");
  round.cause = round;
  assert.deepEqual([isTaken(round), isTaken("no"), isTaken(undefined)], [false, false, false]);
  assert.equal(named(taken), "Error: no network");
  assert.equal(named("no"), "Error: no");
});
