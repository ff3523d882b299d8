"""Fixtures: an archive that is open for writing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from tests.archive.forty_articles import write_forty_articles
from tests.archive.newsroom import Newsroom, start_run


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty archive to copy: creating one takes ten times as long."""
    path = tmp_path_factory.mktemp("blank") / "archive.db"
    Archive.open(path, mode="write").close()
    return path


@pytest.fixture(scope="session")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of forty articles to copy and damage."""
    path = tmp_path_factory.mktemp("valid") / "archive.db"
    write_forty_articles(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def newsroom(path: Path, blank: Path) -> Iterator[Newsroom]:
    shutil.copy(blank, path)
    with Archive.open(path, mode="write") as archive:
        yield Newsroom(archive, start_run(archive))
