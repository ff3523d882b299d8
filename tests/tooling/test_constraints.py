import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tooling.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]
FILES = ("constraints.txt", "constraints-dev.txt")
PYTHONS = ("3.11", "3.12", "3.13")


def entries(file: str) -> list[tuple[Requirement, list[str]]]:
    """The pins of a constraints file, each with its hashes."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [
        (Requirement(line.partition("--hash")[0].strip()), re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
        for line in lines
    ]


def pins(*files: str, python: str) -> dict[str, str]:
    """Package to version, as it is for one Python on Linux."""
    linux = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for file in files
        for pin, _ in entries(file)
        if pin.marker is None or pin.marker.evaluate(linux)
    }


def needed(requirements: list[str]) -> set[str]:
    """These packages and all that they need in turn, as installed here."""
    names: set[str] = set()
    waiting = [Requirement(requirement) for requirement in requirements]
    while waiting:
        requirement = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": e}) for e in requirement.extras | {""}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in names:
            names.add(name)
            waiting += [Requirement(each) for each in metadata.distribution(name).requires or []]
    return names


@pytest.mark.parametrize("file", FILES)
def test_every_package_is_pinned_to_one_version_with_its_hashes(file):
    assert entries(file)
    assert [str(pin) for pin, hashes in entries(file) if not re.fullmatch(r"==[\w.!+]+", str(pin.specifier))] == []
    assert [str(pin) for pin, hashes in entries(file) if not hashes] == []


@pytest.mark.parametrize("file", FILES)
def test_constraints_name_no_place_to_fetch_from(file):
    text = (ROOT / file).read_text()
    assert re.findall(r"https?:|://", text) == []
    assert re.findall(r"^--?\w.*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_pins_are_what_the_project_asks_for(python):
    runtime, everything = pins("constraints.txt", python=python), pins(*FILES, python=python)
    for asked, pinned in (
        (RUNTIME, runtime),
        (DEVELOPMENT, everything),
        (PROJECT["build-system"]["requires"], everything),
    ):
        for requirement in map(Requirement, asked):
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def test_running_needs_nothing_that_is_not_pinned():
    assert needed(RUNTIME) - pins("constraints.txt", python="3.11").keys() == set()


def test_developing_needs_nothing_that_is_not_pinned():
    assert needed(DEVELOPMENT) - pins(*FILES, python="3.11").keys() == set()


def test_the_two_files_agree():
    for python in PYTHONS:
        runtime, development = (pins(file, python=python) for file in FILES)
        shared = runtime.keys() & development.keys()
        assert {name: runtime[name] for name in shared} == {name: development[name] for name in shared}
