// Whether the program is there: asks it every other second, and says within five when it does not answer.

const ANSWER_MS = 3500; // the program answers within 1.5 s, news or not
const SILENT_MS = 4000; // without an answer for so long, nobody is there
const AGAIN_MS = 1500; // when the program lets nobody wait: it has enough listeners
const SOON_MS = 500; // an answer that took less did not wait
const RETRY_MS = 1000; // between attempts at a program that does not answer
const HIDDEN_MS = 60_000; // nobody looks
const LOOK_MS = 500; // between looks at the clock

let asking = new AbortController();
let goOn = () => {};
let heardAt = [Date.now(), performance.now()];

/** The text of an answer; throws where there is none in that time. */
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

/** The longer of both clocks: one may have stood still while the phone slept, the other may have been set. */
const silentFor = () => Math.max(Date.now() - heardAt[0], performance.now() - heardAt[1]);

/** Calls `lost` when nobody answers, and `news` when what was answered is some, says `hear`. */
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
      const answer = await ask(`/news?since=${encodeURIComponent(since())}`, ANSWER_MS, { stop });
      if (!answer.ok) throw new Error("no news");
      heardAt = [Date.now(), performance.now()];
      if (hear(answer.text)) await news();
      else if (performance.now() - began < SOON_MS) await pause(AGAIN_MS);
    } catch {
      if (woken) continue; // what was asked before says nothing of now
      lost();
      await pause(RETRY_MS);
    }
  }
}
