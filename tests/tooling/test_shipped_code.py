"""Every module of the package is used by the package: code for tests and benchmarks is not shipped."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tooling.repository import ROOT, our_files

PACKAGE = ROOT / "caliber_crawler"
LOADED_BY_NAME = ("caliber_crawler.commands.", "caliber_crawler.spiders.", "caliber_crawler.__main__")
"""Modules that the command line or Scrapy loads by name."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def named_modules(path: Path) -> set[str]:
    """The modules that a file imports, or names in a string, as settings and entry points do."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            dotted = node.value.partition(":")[0]
            names |= {dotted, dotted.rpartition(".")[0]} if dotted.startswith("caliber_crawler.") else set()
    return names


@pytest.mark.slow
def test_every_module_of_the_package_is_used_by_the_package():
    modules = {module_name(path): path for path in our_files(PACKAGE) if path.suffix == ".py"}
    assert "caliber_crawler.demo.site" in modules
    used = {name for module, path in modules.items() for name in named_modules(path) - {module}}
    packages = {module for module, path in modules.items() if path.stem == "__init__"}
    unused = {name for name in modules if name not in used | packages and not name.startswith(LOADED_BY_NAME)}
    assert unused == set()
