// What this tab remembers; only as long as the page is open where the browser keeps nothing for it.

const here = new Map();

export function recall(key, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return here.get(key) ?? otherwise;
  }
}

export function keep(key, value) {
  here.set(key, value);
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Forbidden, or full.
  }
}
