// Keeps controls where a finger is about to tap, and ignores a tap on a control that has just moved there.

const STILL_MS = 700; // a finger on its way lands where the eye saw another control
const MOVED_PX = 4; // a smaller move does not change which control is tapped
const CONTROLS = "button:not(.key), a[href], summary"; // the keys of the PIN pad come at a tap on purpose

const known = new Map(); // control → its place on the page, less the scrolling that followed it
const moved = new Map(); // control → when it moved or appeared, and whether it is new
let followed = 0; // pixels that the page was scrolled to follow moved controls

const keyOf = (control) => control.id || control;

const liesOver = (control) => control.closest("dialog, #problem");

/** Returns the place of a control on the page; that of an overlay is its place on the screen. */
function placeOf(control) {
  const box = control.getBoundingClientRect();
  return liesOver(control) ? { x: box.x, y: box.y } : { x: box.x + scrollX, y: box.y + scrollY - followed };
}

/** Records which controls have moved or appeared. */
function look() {
  const now = performance.now();
  const found = new Map();
  for (const control of document.querySelectorAll(CONTROLS)) {
    const key = keyOf(control);
    const at = placeOf(control);
    const before = known.get(key);
    if (!before) moved.set(key, { now, isNew: known.size > 0 });
    else if (Math.abs(at.x - before.x) > MOVED_PX || Math.abs(at.y - before.y) > MOVED_PX) moved.set(key, { now, isNew: false });
    found.set(key, at);
  }
  known.clear();
  for (const [key, at] of found) known.set(key, at);
  for (const [key, when] of moved) if (now - when.now >= STILL_MS) moved.delete(key);
  document.body.toggleAttribute("data-moved", moved.size > 0);
  if (moved.size) setTimeout(look, STILL_MS);
}

const observer = new ResizeObserver(look);

function observe() {
  observer.disconnect();
  for (const each of document.querySelectorAll("main, [data-live]")) observer.observe(each);
}

/** Returns the focused control, or else the first button on the screen. */
function anchor() {
  const onScreen = (control) => {
    const box = control.getBoundingClientRect();
    return control.id && !liesOver(control) && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  };
  const used = document.activeElement?.closest?.(CONTROLS);
  return used && onScreen(used) ? used : [...document.querySelectorAll("form button")].find(onScreen);
}

/** Changes the page, and scrolls so that the anchor stays where it is on the screen. */
export function hold(change) {
  const held = anchor();
  const top = held?.getBoundingClientRect().top;
  change();
  const after = held && document.getElementById(held.id);
  if (after) {
    const before = scrollY;
    scrollBy({ top: after.getBoundingClientRect().top - top, behavior: "instant" });
    followed += scrollY - before;
  }
  observe();
  look();
}

/** Changes the page where controls are meant to move, and lets them ignore taps for a while. */
export function move(change) {
  change();
  look();
}

/** Ignores taps on what has just moved, and calls `tell` then. A key goes to the focused control, moved or not. */
export function guard(tell) {
  document.addEventListener(
    "click",
    (event) => {
      const control = event.target.closest(CONTROLS);
      const when = control && moved.get(keyOf(control));
      if (!when || performance.now() - when.now >= STILL_MS || (event.detail === 0 && !when.isNew)) return;
      event.preventDefault();
      event.stopPropagation();
      tell();
    },
    true,
  );
  observe();
  look();
}
