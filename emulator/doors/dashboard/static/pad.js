// The PIN pad of touch screens. A button that needs a PIN opens it; the form is sent with what was typed there.
// Elsewhere, and without this script, the PIN is typed into its field.

const LEAST = 4; // digits of the shortest PIN
const touch = matchMedia("(pointer: coarse)");
const pad = document.getElementById("pad");
const typed = document.getElementById("pad-pin");
const done = document.getElementById("pad-do");
const error = document.getElementById("pad-error");
let asking = null; // id of the button that opened it; its form may be drawn anew meanwhile

const fieldOf = (form) => form?.querySelector(".pin input[name=pin]");

function show(digits) {
  typed.value = digits;
  done.disabled = digits.length < LEAST;
}

function open(button, why = "") {
  asking = button.id;
  document.getElementById("pad-title").textContent = button.textContent;
  error.textContent = why;
  show("");
  if (!pad.open) pad.showModal();
}

function press(key) {
  error.textContent = "";
  if (key === "back") show(typed.value.slice(0, -1));
  else if (typed.value.length < typed.maxLength) show(typed.value + key);
}

/** Opens the pad once more if the answer to this button's form is an error at its field. */
export function again(id) {
  if (!touch.matches || !id || asking !== id) return;
  const button = document.getElementById(id);
  const why = button?.form?.querySelector(".error")?.textContent;
  asking = null;
  if (why) open(button, why);
}

document.documentElement.classList.toggle("touch", touch.matches);
touch.addEventListener("change", () => document.documentElement.classList.toggle("touch", touch.matches));

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!touch.matches || event.defaultPrevented || !button || button.type !== "submit") return;
  const field = fieldOf(button.form);
  if (!field || field.value || button.closest("#pad")) return;
  event.preventDefault();
  open(button);
});

pad.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]");
  if (key) press(key.dataset.key);
});

pad.addEventListener("keydown", (event) => {
  if (/^[0-9]$/.test(event.key)) {
    press(event.key);
    typed.focus(); // Enter then sends, whatever key was touched before
  } else if (event.key === "Backspace") press("back");
  else if (event.key === "Enter" && !done.disabled && !event.target.matches("[data-key], .quit")) done.click();
  else return;
  event.preventDefault();
});

pad.addEventListener("close", () => {
  const [digits, answer] = [typed.value, pad.returnValue];
  show("");
  pad.returnValue = "";
  const button = asking && document.getElementById(asking);
  const field = fieldOf(button?.form);
  if (answer !== "do" || !field) return;
  field.value = digits;
  button.form.requestSubmit(button);
});
