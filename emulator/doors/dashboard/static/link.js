// Watches the connection: polls the program every other second, and reports within five that it does not answer.

const ANSWER_MS = 3500; // time-out of a long poll; the program answers within 1.5 s, news or not
const SILENT_MS = 4000; // without an answer for so long, the connection is lost
const AGAIN_MS = 1500; // pause when the program did not let us wait: it has enough long polls
const SOON_MS = 500; // an answer that took less was no long poll
const RETRY_MS = 1000; // pause after an attempt that failed
const HIDDEN_MS = 60_000; // pause while the page is hidden
const LOOK_MS = 500; // interval of the check for silence

export const HOME = new URL("..", import.meta.url).pathname; // of the page: in Home Assistant it is not at the top

let asking = new AbortController();
let goOn = () => {};
let heardAt = [Date.now(), performance.now()];

/** Returns the text of an answer; throws where there is none within `ms`. */
export async function ask(url, ms, options = {}) {
  const stop = options.stop ?? new AbortController();
  const timer = setTimeout(() => stop.abort(), ms);
  try {
    const answer = await fetch(url, { ...options, signal: stop.signal, cache: "no-store" });
    return { ok: answer.ok, text: await answer.text() };
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    goOn = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Returns the silence by the clock that went on for longer: one stops while the phone sleeps, the other may be set. */
const silentFor = () => Math.max(Date.now() - heardAt[0], performance.now() - heardAt[1]);

/** Calls `lost` when the program does not answer, and `news` when `hear` finds a change in its answer. */
export async function follow({ since, hear, lost, news }) {
  let woken = false;
  const wake = () => {
    if (document.hidden) return;
    if (silentFor() > SILENT_MS) lost();
    woken = true;
    asking.abort();
    goOn();
  };
  for (const what of ["online", "offline", "pageshow"]) addEventListener(what, wake);
  document.addEventListener("visibilitychange", wake);
  setInterval(() => {
    if (!document.hidden && silentFor() > SILENT_MS) lost();
  }, LOOK_MS);

  for (;;) {
    while (document.hidden) await pause(HIDDEN_MS);
    const began = performance.now();
    const stop = (asking = new AbortController());
    woken = false;
    try {
      const answer = await ask(`${HOME}news?since=${encodeURIComponent(since())}`, ANSWER_MS, { stop });
      if (!answer.ok) throw new Error("no news");
      heardAt = [Date.now(), performance.now()];
      if (hear(answer.text)) await news();
      else if (performance.now() - began < SOON_MS) await pause(AGAIN_MS);
    } catch {
      if (woken) continue; // the poll was aborted on purpose
      lost();
      await pause(RETRY_MS);
    }
  }
}
