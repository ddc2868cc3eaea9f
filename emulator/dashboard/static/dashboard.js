// Keeps the page up to date without reloading it: waits for a change, fetches the page, and swaps in what differs.
// Without it the page reads the same, and its forms work.
"use strict";

const AGAIN_MS = 5000; // when the program lets nobody wait: it has enough listeners
const LOST_MS = 2000; // between attempts at a program that does not answer
const LEAST_MS = 300; // between two looks, should everything change at once
const SILENCE_MS = 30000; // the program answers within 20 s, news or not

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const clockSkew = Date.now() / 1000 - Number(document.body.dataset.now);
const now = () => Date.now() / 1000 - clockSkew;

function length(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

function tick() {
  for (const each of document.querySelectorAll("[data-age]")) each.textContent = `${length(now() - each.dataset.age)} ago`;
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = length(now() - each.dataset.since);
}

function connected(yes) {
  const live = document.getElementById("live");
  live.textContent = yes ? "Live" : "Not connected: this may be old";
  live.classList.toggle("on", yes);
}

// Somebody types there: leave it alone until it is sent or emptied.
const inUse = (region) => [...region.querySelectorAll("input:not([type=hidden])")].some((field) => field.value);

function announce(fresh) {
  const told = [...fresh.querySelectorAll("[data-say]")].filter((each) => {
    const before = document.querySelector(`[data-say="${CSS.escape(each.dataset.say)}"]`);
    return before && before.textContent !== each.textContent;
  });
  if (told.length) document.getElementById("say").textContent = told.map((each) => `${each.dataset.say}: ${each.textContent}`).join("; ");
}

function swap(html, { keepProblem }) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const regions = fresh.querySelectorAll("[data-live]");
  if (regions.length !== document.querySelectorAll("[data-live]").length) return location.reload();
  announce(fresh);
  const focused = document.activeElement && document.activeElement.id;
  for (const region of regions) {
    const old = document.getElementById(region.id);
    if (!old || old.isEqualNode(region) || inUse(old) || (keepProblem && region.id === "problem")) continue;
    for (const details of old.querySelectorAll("details[open]")) region.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
    old.replaceWith(region);
  }
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = fresh.title;
  document.body.dataset.revision = fresh.body.dataset.revision;
  tick();
}

async function follow() {
  for (;;) {
    while (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
    const revision = document.body.dataset.revision;
    const began = performance.now();
    try {
      const answer = await fetch(`/api/state?since=${encodeURIComponent(revision)}`, { signal: AbortSignal.timeout(SILENCE_MS) });
      if (!answer.ok) throw new Error(answer.statusText);
      const state = await answer.json();
      if (state.revision !== document.body.dataset.revision) {
        swap(await (await fetch(location.href, { signal: AbortSignal.timeout(SILENCE_MS) })).text(), { keepProblem: true });
        await pause(LEAST_MS);
      } else if (state.revision === revision && performance.now() - began < 1000) {
        await pause(AGAIN_MS);
      }
      connected(true);
    } catch {
      connected(false);
      await pause(LOST_MS);
    }
  }
}

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter && event.submitter.name) body.set(event.submitter.name, event.submitter.value);
  for (const field of form.querySelectorAll("input:not([type=hidden])")) field.value = "";
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(SILENCE_MS) });
    swap(await answer.text(), { keepProblem: false });
    if (!answer.ok) document.getElementById("problem").scrollIntoView({ block: "nearest" });
  } catch {
    // Perhaps it arrived, perhaps not: the page says what the program says, as soon as it answers.
    connected(false);
  }
  form.removeAttribute("aria-busy");
}

document.addEventListener("submit", submit);
setInterval(tick, 1000);
connected(true);
follow();
