// The texts of the scripts, in the language of the page, which brings them along.

const texts = JSON.parse(document.body.dataset.words);

/** Returns a text with its values. */
export const said = (name, values = {}) => texts[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);

/** Returns a span of time in its two largest units at most. */
export function length(seconds) {
  if (seconds < 60) return said("s", { s: Math.max(0, Math.floor(seconds)) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return said("min", { min: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return said("days", { n: Math.floor(hours / 24) });
  return minutes % 60 ? said("h_min", { h: hours, min: minutes % 60 }) : said("h", { h: hours });
}

/** Returns how long ago something was. */
export const age = (seconds) => said("ago", { length: length(seconds) });
