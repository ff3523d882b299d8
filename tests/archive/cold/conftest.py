"""Fixtures: an archive with pages of several ages, and a folder for cold storage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.forty_articles import write_forty_articles


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of eight articles with two captures each, to copy."""
    path = tmp_path_factory.mktemp("small") / "archive.db"
    write_forty_articles(path, 8)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for cold files."""
    path = tmp_path / "cold"
    path.mkdir()
    return path
