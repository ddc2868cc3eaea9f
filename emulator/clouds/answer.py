"""An HTTP answer, as the codecs of the clouds take it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of whatever status. `retry_after` is the header of that name, empty where there is none."""

    status: int
    body: bytes
    retry_after: str = ""
