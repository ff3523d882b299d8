"""What the archive tells of its runs."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.commands.status import status


def told(archive: Path) -> str:
    result = CliRunner().invoke(status, ["--archive", str(archive)])
    assert result.exit_code == 0, result.output
    return next(line for line in result.output.splitlines() if " crawl " in line)


def test_a_crawl_that_was_killed_is_told_from_one_that_lives(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Archive.open(path, mode="write") as archive:
        archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        assert " running " in told(path)
        archive.db.execute("update runs set heartbeat_at = '2026-01-07T10:00:00Z'")
        archive.db.conn.commit()
        assert "no sign of life since 2026-01-07 10:00 UTC" in told(path)
    with Archive.open(path, mode="write"):
        assert " interrupted " in told(path)
