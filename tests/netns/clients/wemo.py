"""pywemo at work. `discover`; `press URL on|off …`; `listen URL …`, which goes on until it is stopped."""

import json
import signal
import sys
import threading
from typing import Any

import pywemo


def say(value: Any) -> None:
    # In one piece, as the events of several switches come from several threads.
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def described(url: str) -> pywemo.Switch:
    device = pywemo.discovery.device_from_description(url)
    assert isinstance(device, pywemo.Switch)
    return device


def discover() -> None:
    found = pywemo.discover_devices()
    say(
        [
            {
                "name": device.name,
                "kind": type(device).__name__,
                "model": device.model_name,
                "url": device.session.url,
                "udn": device.udn,
                "serial": device.serial_number,
                "mac": device.mac,
                "state": device.get_state(force_update=True),
            }
            for device in found
        ]
    )


def press(*words: str) -> None:
    ended = []
    for url, what in zip(words[::2], words[1::2], strict=True):
        device = described(url)
        error = ""
        try:
            (device.on if what == "on" else device.off)()
        except pywemo.exceptions.PyWeMoException as caught:
            error = type(caught).__name__
        ended.append({"error": error, "state": device.get_state(force_update=True)})
    say(ended)


def listen(*urls: str) -> None:
    registry = pywemo.SubscriptionRegistry()
    registry.start()
    subscribed = threading.Event()
    devices = [described(url) for url in urls]

    def event(device: pywemo.WeMoDevice, kind: str, value: str) -> None:
        say({"name": device.name, "event": kind, "value": value})

    for device in devices:
        registry.register(device)
        registry.on(device, None, event)
    while not all(registry.is_subscribed(device) for device in devices):
        subscribed.wait(0.05)
    say({"ready": True})
    signal.sigwait({signal.SIGTERM})
    for device in devices:
        registry.unregister(device)
    registry.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    {"discover": discover, "press": press, "listen": listen}[sys.argv[1]](*sys.argv[2:])
