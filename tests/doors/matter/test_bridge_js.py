"""The bridge's own code by its own tools, where Node.js is there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.doors.matter import bundle

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="Node.js is not here")
def test_its_tests_pass_and_its_syntax_is_right() -> None:
    for file in bundle.SOURCE.glob("*.js"):
        subprocess.run([str(NODE), "--check", str(file)], check=True)
    tests = [str(Path(bundle.SOURCE, "lines.test.js"))]
    done = subprocess.run([str(NODE), "--test", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
