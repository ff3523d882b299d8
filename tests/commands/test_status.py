"""``caliber status``: the outcome of the last runs."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.commands.status import status
from caliber_crawler.items import Problem


def crawl_line(archive: Path) -> str:
    result = CliRunner().invoke(status, ["--archive", str(archive)])
    assert result.exit_code == 0, result.output
    return next(line for line in result.output.splitlines() if " crawl " in line)


def test_a_killed_crawl_is_distinguished_from_a_running_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Archive.open(path, mode="write") as archive:
        archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        assert " running " in crawl_line(path)
        archive.db.execute("update runs set heartbeat_at = '2026-01-07T10:00:00Z'")
        archive.db.conn.commit()
        assert "no heartbeat since 2026-01-07 10:00 UTC" in crawl_line(path)
    with Archive.open(path, mode="write"):
        assert " interrupted " in crawl_line(path)


def test_a_long_message_does_not_widen_the_table(tmp_path: Path) -> None:
    message = f"{'x' * 2_000} is longer than 2,083 characters."
    with Archive.open(tmp_path / "archive.db", mode="write") as archive:
        run_id = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        archive.runs.record_problem(run_id, Problem(stage="fetch", reason="url_too_long", message=message))
    printed = CliRunner().invoke(status, ["--archive", str(tmp_path / "archive.db")]).output
    assert "url_too_long" in printed
    assert max(map(len, printed.splitlines())) < 250
