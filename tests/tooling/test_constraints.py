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
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


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


def extras(requirements: list[str]) -> dict[tuple[str, str], set[str]]:
    """Each extra that these packages or their dependencies request, with the spellings they use."""
    found: dict[tuple[str, str], set[str]] = {}
    for name in dependencies(requirements) | {None}:
        for text in requirements if name is None else metadata.distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            for extra in requirement.extras:
                key = canonicalize_name(requirement.name), canonicalize_name(extra)
                found.setdefault(key, set()).add(extra)
    return found


ALL_EXTRAS = [each for group in PROJECT["project"]["optional-dependencies"].values() for each in group]


@pytest.mark.parametrize("requirements", [RUNTIME, RUNTIME + ALL_EXTRAS], ids=["runtime", "with all extras"])
def test_an_extra_has_one_spelling(requirements):
    # pip 23.0 to 23.2, which come with Python 3.11 and Debian 12, end with an assertion if there are two.
    assert [key for key, spellings in extras(requirements).items() if len(spellings) > 1] == []


@pytest.mark.parametrize("requirements", [RUNTIME, RUNTIME + ALL_EXTRAS], ids=["runtime", "with all extras"])
def test_an_extra_that_old_pips_overlook_is_a_requirement_of_its_own(requirements):
    # They compare the spelling with that of the package: "lxml does not provide the extra 'html_clean'".
    direct = {canonicalize_name(Requirement(each).name) for each in requirements}
    for (name, extra), spellings in extras(requirements).items():
        provided = metadata.metadata(name).get_all("Provides-Extra") or []
        if not spellings & set(provided):
            needed = {
                canonicalize_name(requirement.name)
                for requirement in map(Requirement, metadata.requires(name) or [])
                if requirement.marker and requirement.marker.evaluate({"extra": extra})
                and not requirement.marker.evaluate({"extra": ""})
            }  # fmt: skip
            assert needed, (name, extra)
            assert needed <= direct, (name, extra)
