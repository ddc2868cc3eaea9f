// Remembers for this tab which parts a person has folded or opened.
import { keep, recall } from "./memory.js";

const KEY = "folds";

const known = () => recall(KEY, {});

for (const [id, open] of Object.entries(known())) document.getElementById(id)?.toggleAttribute("open", open);

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.matches("details.fold, details.one")) keep(KEY, { ...known(), [target.id]: target.open });
  },
  true,
);

// A link to an alarm that is folded opens it.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".all a");
  if (link) document.getElementById(link.hash.slice(1))?.setAttribute("open", "");
});
