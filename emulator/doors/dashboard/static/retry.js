// Opens the page anew where its script did not arrive, as on a phone that just changes its network: it would stay as it is.
// It comes in the page itself. The address is that of the page, not that of an answer to a form.
const AGAIN_MS = 5000; // pause before an attempt: a phone needs some seconds for its next network

addEventListener("error", ({ target }) => {
  if (target.tagName !== "SCRIPT") return;
  const page = new URL("..", target.src);
  page.search = location.search;
  const again = () => setTimeout(() => fetch(page).then(({ ok }) => (ok ? location.replace(page) : again()), again), AGAIN_MS);
  again();
}, true);
