"""A bridge that speaks the lines and no Matter: it keeps what it is sent, and says what a test puts into a file.

Arguments: the folder of both, and how it behaves: `well`, `mute` (never up), or `deaf` (does not end with its input).
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

FOLDER, MOOD = Path(sys.argv[1]), sys.argv[2]


def tell(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def speak() -> None:
    said = 0
    while True:
        lines = (FOLDER / "say").read_text().splitlines() if (FOLDER / "say").exists() else []
        for line in lines[said:]:
            if line == "die":
                sys.stderr.write("SomeError: it had to end\n")
                sys.stderr.flush()
                (FOLDER / "say").write_text("")  # the next one lives
                os._exit(1)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        said = len(lines)
        time.sleep(0.01)


def main() -> None:
    with (FOLDER / "heard").open("a") as heard:
        for line in sys.stdin:
            heard.write(line)
            heard.flush()
            message = json.loads(line)
            if "passcode" in message and MOOD != "mute":
                tell({"ready": {"manualPairingCode": "34970112332", "qrPairingCode": "MT:Y.K9042C00KA0648G00"}})
                tell({"fabrics": [{"index": 1, "label": "", "vendor": 0x1217}]})
                threading.Thread(target=speak, daemon=True).start()
            if "beat" in message:
                tell({"beat": True})
    while MOOD == "deaf":
        time.sleep(1)


main()
