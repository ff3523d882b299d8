"""Every program in benchmarks/ can be imported as a module from the project's folder."""

from __future__ import annotations

import importlib

import pytest

from tests.tooling.repository import ROOT

PROGRAMS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_benchmark_has_a_main_function(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").main)


def test_every_expected_benchmark_exists() -> None:
    assert {"archive", "browse", "bulk", "crawl", "extraction", "scale", "soak"} <= set(PROGRAMS)
