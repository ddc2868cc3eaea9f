// Opens the page anew where its script did not arrive, as on a phone that just changes its network, or does not run, as in
// an old browser: it would stay as it is. It comes in the page itself, and is written for old browsers, too. The address is
// that of the page, not that of an answer to a form.
const SOON_MS = 5000; // pause before an attempt: a phone needs some seconds for its next network
const OLD_MS = 30000; // time for the script to run

const anew = () => {
  const page = new URL("..", document.querySelector("script[src]").src);
  page.search = location.search;
  const again = () => setTimeout(anew, SOON_MS);
  fetch(page).then(({ ok }) => (ok ? location.replace(page) : again()), again);
};
addEventListener("error", ({ target }) => target.tagName === "SCRIPT" && setTimeout(anew, SOON_MS), true);
setTimeout(() => document.querySelector("#live.on, .lost #live") || anew(), OLD_MS);
