import logging
import subprocess
import sys

import pytest

from emulator import doors
from emulator.system import logs


def test_every_row_of_the_table_is_a_door() -> None:
    for name in doors.DOORS:
        assert callable(doors.row(name).open)


def test_importing_the_table_imports_no_door() -> None:
    heavy = {"fauxmo", "asyncio", "httptools", "lxml", "pydantic"}
    program = f"import sys, emulator.doors; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_reading_devices_yaml_opens_no_door() -> None:
    """Its settings say `hue:` and more; the libraries are those of the rows alone."""
    heavy = {"fauxmo", "flask", "lxml", "uvloop", "httptools", "waitress", "prometheus_client", "zeroconf", "paho"}
    heavy |= {"pyhap", "segno", "cryptography"}
    program = "import sys; from emulator.app.settings import assembled; assembled()(**{content}); print(*sys.modules)"
    content = {
        "installations": {"home": {"cloud": "simulator"}},
        "switches": [{"name": "Night", "on": "night"}],
        "doors": dict.fromkeys(doors.DOORS) | {"mqtt": {"broker": "mqtt://broker"}},
    }
    command = [sys.executable, "-c", program.format(content=content)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not heavy & set(loaded)


def test_importing_fauxmo_leaves_logging_alone() -> None:
    program = (
        "import logging, emulator.doors.wemo.door; root, fauxmo = logging.getLogger(), logging.getLogger('fauxmo');"
        "assert 'fauxmo' in __import__('sys').modules;"
        "assert (root.handlers, root.level, fauxmo.handlers, fauxmo.level) == ([], logging.WARNING, [], 0)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_logging_is_put_back_even_after_an_error() -> None:
    class Handler(logging.NullHandler):
        closed = False

        def close(self) -> None:
            self.closed = True
            super().close()

    def disturb() -> None:
        fauxmo.addHandler(theirs)
        fauxmo.setLevel(logging.CRITICAL)
        raise ImportError("no fauxmo")

    fauxmo, mine, theirs = logging.getLogger("fauxmo"), Handler(), Handler()
    fauxmo.addHandler(mine)
    try:
        with pytest.raises(ImportError), logs.undisturbed():
            disturb()
        assert fauxmo.handlers == [mine]
        assert fauxmo.level == logging.NOTSET
        assert (mine.closed, theirs.closed) == (False, True)
    finally:
        fauxmo.removeHandler(mine)
