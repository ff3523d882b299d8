"""A crawl reports a full disk in one sentence and resumes when there is space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveFull
from tests.conftest import Result
from tests.small_disk import small_disk_at


def is_valid(path: Path) -> bool:
    with Archive.open(path) as archive:
        return [outcome for outcome in archive.verify() if outcome] == []


@pytest.mark.slow
def test_a_crawl_that_filled_the_disk_resumes_when_there_is_space(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with small_disk_at(tmp_path / "disk", megabytes=40) as disk, serve(articles=60, sections=("analytics",)) as demo:
        path, ballast = disk / "archive.db", disk / "ballast"
        ballast.write_bytes(bytes(37_000_000))
        arguments = (
            "crawl",
            "--base-url",
            demo.base_url,
            "--archive",
            path,
            "--delay",
            "0",
            "--contact",
            "a@b.example",
        )
        for _ in range(2):
            full = caliber(*arguments)
            assert full.exit_code == ArchiveFull.exit_code, full.stderr
            assert f"Error: The disk is full: {path} cannot grow.\n" in full.stderr
            assert "Traceback" not in full.stderr
            assert is_valid(path)
        ballast.unlink()
        assert caliber(*arguments).exit_code == 0
        assert is_valid(path)
        with Archive.open(path) as archive:
            assert archive.status()["articles"] == len(demo.truth(section="analytics"))
