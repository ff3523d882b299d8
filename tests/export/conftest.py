"""Fixtures: an archive with articles, and an empty one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.archive.conftest import blank, newsroom, path
from tests.export.newspaper import print_three_editions

__all__ = ["blank", "newsroom", "path"]


@pytest.fixture(scope="session")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("printed") / "archive.db"
    print_three_editions(path)
    return path


@pytest.fixture
def three_editions(printed: Path, tmp_path: Path) -> Path:
    """Six articles in three editions, one of them edited."""
    path = tmp_path / "three-editions.db"
    shutil.copy(printed, path)
    return path
