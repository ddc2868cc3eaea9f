"""In the language of the browser: no refusal of set-up has English left."""

from collections.abc import Iterator

import pytest

from tests.browser.eyes import english_left
from tests.setup.browser import PAGE, Browser
from tests.setup.house import House, Open

PORTS = ("1x", "0", "70000", "8099")
TARGETS = ("nonsense://x", "two words", "mailto://")
BROKERS = ("", "nonsense", "mqtt://me:secret@192.168.7.9", "mqtts://192.168.7.9:99999")
SERVERS = (
    {"country": "ES", "url": "http://cloud.invalid"},
    {"country": "ES", "url": "https://me:secret@cloud.invalid"},
    {"country": "SE", "cloud": "owa"},
)


def refusals(house: House, tag: str) -> Iterator[Browser]:
    """Yield the page after each wrong answer of a walk through set-up."""
    browser = house.browser()
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = tag
    yield browser.get().form(code="1")
    browser.form(code=str(house.code))
    for server in SERVERS:
        yield browser.form("next", kind="real", **server)
    yield browser.form("next", kind="real", country="ES", cloud="", url=house.bench.url).form("next", user=" ")
    browser.get("/setup/alarm").form("next", kind="simulated")
    yield browser.form("next", name_0="Casa", name_1="casa")
    yield browser.form("next", name_0="", name_1="Casa")
    browser.form("next", name_0="Alarma")
    yield browser.form("next", pin="12", again="12")
    yield browser.form("next", pin="1234", again="4321")
    browser.form("skip")
    for broker in BROKERS:
        yield browser.form("next", door_mqtt="on", mqtt_broker=broker)
    for port in PORTS:
        yield browser.form("next", door_mqtt=None, door_hue="on", **{"hue-port": port})
    for target in TARGETS:
        yield browser.get("/setup/notices").form("add", url=target)
    yield browser.form("skip")


@pytest.mark.parametrize("tag", ["es", "it", "fr", "pt"])
def test_no_refusal_has_english_left(house: Open, tag: str) -> None:
    walks = (refusals(house(api="owa"), each) for each in ("en", tag))
    for english, said in zip(*walks, strict=True):
        asked = f"{PAGE}{said.at}: {said.text}"
        assert said.at == english.at, asked
        mine, original = (each.page.get_data(as_text=True) for each in (said, english))
        assert not english_left(mine, original, tag), asked
