// Messages between the program and the bridge: JSON, one a line, both ways. No library: the tests need none.
import { createInterface } from "node:readline";

/** Write messages to a stream, and wait for the answers of those that ask. */
export class Lines {
  #out;
  #waiting = new Map();
  #last = 0;

  constructor(out) {
    this.#out = out;
  }

  /** Send a message that nobody answers. */
  tell(message) {
    this.#out.write(`${JSON.stringify(message)}\n`);
  }

  /** Send a message, and return a promise of its answer; `{ refused }` says why not. */
  ask(message) {
    const reply = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(reply, resolve);
      this.tell({ ...message, reply, at: Date.now() });
    });
  }

  /** Take an answer; one that nobody waits for is dropped. */
  answered({ reply, ...answer }) {
    this.#waiting.get(reply)?.(answer);
    this.#waiting.delete(reply);
  }
}

/** Count by key what is under way. */
export class Tally {
  #counts = new Map();

  has(key) {
    return this.#counts.has(key);
  }

  /** Do something, and return what it returns; it counts until then. */
  async during(key, work) {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = this.#counts.get(key) - 1;
      if (left) this.#counts.set(key, left);
      else this.#counts.delete(key);
    }
  }
}

/** Tell whether this process stood still a moment ago: what it hears then was sent long before, and is too late. */
export class Pulse {
  static EVERY_MS = 1000;
  static GAP_MS = 5000; // a controller waits for longer, and a busy machine stands still for less
  #now;
  #beat;
  #lateUntil = 0;

  constructor(now = Date.now) {
    this.#now = now;
    this.#beat = now();
  }

  /** Note that it runs; to be called every second. */
  beat() {
    const now = this.#now();
    if (now - this.#beat > Pulse.GAP_MS) this.#lateUntil = now + Pulse.EVERY_MS;
    this.#beat = now;
  }

  get isLate() {
    const now = this.#now();
    return now - this.#beat > Pulse.GAP_MS || now < this.#lateUntil;
  }
}

/** Yield the messages of a stream; a line that is no JSON object ends the bridge, as the program never sends one. */
export async function* messages(input) {
  for await (const line of createInterface({ input })) {
    const message = JSON.parse(line);
    if (message === null || typeof message !== "object") throw new TypeError("a line is no object");
    yield message;
  }
}

/** Return what an endpoint shows. A plug that is not known is out of reach, and never off; a contact keeps its last. */
export function shown({ name, on, triggered }) {
  const value = on === undefined ? triggered : on;
  const state = { bridgedDeviceBasicInformation: { nodeLabel: name, reachable: value !== null } };
  if (on !== undefined) state.onOff = { onOff: on ?? true };
  else if (triggered !== null) state.booleanState = { stateValue: !triggered };
  return state;
}

/** Tell whether an error, or one that caused it, is that another program has the port. */
export function isTaken(error) {
  const seen = new Set();
  for (let one = error; one instanceof Error && !seen.has(one); one = one.cause) {
    if (one.code === "EADDRINUSE" || one.constructor.name === "AddressInUseError") return true;
    seen.add(one);
  }
  return false;
}

/** Return an error in a line. */
export function named(error) {
  const text = error instanceof Error ? `${error.constructor.name}: ${error.message}` : `Error: ${error}`;
  return text.replace(/\s+/g, " ");
}
