"""Commands that need a page whose cold file is missing: one sentence, a count, and the right exit code."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.cold_storage import move_pages
from caliber_crawler.commands.cli import main
from caliber_crawler.demo import DemoSite, Response
from caliber_crawler.demo.server import running
from caliber_crawler.errors import CHECKS_FAILED
from tests.archive.cold.pages import move_all
from tests.conftest import AT


@pytest.mark.slow
def test_a_re_extraction_counts_the_pages_of_missing_files_and_a_later_one_extracts_them(
    small: Path, path: Path, folder: Path
) -> None:
    shutil.copy(small, path)
    move_all(path, folder)
    folder.rename(folder.with_name("hidden"))
    words = ["reextract", "--archive", str(path), "--jobs", "1"]
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == CHECKS_FAILED
    assert json.loads(result.stdout)["unavailable"] == 16
    with Archive.open(path) as archive:
        (run,) = (run for run in archive.runs.last(5) if run["command"] == "reextract")
        assert (run["outcome"], run["counts"]["unavailable"]) == ("finished", 16)
    printed = CliRunner().invoke(main, words)
    assert printed.exit_code == CHECKS_FAILED
    assert f"16 pages could not be read. This page is in cold storage, in {path.stem}-" in printed.stderr
    folder.with_name("hidden").rename(folder)
    again = CliRunner().invoke(main, [*words, "--json"])
    assert (again.exit_code, json.loads(again.stdout)["unavailable"], json.loads(again.stdout)["pages"]) == (0, 0, 16)


class EditedSite(DemoSite):
    """A demo site that edits all its articles at once."""

    is_edited = False

    def respond(self, target: str, now: datetime | None = None) -> Response:
        response = super().respond(target, now)
        if not self.is_edited or "/post/" not in target:
            return response
        return replace(response, body=response.body.replace(b"<p>", b"<p>Edited: "))


@pytest.mark.slow
def test_a_crawl_goes_on_and_counts_the_earlier_pages_that_it_could_not_read(
    tmp_path: Path, folder: Path, caliber: Any
) -> None:
    path, site = tmp_path / "a.db", EditedSite(articles=6, sections=("analytics",), clock=lambda: AT)
    with running(site) as base_url:
        words = ("crawl", "--base-url", base_url, "--archive", path, "--delay", 0, "--language", "en", "--json")
        stored = caliber(*words).json["stored"]
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE captures SET extractor = 'an earlier one' WHERE version_id IS NOT NULL")
            connection.execute("UPDATE frontier SET due_at = '2024-01-01T00:00:00Z' WHERE due_at IS NOT NULL")
        with Archive.open(path, mode="write") as archive:
            assert move_pages(archive, datetime(2100, 1, 1, tzinfo=UTC), folder).pages > stored
        folder.rename(folder.with_name("hidden"))
        site.is_edited = True
        second = caliber(*words)
    assert second.exit_code == 0, second.stderr
    assert second.json["updated"] == stored, second.json
    with Archive.open(path) as archive:
        (problem,) = archive.status()["problems"]["last_run"]
    assert (problem["reason"], problem["total"], problem["refused"]) == ("cold_file_unavailable", stored, 0)
    assert "was not compared with this one. This page is in cold storage" in problem["example"]
