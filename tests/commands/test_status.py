"""``caliber status``: the outcome of the last runs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive
from caliber_crawler.commands.status import status
from caliber_crawler.items import Problem
from caliber_crawler.spiders.caliber import CaliberSpider


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


@pytest.fixture
def redesigned(tmp_path: Path) -> Path:
    """An archive whose last crawl raised an alarm."""
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(CaliberSpider.site)
        run_id = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        problem = Problem(stage="run", reason="unknown_layout", message="All pages have a new layout.")
        archive.runs.record_problem(run_id, problem)
        archive.runs.finish(run_id, "finished", None, {})
        archive.runs.record_exit_code(run_id, 3)
    return path


def test_an_alarm_is_listed_until_somebody_acknowledges_it(redesigned: Path) -> None:
    options = ["--archive", str(redesigned)]
    before = CliRunner().invoke(status, [*options, "--check"])
    assert before.exit_code == 3
    assert "Alarms" in before.output
    assert "All pages have a new layout." in before.output
    acknowledged = CliRunner().invoke(
        status, [*options, "--acknowledge", "caliber", "--by", "ada", "--note", "new layout"]
    )
    assert acknowledged.output == "Acknowledged: All pages have a new layout.\n"
    after = CliRunner().invoke(status, [*options, "--check", "--json"])
    assert after.exit_code == 0
    report = json.loads(after.output)
    assert report["alarms"] == []
    assert report["runs"][0]["arguments"] == {
        "since": report["runs"][1]["started_at"],
        "by": "ada",
        "note": "new layout",
        "reasons": ["unknown_layout"],
    }
    assert [problem["reason"] for problem in report["problems"]["last_run"]] == ["unknown_layout"]
    again = CliRunner().invoke(status, [*options, "--acknowledge", "caliber"])
    assert again.output == "No alarm of caliber is open.\n"


def test_the_alarms_of_an_unknown_site_cannot_be_acknowledged(redesigned: Path) -> None:
    result = CliRunner().invoke(status, ["--archive", str(redesigned), "--acknowledge", "other"])
    assert str(result.exception) == "The archive has no site 'other'. Its sites: caliber."


def test_runs_show_their_exit_codes_and_problems_their_dates(redesigned: Path) -> None:
    report = json.loads(CliRunner().invoke(status, ["--archive", str(redesigned), "--json"]).output)
    assert report["runs"][0]["exit_code"] == 3
    (problem,) = report["problems"]["all"]
    assert problem["first_at"] == problem["last_at"]
    assert problem["last_at"] >= report["runs"][0]["started_at"]


def test_sites_are_a_table_csv_and_json_with_the_same_values(redesigned: Path) -> None:
    options = ["--archive", str(redesigned), "--sites"]
    table = CliRunner().invoke(status, options)
    assert table.exit_code == 0, table.output
    assert re.search(r"^caliber +alarm .* finished +3 .*All pages have a new layout\.$", table.output, re.MULTILINE)
    (report,) = json.loads(CliRunner().invoke(status, [*options, "--json"]).output)
    (row,) = csv.DictReader(io.StringIO(CliRunner().invoke(status, [*options, "--csv"]).output))
    assert (report["state"], report["alarms"][0]["reason"]) == ("alarm", "unknown_layout")
    assert (row["state"], row["alarms"]) == ("alarm", "All pages have a new layout.")
    with Archive.open(redesigned) as archive:
        assert [each["site"] for each in archive.sites.report()] == ["caliber"]
    assert CliRunner().invoke(status, [*options, "--check"]).exit_code == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--csv"], "--csv prints the sites of the archive: add --sites."),
        (["--sites", "--csv", "--json"], "Give either --csv or --json, not both."),
        (["--sites", "--acknowledge", "caliber"], "Give either --sites or --acknowledge, not both."),
    ],
)
def test_options_that_contradict_each_other_are_refused(redesigned: Path, options: list[str], message: str) -> None:
    result = CliRunner().invoke(status, ["--archive", str(redesigned), *options])
    assert (result.exit_code, message in result.output) == (2, True)


def test_an_archive_without_sites_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    Archive.open(path, mode="write").close()
    result = CliRunner().invoke(status, ["--archive", str(path), "--sites"])
    assert (result.exit_code, result.stdout, "caliber crawl URL" in result.stderr) == (0, "", True)
    assert json.loads(CliRunner().invoke(status, ["--archive", str(path), "--sites", "--json"]).stdout) == []
