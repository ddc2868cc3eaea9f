"""The documents of the bridge against what each client needs of them (lan-emulation.md §3.1, §3.3, §3.4, §3.7)."""

from lxml import etree

from emulator.doors.hue import bridge
from emulator.words.language import ENGLISH
from tests.doors.hue.rig import (
    FULL,
    HERE,
    NOW,
    SHORT,
    fits,
)

NS = {"u": "urn:schemas-upnp-org:device-1-0"}


def test_the_short_configuration() -> None:
    config = HERE.short_config()
    fits(config, SHORT)
    assert set(config) == set(SHORT)
    assert config["bridgeid"] == "02ABCDFFFEEF0000"
    assert config["mac"] == "02:ab:cd:ef:00:00"


def test_the_full_configuration() -> None:
    config = HERE.config(NOW, {}, button=False)
    fits(config, FULL)
    assert config["UTC"] == "2023-11-14T22:13:20"


def test_the_description() -> None:
    root = etree.fromstring(HERE.description())

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=NS)

    assert text("u:URLBase") == "http://192.168.7.2:80/"
    assert {name: text(f"u:device/u:{name}") for name in ("manufacturer", "modelName", "friendlyName")} == {
        "manufacturer": "Royal Philips Electronics",
        "modelName": "Philips hue bridge 2012",
        "friendlyName": "Philips hue (192.168.7.2)",
    }
    assert text("u:device/u:deviceType") == "urn:schemas-upnp-org:device:Basic:1"
    assert text("u:device/u:modelNumber") == "929000226503"
    assert text("u:device/u:serialNumber") == "02abcdef0000"
    assert text("u:device/u:UDN") == "uuid:2f402f80-da50-11e1-9b23-02abcdef0000"
    assert text("u:device/u:presentationURL") == "index.html"
    icons = root.findall("u:device/u:iconList/u:icon", NS)
    assert [icon.findtext("u:url", namespaces=NS) for icon in icons] == ["hue_logo_0.png", "hue_logo_3.png"]
    for name in ("manufacturerURL", "modelDescription", "modelURL"):
        assert text(f"u:device/u:{name}")


def test_nothing_claims_to_be_a_bridge_of_the_second_generation() -> None:
    everything = repr((HERE.config(NOW, {}, button=False), HERE.description(), bridge.page(HERE.identity, ENGLISH)))
    assert "BSB002" not in everything
    assert "BSB001" in everything
