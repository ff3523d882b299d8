"""A list of start URLs as cluster work, with the real queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caliber_crawler.cluster.database import set_up
from caliber_crawler.commands.cli import main
from tests.cluster.postgres import rows

pytestmark = pytest.mark.slow


def test_each_start_url_of_a_file_is_a_job_with_the_lock_of_its_host(dsn: str, tmp_path: Path) -> None:
    set_up(dsn)
    listed = [f"https://news-{number}.example/" for number in range(200)]
    path = tmp_path / "sites.txt"
    path.write_text("# many\n" + "\n".join([*listed, "news-0.example/politics", listed[0], "caliber.az"]))

    def enqueue() -> str:
        environment = {"CALIBER_DSN": dsn}
        options = ("--minutes", "9", "--requests", "500", "--limit", "300")
        done = CliRunner().invoke(main, ["cluster", "enqueue", "--sites", str(path), *options], env=environment)
        assert done.exit_code == 0, done.output
        return done.output

    assert enqueue().startswith("Queued 202 jobs.")
    jobs = [dict[str, Any](row) for row in rows(dsn, "SELECT lock, args FROM procrastinate_jobs")]
    by_site = {job["args"]["site"]: job for job in jobs}
    assert set(by_site) == {*listed, "news-0.example/politics", "caliber.az"}, "a worker sees the assumed scheme"
    assert by_site[listed[0]]["lock"] == by_site["news-0.example/politics"]["lock"]
    assert len({job["lock"] for job in jobs}) == 201
    assert {tuple(job["args"][name] for name in ("minutes", "requests", "limit")) for job in jobs} == {(9, 500, 300)}
    assert enqueue().startswith("Queued 0 jobs.")


def test_a_wrong_line_of_a_file_queues_nothing(dsn: str, tmp_path: Path) -> None:
    set_up(dsn)
    path = tmp_path / "sites.txt"
    path.write_text("a.example\nnews of the day\n")
    done = CliRunner().invoke(main, ["cluster", "enqueue", "--sites", str(path)], env={"CALIBER_DSN": dsn})
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Line 2 of {path} is not the URL of a site" in done.stderr
    assert rows(dsn, "SELECT 1 FROM procrastinate_jobs") == []
