"""An archive of schema 3, made by crawls of the demo site, opens, migrates and verifies; no number in it changes.

``data/make-archive-v3.txt`` documents how it was made. ``data/archive-v3.json`` has the expected numbers.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from tests.archive.facts import facts

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v3") / "archive.db"
    path.write_bytes(lzma.decompress((DATA / "archive-v3.db.xz").read_bytes()))
    Archive.open(path, mode="write").close()
    return path


@pytest.fixture(scope="module")
def now(migrated: Path) -> dict[str, Any]:
    return json.loads(json.dumps(facts(migrated, migrated.parent)))


def test_the_migrated_archive_verifies_without_findings(migrated: Path) -> None:
    with Archive.open(migrated) as archive:
        checks = list(archive.verify())
    assert [finding for finding in checks if finding is not None] == []
    assert len(checks) > 400


@pytest.mark.parametrize("part", json.loads((DATA / "archive-v3.json").read_text("utf-8")))
def test_the_migration_changes_no_number(now: dict[str, Any], part: str) -> None:
    then = json.loads((DATA / "archive-v3.json").read_text("utf-8"))
    assert now[part] == then[part]
