// Keeps the page up to date without a reload: waits for a change, fetches the page, and swaps in what differs.
// Without this script the page reads the same, and its forms work.
import { HOME, ask, follow } from "./link.js";
import "./folds.js";
import { keep, recall } from "./memory.js";
import { again } from "./pad.js";
import { guard, hold, move } from "./still.js";
import { age, length, said } from "./words.js";

const LEAST_MS = 300; // least time between two fetches of the page
const PAGE_MS = 4000; // time-out of a fetch of the page
const KNOCK_MS = 2000; // time-out of the probe before a form is sent
const SENT_MS = 20_000; // time-out of the answer to a form
const ERROR_MS = 60_000; // display of an error beside a PIN field
const HINT_MS = 5000; // display of a hint
const CLOSED = "closed", CLOSED_MOST = 50; // ids of closed boxes, kept for this tab

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let clockSkew = Date.now() / 1000 - Number(document.body.dataset.now);
const now = () => Date.now() / 1000 - clockSkew;
let isLost = false;
let errorUntil = 0;
const underWay = new Set(); // forms that are sent and not answered yet

function tick() {
  for (const each of document.querySelectorAll("[data-age]")) each.textContent = age(now() - each.dataset.age);
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = length(now() - each.dataset.since);
  for (const each of document.querySelectorAll("progress[data-from]")) {
    each.value = now() - each.dataset.from;
    const usual = each.parentElement.querySelector(".usual");
    if (usual && each.value >= each.max) usual.textContent = said("slow");
  }
}

// -- the connection

function live(yes) {
  byId("live").textContent = said(yes ? "live" : "lost");
  byId("live").classList.toggle("on", yes);
  document.body.classList.toggle("lost", !yes);
}

/** Marks the page as old, as it is while the alarm's cloud is down: nothing confirms it any more. */
function lost() {
  if (isLost) return;
  isLost = true;
  hold(() => {
    live(false);
    for (const each of document.querySelectorAll("[data-was]")) each.textContent = each.dataset.was;
    for (const each of document.querySelectorAll(".now")) each.className = "now old";
  });
  document.title = said("lost_title", { title: document.title });
  byId("say").textContent = byId("live").textContent;
}

/** Reads an answer to /news, revision and time; returns whether the page has to be fetched. */
function hear(text) {
  const [revision, time] = text.split(" ");
  clockSkew = Date.now() / 1000 - Number(time);
  return isLost || revision !== document.body.dataset.revision;
}

async function news() {
  const page = await ask(`${HOME}${location.search}`, PAGE_MS);
  if (!page.ok) throw new Error("no page");
  swap(page.text, true);
  isLost = false;
  live(true);
  await pause(LEAST_MS);
}

// -- boxes

const closed = () => recall(CLOSED, []);

/** Hides what a person has closed, until it is over: the same trouble of another day is shown. */
function hideClosed(page) {
  const there = new Set([...page.querySelectorAll("[data-box]")].map((box) => box.dataset.box));
  keep(CLOSED, closed().filter((id) => there.has(id)));
  for (const id of closed()) for (const box of page.querySelectorAll(`[data-box="${CSS.escape(id)}"]`)) box.remove();
}

function close(id) {
  if (id !== "problem") keep(CLOSED, [...closed(), id].slice(-CLOSED_MOST));
  hold(() => {
    for (const box of document.querySelectorAll(`[data-box="${CSS.escape(id)}"]`)) box.remove();
  });
}

/** Shows a box over the page, for `ms` if given. */
function tell(title, text, ms) {
  const box = byId("told").content.firstElementChild.cloneNode(true);
  box.querySelector("b").textContent = title;
  box.querySelector("p").textContent = text;
  box.querySelector("button").ariaLabel = said("close", { title });
  hold(() => byId("problem").replaceChildren(box));
  if (ms) setTimeout(() => box.isConnected && close("problem"), ms);
}

/** Shows why a form was not sent: at its PIN field, if it has one. */
function fail(form, title, text) {
  const error = form.querySelector(".error");
  if (!error) return tell(title, text, ERROR_MS);
  errorUntil = performance.now() + ERROR_MS;
  error.textContent = said("both", { title, text });
}

function forget({ target }) {
  const error = target.form?.querySelector(".error");
  if (error) error.textContent = "";
  target.removeAttribute("aria-invalid");
}

// -- what changes

