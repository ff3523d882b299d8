import re
import tomllib
from importlib import metadata
from itertools import combinations

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tooling.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"] + PROJECT["dependency-groups"]["docs"]
FILES = ("constraints.txt", "constraints-dev.txt", "constraints-docs.txt")
PYTHONS = ("3.11", "3.12", "3.13")


def entries(file: str) -> list[tuple[Requirement, list[str]]]:
    """The pins of a constraints file with their hashes."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [
        (Requirement(line.partition("--hash")[0].strip()), re.findall(r"--hash=sha256:[0-9a-f]{64}\b", line))
        for line in lines
    ]


def pins(*files: str, python: str) -> dict[str, str]:
    """Package to version, for one version of Python on Linux."""
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


def dependencies(requirements: list[str]) -> set[str]:
    """These packages and all their dependencies, as installed here."""
    names: set[str] = set()
    left = [Requirement(requirement) for requirement in requirements]
    while left:
        requirement = left.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": e}) for e in requirement.extras | {""}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in names:
            names.add(name)
            left += [Requirement(each) for each in metadata.distribution(name).requires or []]
    return names


@pytest.mark.parametrize("file", FILES)
def test_every_package_is_pinned_to_one_version_with_its_hashes(file):
    assert entries(file)
    assert [str(pin) for pin, hashes in entries(file) if not re.fullmatch(r"==[\w.!+]+", str(pin.specifier))] == []
    assert [str(pin) for pin, hashes in entries(file) if not hashes] == []


@pytest.mark.parametrize("file", FILES)
def test_constraints_contain_no_url_and_no_option(file):
    text = (ROOT / file).read_text()
    assert re.findall(r"https?:|://", text) == []
    assert re.findall(r"^--?\w.*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_pins_match_the_requirements_of_the_project(python):
    runtime, everything = pins("constraints.txt", python=python), pins(*FILES, python=python)
    for requirements, pinned in (
        (RUNTIME, runtime),
        (DEVELOPMENT, everything),
        (PROJECT["build-system"]["requires"], everything),
    ):
        for requirement in map(Requirement, requirements):
            version = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def test_every_runtime_dependency_is_pinned():
    assert dependencies(RUNTIME) - pins("constraints.txt", python="3.11").keys() == set()


def test_every_development_dependency_is_pinned():
    assert dependencies(DEVELOPMENT) - pins(*FILES, python="3.11").keys() == set()


def test_all_files_pin_the_same_versions():
    for python in PYTHONS:
        for one, other in combinations([pins(file, python=python) for file in FILES], 2):
            shared = one.keys() & other.keys()
            assert {name: one[name] for name in shared} == {name: other[name] for name in shared}
