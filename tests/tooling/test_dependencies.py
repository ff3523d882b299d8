"""The table of dependencies, `pyproject.toml` and the imports state the same."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tooling.repository import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DIRECT = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependencies"]}
EXTRAS = {
    extra: {canonicalize_name(Requirement(each).name) for each in needed}
    for extra, needed in PROJECT["optional-dependencies"].items()
}
SECTIONS = (ROOT / "docs/dependencies.md").read_text().split("\n## ")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    (section,) = [each for each in SECTIONS if each.startswith(heading)]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


TABLE = {row[0]: row for row in rows("Direct")}
COMES_WITH = {row[0]: row[1] for row in rows("Imported")}


def imported_modules() -> set[str]:
    """The top-level modules that the package imports anywhere, except its own and those of Python."""
    return set(_imports()) - sys.stdlib_module_names - {"caliber_crawler"}


def _imports() -> Iterator[str]:
    for path in sorted((ROOT / "caliber_crawler").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@cache
def imported_packages() -> set[str]:
    providers = metadata.packages_distributions()
    return {canonicalize_name(providers[module][0]) for module in imported_modules() if module in providers}


def test_the_table_lists_exactly_the_direct_dependencies():
    assert TABLE.keys() == DIRECT
    assert [name for name, row in TABLE.items() if len(row) != 6 or not all(row)] == []


def test_every_direct_dependency_is_imported_or_has_a_reason():
    unused = DIRECT - imported_packages()
    assert unused == {name for name, row in TABLE.items() if row[1].startswith("not imported: ")}


def test_every_imported_package_is_stated():
    optional = set().union(*EXTRAS.values())
    assert imported_packages() - DIRECT - optional - {"zope-interface"} == COMES_WITH.keys()


@pytest.mark.parametrize("name", COMES_WITH)
def test_a_package_that_comes_with_another_is_required_by_it(name):
    required = {
        canonicalize_name(requirement.name)
        for requirement in map(Requirement, metadata.requires(COMES_WITH[name]) or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert name in required
    assert COMES_WITH[name] in DIRECT


def test_the_table_of_extras_is_complete():
    listed = {row[0].strip("`"): {each.strip() for each in row[1].split(",")} for row in rows("Extras")}
    assert listed == EXTRAS


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_sizes_and_licences_are_those_of_the_packages(name):
    package = metadata.distribution(name)
    files = [file.locate() for file in package.files or [] if not str(file).endswith(".pyc")]
    size = sum(file.stat().st_size for file in files if file.exists()) / 1e6
    stated = float(TABLE[name][3])
    assert abs(size - stated) <= max(0.3, 0.4 * stated), f"{name} has {size:.1f} MB"
    about = " ".join(
        [
            *(package.metadata.get(field) or "" for field in ("License-Expression", "License")),
            *(package.metadata.get_all("Classifier") or []),
        ]
    )
    (family,) = re.findall(r"^(Apache|BSD|MIT|MPL)", TABLE[name][2])
    assert family in about


def test_dropped_packages_are_not_direct_dependencies():
    assert not {canonicalize_name(row[0]) for row in rows("Dropped")} & DIRECT


def test_the_version_of_the_citation_is_that_of_the_package():
    (version,) = re.findall(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)
    assert version == metadata.version("caliber-crawler")
