"""Memory of what the broker keeps of us: topics with a retained message, and announced entities; in the journal."""

import json
import logging
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from emulator.errors import EmulatorError
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

_ID, _KEPT = "mqtt: id", "mqtt: kept"

ID_BYTES = 6
"""Twelve hex digits: unique among all homes on one broker, and short enough to type into an ACL."""


def program_id(journal: Journal) -> str:
    """Return the id of this program to brokers; made once and kept. EmulatorError when it cannot be."""
    if not (known := known_id(journal)):
        known = secrets.token_hex(ID_BYTES)
        journal.note(_ID, known)
    return known


def known_id(journal: Journal) -> str:
    """Return the id that was made; empty before that."""
    known = journal.recall(_ID) or ""
    return known if re.fullmatch(rf"[0-9a-f]{{{2 * ID_BYTES}}}", known) else ""


@dataclass
class BrokerMemory:
    """Memory of what a broker keeps. `entities` maps the topic of a device to its entities and their platforms."""

    broker: str
    topics: list[str] = field(default_factory=list)
    entities: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, journal: Journal, broker: str) -> "BrokerMemory":
        """Return what is known of this broker; nothing of another one, or if the note cannot be parsed."""
        try:
            found = cls(**json.loads(journal.recall(_KEPT) or "{}"))
        except (ValueError, TypeError):  # nothing yet, or written by a newer program
            return cls(broker)
        return found if found.broker == broker else cls(broker)

    def gone(self, topic: str, entities: Mapping[str, str]) -> Mapping[str, str]:
        """Return the entities that were once announced under a topic and are no more, and note these ones."""
        known = self.entities.setdefault(topic, {})
        left = {key: platform for key, platform in known.items() if key not in entities}
        known.update(entities)
        return left

    def save(self, journal: Journal, topics: Collection[str]) -> list[str]:
        """Note the topics that hold something now; return those that did before and do not any more."""
        before, self.topics = self.topics, sorted(topics)
        left = sorted(set(before) - set(topics))
        for topic in left:
            self.entities.pop(topic, None)
        try:
            if (now := json.dumps(asdict(self))) != journal.recall(_KEPT):
                journal.note(_KEPT, now)
        except EmulatorError as error:
            # The next start then leaves behind what has gone until then.
            LOG.warning("what the broker keeps of us cannot be noted: %s", error)
        return left
