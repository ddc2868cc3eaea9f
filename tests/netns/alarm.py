"""A simulated alarm on 127.0.0.1 that writes down what must never be seen again: `PORT FILE`."""

import signal
import sys
import time
from pathlib import Path

from flask import Response, request
from lxml import etree

from emulator.simulator.accounts import SECRETS, SimulatedAccount
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm

USER, PASSWORD = "senora.romero", "S3creto-Muy-Largo"


def main(port: str, file: str) -> None:
    panel = SimulatedPanel(time.time)
    panel.answer_after = 0
    simulator = SimulatedAlarm(
        panel, accounts=[SimulatedAccount(user=USER, password=PASSWORD)], host="0.0.0.0", port=int(port)
    )
    app = simulator._app  # the only way to see what passes, from outside of it
    kept = Path(file)
    kept.write_text("\n".join((PASSWORD, *SECRETS, "")))

    def keep(*secrets: str | None) -> None:
        with kept.open("a") as book:
            book.writelines(f"{secret}\n" for secret in secrets if secret)

    @app.after_request
    def note(reply: Response) -> Response:
        if not request.path.startswith("/control"):
            keep(request.values.get("ID"), request.values.get("hash"))
            if request.values.get("request") == "LOGIN":
                keep(etree.fromstring(reply.get_data()).findtext("HASH"))
        return reply

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    simulator.start()
    sys.stdout.write("Ready\n")
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM})
    simulator.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
