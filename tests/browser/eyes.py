"""What the eye would find on a page: words that are cut, torn or lie over others, and words of another language."""

import json
import re
from collections.abc import Iterator, Sequence
from urllib.request import Request, urlopen

from lxml import html
from selenium.webdriver import Chrome

from emulator.setup.web.forms import TONGUES

ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "label", "data-was")

CUT = r"""
const found = [], rows = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode, own = text.parentElement;
  if (!text.data.trim() || own.closest("svg, option, .skip")) continue;
  if (!own.checkVisibility({ visibilityProperty: true })) continue;
  const range = document.createRange();
  range.selectNodeContents(text);
  const boxes = [];
  let scrolls = false, spoken = false;
  for (let each = own; each && each !== document.documentElement; each = each.parentElement) {
    const style = getComputedStyle(each);
    if (style.clipPath !== "none") spoken = true;
    if (/auto|scroll/.test(style.overflowX)) { scrolls = true; break; }
    if (style.overflowX !== "visible") boxes.push(each.getBoundingClientRect());
  }
  if (spoken) continue;
  for (const word of own.closest("code, pre") ? [] : text.data.matchAll(/\p{L}{2,14}/gu)) {
    const letters = document.createRange();
    letters.setStart(text, word.index);
    letters.setEnd(text, word.index + word[0].length);
    if (new Set([...letters.getClientRects()].map((row) => row.top)).size > 1) found.push("torn: " + word[0]);
  }
  for (const row of range.getClientRects()) {
    if (!row.width) continue;
    const out = (box) => row.left < box.left - 1 || row.right > box.right + 1;
    if (!scrolls && (out({ left: 0, right: innerWidth }) || boxes.some(out))) found.push("cut: " + text.data.trim());
    if (!scrolls) rows.push([row, text]);
  }
}
rows.forEach(([one, text], at) => rows.slice(at + 1).forEach(([other, second]) => {
  const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  if (text !== second && wide > 2 && high > 6) found.push(`over: ${text.data.trim()} | ${second.data.trim()}`);
}));
for (const each of document.querySelectorAll("button, select")) {
  if (each.checkVisibility() && each.scrollWidth > each.clientWidth + 1) found.push("cut: " + each.textContent.trim());
}
return [...new Set(found)];
"""

OURS = re.compile(
    r"""
    https?://\S+ | \S+\.yaml\S* | /\S+ | \bemulator\s(pin|pair|matter\sinstall|\d\S*)
    | VERISURE_NOTIFY | MQTT_\w+ | \bdoors\.\S+ | \w+://\S*
    | \burn:\S+ | `[^`]*` | \{\w+\} | \bERR\b
    | (No\sha\ssido\sposible|Ahora\smismo\ssolo|Hay\suna\szona|Revisa)[^<>«»]*
    | \b(the\s(disk\sis\sfull|cloud\sis\sdown)|\d\sanswers|no\sanswer|why|port\s80\sis\staken)\b
    | \bMy\sPages\b | \bmypages\b | \bBenelux\b | \be-mails?\b
    | \b(Total|Day|Night|Perimeter|Annex)\salarm(\shere)? | \b(home|beach|Casa|Playa|Comedor|Cocina)\b
    | \b(WeMo|Hue|HomeKit|MQTT|Matter|Google|SmartThings|Echo|API|CSV|PIN)\b
    | \b(Apprise|My\sVerisure|Verisure|Securitas\sDirect)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Names, addresses, what the cloud and the tests say, and what is typed as it is: alike in any language."""

ALIKE = {
    "es": (
        "alexa app apple apps argentina assistant brasil broker chile english español français hubs interior "
        "italiano login min nov owa panel philips portugal português sms total wsdo xml "
    ),
    "it": (
        "account alexa all app apple argentina assistant brasil bridge broker cloud come english español file "
        "français italiano min nov owa password philips português server sms wsdo xml "
    ),
    "fr": (
        "alexa app apple assistant brasil broker cloud code english español france français italiano journal "
        "login maison messages min minute mode nov owa page philips port portugal português secret service six sms "
        "total version wsdo xml "
    ),
    "pt": (
        "alexa app apple apps argentina assistant brasil broker chile english español français interior "
        "italiano login min nov owa peru philips portugal português sms total wsdo xml "
    ),
}
"""Language → words that it writes as English does."""


def cut(browser: Chrome) -> list[str]:
    """Return the texts that are cut or torn, or lie over one another."""
    return list(browser.execute_script(CUT))


def english_left(page: str, english: str, tag: str, names: Sequence[str] = ()) -> set[str]:
    """Return the words of a page in a language that stand on the same page in English too, without those alike.

    `names` are what the house calls its switches, in any language. Languages are named in their own.
    """
    named = set(re.findall(r"[^\W\d_]+", " ".join((*names, *TONGUES.values())).lower()))
    return (words(page) & words(english)) - set(ALIKE[tag].split()) - named


def fetched(browser: Chrome, url: str, tag: str) -> str:
    """Return a page as the program writes it for this browser in a language."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in browser.get_cookies())
    # The address is the program's own, which the browser shows.
    asked = Request(url, headers={"Cookie": cookies, "Accept-Language": tag})  # noqa: S310
    with urlopen(asked) as answer:  # noqa: S310
        return str(answer.read().decode())


def words(page: str) -> set[str]:
    """Return all words of three letters or more that a person may read or hear on a page."""
    found: set[str] = set()
    for text in _texts(html.fromstring(page)):
        found.update(re.findall(r"[^\W\d_]{3,}", OURS.sub(" ", text).lower()))
    return found


def _texts(page: html.HtmlElement) -> Iterator[str]:
    for each in page.iter():
        if not isinstance(each.tag, str) or each.tag in ("style", "script", "pre", "code"):
            yield (each.tail or "")
            continue
        yield from filter(None, (each.text, each.tail, *(each.get(name) for name in ATTRIBUTES)))
    yield from json.loads(page.find("body").get("data-words", "{}")).values()