// A person types there or reads an error there: do not replace it.
const inUse = (region) =>
  [...region.querySelectorAll("input:not([type=hidden])")].some((field) => field.value !== field.defaultValue) ||
  (performance.now() < errorUntil && [...region.querySelectorAll(".error")].some((error) => error.textContent));

// An answer to a person stays until the person closes or answers it.
const isAnswer = (region) => ((region.id === "problem" || region.id === "asked") && region.firstElementChild) || region.querySelector(".qr");

function announce(fresh) {
  const told = [...fresh.querySelectorAll("[data-say]")].filter((each) => {
    const before = document.querySelector(`[data-say="${CSS.escape(each.dataset.say)}"]`);
    return before && before.textContent !== each.textContent;
  });
  if (told.length) byId("say").textContent = told.map((each) => said("change", { alarm: each.dataset.say, state: each.textContent })).join("; ");
}

/** Swaps in a fetched page: after a change (`isByItself`), or as the answer to a form. */
function swap(html, isByItself) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const regions = fresh.querySelectorAll("[data-live]");
  const isSame = fresh.documentElement.lang === document.documentElement.lang;
  if (!isSame || regions.length !== document.querySelectorAll("[data-live]").length) return location.reload();
  announce(fresh);
  hideClosed(fresh);
  const firsts = [...fresh.querySelectorAll("[data-order]")].map((each) => [each.id, each.firstElementChild.id]);
  const focused = document.activeElement && document.activeElement.id;
  hold(() => {
    for (const region of regions) {
      const old = byId(region.id);
      if (!old || old.isEqualNode(region) || inUse(old) || (isByItself && isAnswer(old))) continue;
      for (const details of old.querySelectorAll("details[open]")) region.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
      old.replaceWith(region);
    }
    question();
    tick();
  });
  // Not held where a finger is: the page would scroll away from the state, of which this is the sequel.
  move(() => firsts.forEach(([id, first]) => reorder(byId(id), byId(first))));
  if (focused && document.activeElement === document.body) byId(focused)?.focus({ preventScroll: true });
  document.title = fresh.title;
  document.body.dataset.revision = fresh.body.dataset.revision;
}

/** Puts the two forms of an alarm in the order of the fetched page, unless a person types there. */
function reorder(forms, first) {
  if (!first || first === forms?.firstElementChild || inUse(forms)) return;
  // What has the focus stays in the document, or the focus would be lost.
  if (first.contains(document.activeElement)) forms.append(forms.firstElementChild);
  else forms.prepend(first);
}

/** Opens the question as a modal dialog. */
function question() {
  const dialog = byId("ask");
  if (!dialog || dialog.matches(":modal")) return;
  dialog.removeAttribute("open");
  dialog.addEventListener("close", () => hold(() => dialog.remove()));
  dialog.showModal();
}

async function submit(event) {
  const form = event.target;
  if (form.method === "dialog") return;
  event.preventDefault();
  const button = event.submitter;
  if (form.classList.contains("close")) return close(button.value);
  form.closest("dialog")?.close();
  if (form.method === "get") return;
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  const wish = [form.action, body.get("installation"), button?.value].join(" ");
  if (underWay.has(wish)) return; // the second tap of two
  underWay.add(wish);
  form.setAttribute("aria-busy", "true");
  try {
    await send(form, body);
  } finally {
    form.removeAttribute("aria-busy");
    underWay.delete(wish);
  }
  again(button?.id);
}

async function send(form, body) {
  try {
    if (isLost) throw new Error("lost");
    const knock = await ask(`${HOME}news`, KNOCK_MS);
    if (!knock.ok) throw new Error("no news");
    hear(knock.text);
  } catch {
    lost();
    return fail(form, said("not_sent"), said("not_sent_why"));
  }
  body.set("at", now());
  let answer;
  try {
    answer = await ask(form.action, SENT_MS, { method: "POST", body });
  } catch {
    lost();
    return fail(form, said("no_answer"), said("no_answer_why"));
  }
  for (const field of form.querySelectorAll("input:not([type=hidden])")) field.value = field.defaultValue;
  errorUntil = 0;
  swap(answer.text, false);
  errorUntil = performance.now() + ERROR_MS;
}

document.addEventListener("submit", submit);
document.addEventListener("input", forget);
setInterval(tick, 1000);
hideClosed(document);
question();
live(true);
guard(() => tell(said("moved"), said("moved_why"), HINT_MS));
follow({ since: () => (isLost ? "" : document.body.dataset.revision), hear, lost, news });
