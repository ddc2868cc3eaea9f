"""What is shipped beside the program: the libraries that it names, and the units and files that run it."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from emulator import __version__, cli
from emulator.system import extras, shipped
from tests.support.lowest import EXTRAS, PYPROJECT, lowest
from tests.support.pages import ROOT

DEPENDENCIES = {
    re.split(r"[<>=]", line)[0]: line
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
}


@pytest.mark.parametrize("library", ["fauxmo", "urllib3", "waitress"])
def test_a_library_whose_insides_are_used_has_an_upper_bound(library: str) -> None:
    assert "<" in DEPENDENCIES[library]


def test_urllib3_is_one_that_unpacks_no_more_than_it_is_asked_for() -> None:
    """2.5 made 1,985 MB of an answer that was compressed twice, before anybody could count its bytes."""
    lowest = re.search(r">=(\d+)\.(\d+)", DEPENDENCIES["urllib3"])
    assert lowest
    assert (int(lowest[1]), int(lowest[2])) >= (2, 6)


def test_each_library_of_a_home_has_a_lowest_version_which_ci_tries() -> None:
    assert "fauxmo==0.8" in list(lowest(PYPROJECT.read_text()))
    extras = ", ".join(f"{extra} = []" for extra in EXTRAS)
    unbound = f'[project]\ndependencies = ["flask"]\noptional-dependencies = {{ {extras} }}'
    with pytest.raises(ValueError, match="'flask' has no lower bound"):
        list(lowest(unbound))


def test_the_wheel_has_every_file_that_the_program_hands_out() -> None:
    wheel = tomllib.loads(PYPROJECT.read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {place: f"emulator/shipped/{name}" for name, place in shipped.FILES.items()}
    assert all((ROOT / place).is_file() for place in shipped.FILES.values())


def test_what_a_package_index_shows_leads_nowhere_but_home() -> None:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    text = (ROOT / project["readme"]).read_text()
    home = project["urls"]["Homepage"]
    links = [*project["urls"].values(), *re.findall(r"\]\(([^)]*)\)", text), *re.findall(r"https?://[^)\s]+", text)]
    assert [link for link in links if link != home and not link.startswith(f"{home}/")] == []
    inside = [link.removeprefix(f"{home}/").split("/", 2) for link in links if "/HEAD/" in link]
    assert inside
    assert [place for _, _, place in inside if not (ROOT / place).is_file()] == []


def test_nobody_is_told_to_fetch_the_program_from_an_index() -> None:
    """Nobody has published it under its name: who does so later would run on every machine that follows the advice."""
    fetched = re.compile(r"(pip3?|pipx|uv|uvx)( [\w-]+)* [^\n`]*(?<![\w./-])['\"]?verisure[-_]emulator(?![-_.\w])")
    files = [
        *(ROOT / "emulator").rglob("*.py"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("packaging/**/*"),
    ]
    said = [
        f"{file.name}: {found[0]}"
        for file in files
        if file.is_file() and file.suffix not in (".png", ".pyc")
        for found in fetched.finditer(file.read_text())
        if "inject" not in found[0] and "uninstall" not in found[0]
    ]
    assert not said


def test_the_image_says_that_it_is_one() -> None:
    assert re.search(rf"^ENV (.* )?{extras.IMAGE}=\w", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def service() -> dict[str, Any]:
    """Return the service of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["emulator"]
    return found


def test_docker_keeps_no_log_without_end() -> None:
    assert service()["logging"]["options"].keys() == {"max-size", "max-file"}


def test_docker_starts_it_with_the_machine_and_not_again_and_again_over_a_mistake() -> None:
    """Of its policies, only those that know no failure start it after a proper reboot; so no mistake may end it."""
    assert service()["restart"] == "unless-stopped"
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("CMD ")] == ['CMD ["run", "--wait"]']
    assert [line for line in lines if line.startswith("FROM ")][-1] == "FROM emulator"


def test_docker_makes_no_folder_in_the_place_of_a_file() -> None:
    mounts = [one for one in service()["volumes"] if one != "state:/state"]
    assert mounts
    assert all(one["bind"] == {"create_host_path": False} for one in mounts)


def test_the_source_of_a_release_is_enough_to_build_the_image() -> None:
    """Whoever installed a wheel has no other: compose.yaml and docs/docker.md send them there."""
    targets = tomllib.loads(PYPROJECT.read_text())["tool"]["hatch"]["build"]["targets"]
    assert service()["build"] == "."
    assert "sdist" not in targets, "by default it has every file of the commit"


def test_each_image_has_its_pins() -> None:
    images = re.findall(r'PINS = "(\w+)"', (ROOT / "docker-bake.hcl").read_text())
    assert images == ["slim", "full", "full"]
    assert all((ROOT / "pins" / f"{name}.txt").is_file() for name in images)


def test_each_action_of_a_workflow_is_one_commit() -> None:
    """A tag may be moved to anything, and runs beside what a release is made of."""
    workflows = list((ROOT / ".github/workflows").glob("*.yml"))
    uses = [line for file in workflows for line in file.read_text().splitlines() if "uses:" in line]
    assert uses
    assert all(re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in uses)


def test_the_version_has_its_section_in_the_changelog() -> None:
    assert re.search(rf"^## {re.escape(__version__)} - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M)


def test_a_bug_is_told_with_what_check_says() -> None:
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text())
    check = next(one for one in form["body"] if one.get("id") == "check")
    assert "emulator check" in check["attributes"]["label"]
    assert check["validations"]["required"]


def test_what_may_mend_itself_is_tried_again_by_systemd_and_what_does_not_is_not() -> None:
    lines = (ROOT / "packaging/verisure-emulator.service").read_text().splitlines()
    assert "Restart=on-failure" in lines
    never = next(line for line in lines if line.startswith("RestartPreventExitStatus="))
    assert never.partition("=")[2].split() == [str(cli.USAGE)]
    assert cli.HINDERED not in (0, cli.USAGE)


def test_systemd_waits_for_an_interface_that_is_late() -> None:
    """It is not ready before; killed and started anew it would log in again, and find no interface either."""
    lines = (ROOT / "packaging/verisure-emulator.service").read_text().splitlines()
    assert "TimeoutStartSec=infinity" in lines
