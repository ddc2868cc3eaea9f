"""Try a broker for `emulator check`: connect beside the running program, and change nothing that is kept."""

import secrets
import time
from collections.abc import Iterator

from emulator.doors import Trouble
from emulator.doors.mqtt.broker import NO_READER, NOT_AUTHORIZED, Broker, BrokerTrouble
from emulator.doors.mqtt.link import HEARD_S, NOBODY, connect
from emulator.doors.mqtt.topics import Topics

ANSWER_S = 3.0
"""For the broker to say what it thinks of a message."""

LOOK_AT_BROKER = "see what the log of the broker says; the program itself tries again, and the other doors go on"
EXPOSED = "{} is not on this network: all on the way can read what is sent, a PIN for disarming too"
WIDEN = "give the program's user the topics of docs/mqtt.md, section ACL"


def troubles(broker: Broker, topics: Topics, *, is_pin_set: bool) -> Iterator[Trouble]:
    """Yield what is in the way at the broker, and of a disarm by the alarm panel."""
    if not is_pin_set:
        yield Trouble("no PIN is set: the alarm panel can arm, not disarm", "type `emulator pin`", is_warning=True)
    try:
        # A client id of its own: with that of the running program it would throw that one out.
        link = connect(broker, f"verisure-check-{secrets.token_hex(4)}")
    except BrokerTrouble as trouble:
        yield Trouble(str(trouble), LOOK_AT_BROKER)
        return
    try:
        if broker.is_exposed:
            yield Trouble(EXPOSED.format(broker), "use mqtts:// in doors.mqtt.broker", is_warning=True)
        link.subscribe(topics.orders)
        # Not retained, and empty: no reader keeps or obeys it.
        said = link.ask(topics.alarm(NOBODY, "event"), "", ANSWER_S)
        if said is None:
            yield Trouble(f"{broker} takes a message and hangs up, or does not say that it has it", LOOK_AT_BROKER)
        if topics.program != NOBODY:
            time.sleep(HEARD_S if link.unheard else 0)
            yield from (Trouble(f"its ACL does not let this program read {one}", WIDEN) for one in link.denied)
            if said == NOT_AUTHORIZED:
                yield Trouble(f"its ACL does not let this program write below {topics.base}", WIDEN)
        if topics.discovery:
            yield from _discovery(link.ask(topics.entity("sensor", NOBODY), "", ANSWER_S), topics)
    finally:
        link.close()


def _discovery(said: int | None, topics: Topics) -> Iterator[Trouble]:
    if said == NO_READER:
        found = f"nobody reads discovery messages below {topics.discovery!r}: is Home Assistant set up for MQTT?"
        yield Trouble(found, "start it, or name its prefix in doors.mqtt.discovery, or write false", is_warning=True)
    elif said == NOT_AUTHORIZED and topics.program != NOBODY:
        yield Trouble(f"its ACL does not let this program announce itself below {topics.discovery!r}", WIDEN)
