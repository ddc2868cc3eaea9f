// Keeps what a finger is about to tap where it is, and takes no tap on what has just moved there.

const STILL_MS = 700; // a finger that was on its way still comes down where the eye saw something else
const MOVED_PX = 4; // less changes nothing about what is tapped
const CONTROLS = "button, a[href], summary";

const known = new Map(); // control → where it is on the page, as far as the screen did not follow it
const moved = new Map(); // control → when it moved or appeared, and whether it is new
let followed = 0; // by how much the screen was scrolled after what moved

const keyOf = (control) => control.id || control;

const liesOver = (control) => control.closest("dialog, #problem");

/** Where a control is on the page; what lies over it stands on the screen. */
function placeOf(control) {
  const box = control.getBoundingClientRect();
  return liesOver(control) ? { x: box.x, y: box.y } : { x: box.x + scrollX, y: box.y + scrollY - followed };
}

/** Notes which controls are elsewhere than before. */
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

/** What the person is at, or else the first command on the screen. */
function anchor() {
  const onScreen = (control) => {
    const box = control.getBoundingClientRect();
    return control.id && !liesOver(control) && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  };
  const used = document.activeElement?.closest?.(CONTROLS);
  return used && onScreen(used) ? used : [...document.querySelectorAll("form button")].find(onScreen);
}

/** Changes the page, and scrolls after the commands if they move. */
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

/** From now on a tap on what has just moved is not taken; `tell` says so. A key goes to what has the focus, moved or not. */
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
