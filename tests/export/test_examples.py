"""The examples of docs/guides/exports.md run on an export."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs/guides/exports.md").read_text("utf-8"), re.DOTALL)
    return str(found)


@pytest.fixture
def folder(caliber: Callable[..., Any], three_editions: Path, tmp_path: Path) -> Path:
    assert caliber("export", "csv", "-o", tmp_path / "articles.csv", "--archive", three_editions).exit_code == 0
    return tmp_path


def test_pandas(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", example("python")], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    assert re.search(r"2026-01\s+analytics\s+3", done.stdout)
    assert re.search(r"2026-02\s+politics\s+3", done.stdout)


def test_duckdb(folder: Path) -> None:
    sql = example("sql").replace("'articles.csv'", f"'{folder / 'articles.csv'}'")
    rows = duckdb.connect().execute(sql).fetchall()
    assert [(str(month)[:7], section, count) for month, section, count in rows] == [
        ("2026-01", "analytics", 3),
        ("2026-02", "politics", 3),
    ]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r(folder: Path) -> None:
    done = subprocess.run(
        ["Rscript", "-e", example("r")], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    assert "analytics" in done.stdout
