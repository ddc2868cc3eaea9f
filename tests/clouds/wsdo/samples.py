"""The samples of the API document, parsed."""

from pathlib import Path

from emulator.clouds.wsdo import pet

SAMPLES = Path(__file__).parents[2] / "simulator" / "samples"


def sample(name: str) -> pet.PetReply:
    return pet.parse((SAMPLES / f"{name.lower()}.xml").read_bytes())
