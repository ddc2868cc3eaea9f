"""The rows of the clouds: all that the rest of the program knows of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from emulator import clouds
from emulator.alarm.freshness import SPACING_S
from emulator.app.alarm_settings import InstallationSettings

HEAVY = ("requests", "urllib3", "lxml", "flask", "emulator.clouds.http", "emulator.clouds.owa.cloud")


@pytest.mark.parametrize("name", clouds.CLOUDS)
def test_every_row_can_be_loaded_and_is_whole(name: str) -> None:
    row = clouds.row(name)
    assert row.countries
    assert row.polling.every_s >= row.polling.at_least_s
    assert 0 < row.polling.spacing_s <= SPACING_S
    assert row.again


def test_where_clouds_are() -> None:
    for name, row in clouds.rows().items():
        for country in row.countries:
            url = InstallationSettings(cloud=name, country=country).endpoint
            assert url.startswith("https://") != row.simulated, (name, country)
    assert InstallationSettings(cloud="wsdo", url="https://other/ws.do").endpoint == "https://other/ws.do"


def test_only_a_cloud_that_is_asked_rarely_is_asked_again_after_a_command() -> None:
    for name, row in clouds.rows().items():
        assert (row.polling.reread_after_s is not None) is (row.polling.every_s > 60.0), name


def test_countries() -> None:
    assert clouds.countries("owa") == ["ES", "FR", "IT", "GB", "PT", "IE", "BR", "CL", "AR", "PE"]
    assert set(clouds.countries("wsdo")) < set(clouds.countries("owa"))


@pytest.mark.parametrize("module", ["emulator.clouds", "emulator.app.settings", "emulator.app.resources"])
def test_settings_are_read_without_the_libraries_of_the_clouds(module: str) -> None:
    program = f"import sys, {module}; from emulator.clouds import rows; rows(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())


def test_importing_the_clouds_loads_none_of_them() -> None:
    program = "import sys, emulator.clouds; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    folders = [folder.name for folder in Path(sys.modules["emulator.clouds"].__path__[0]).iterdir() if folder.is_dir()]
    assert not [one for one in done.stdout.split() for name in folders if one.startswith(f"emulator.clouds.{name}")]
