"""The exit codes of commands, the units of a summary, and the words of a message."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster import definitions as cluster_definitions
from caliber_crawler.cluster import jobs as cluster_jobs
from caliber_crawler.cluster.work import Work
from caliber_crawler.commands import ingest as ingest_command
from caliber_crawler.commands.browse import browse
from caliber_crawler.commands.cluster import cluster
from caliber_crawler.commands.crawl import worst
from caliber_crawler.commands.crawling import ProgressLine, run_spider
from caliber_crawler.commands.doctor import MAX_SUBJECT_LENGTH, doctor, shorten
from caliber_crawler.commands.migrate import migrate
from caliber_crawler.commands.reextract import reextract
from caliber_crawler.crawl_process import Crawl
from caliber_crawler.crawling.exit_code import exit_code
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.doctor import Finding, ScrollRequest
from caliber_crawler.errors import (
    CHECKS_FAILED,
    ArticleTakenDown,
    ClusterError,
    NoArchive,
    NoPages,
    NotAPage,
    SiteError,
)
from caliber_crawler.ingest.ingester import Ingester
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.crawl.runs import running_on

FOUND = ScrollRequest("https://caliber.az/en", ["https://caliber.az/en?page=2"], [9], more="?page={page}")


def invoke(command: Any, *words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def ingested(*, skipped: dict[str, int] | None = None, **counts: int) -> int:
    """The exit code of an ingestion with these counts."""
    ingester = SimpleNamespace(counts=Counter(counts), skipped=Counter(skipped or {}))
    return ingest_command._exit_code(cast(Ingester, ingester))


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({"pages": 3, "new": 3}, 0),
        ({"urls": 2}, 0),
        ({}, NoPages.exit_code),
        ({"pages": 2, "refused": 2}, NotAPage.exit_code),
        ({"pages": 2, "refused": 1}, CHECKS_FAILED),
        ({"pages": 2, "taken_down": 2}, ArticleTakenDown.exit_code),
        ({"pages": 2, "taken_down": 1}, 0),
    ],
)
def test_the_exit_code_of_ingest_names_the_cause(counts: dict[str, int], code: int) -> None:
    assert ingested(**counts) == code


@pytest.mark.parametrize("reason", ingest_command.REPORTED_SKIPS)
def test_an_archive_with_only_damaged_records_is_not_called_empty(reason: str) -> None:
    assert ingested(skipped={reason: 4}) == CHECKS_FAILED
    assert ingested(pages=1, skipped={reason: 1}) == CHECKS_FAILED


def test_records_that_are_skipped_by_design_are_not_damaged() -> None:
    assert ingested(pages=1, new=1, skipped={"not_a_page": 5}) == 0


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([0, 0], 0), ([0, 10], 10), ([3, 10], 10), ([8, 10], 1), ([3], 3)]
)
def test_several_crawls_have_one_exit_code(codes: list[int], code: int) -> None:
    assert worst(codes) == code


@pytest.mark.parametrize(
    ("outcome", "limits_reached", "code"),
    [("failed", False, 1), ("stopped", False, 1), ("stopped", True, 3), ("finished", False, 3)],
)
def test_a_failed_or_stopped_crawl_ends_with_an_error(outcome: str, limits_reached: bool, code: int) -> None:
    accounts = SimpleNamespace(
        outcome=outcome, counts=Counter(), checks_passed=lambda *, due_only: False, unreachable=False, halted=None
    )
    parts = {
        "dispatcher": SimpleNamespace(limits_reached=limits_reached, budget_used_up=False, limit_reached=False),
        "scope": SimpleNamespace(due_only=False),
    }
    assert exit_code(cast(CrawlRun, SimpleNamespace(accounts=accounts, explorer=None, **parts))) == code


def test_a_crawl_that_cannot_start_raises_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(crawls: list[Crawl], *_: object, **__: object) -> None:
        crawls[0].error = SiteError("there is no such section")

    monkeypatch.setattr("caliber_crawler.commands.crawling.crawl_sites", fail)
    with pytest.raises(SiteError, match="no such section"):
        run_spider(CaliberSpider, cast(Any, {}), cast(Any, None))


def test_the_progress_line_counts_the_sites_if_there_are_several(tmp_path: Path) -> None:
    with running_on(tmp_path) as run, ProgressLine() as line:
        run.accounts.counts.update(pages=1200, new=2)
        crawls = [Crawl(spider=CaliberSpider, run=run), Crawl(spider=CaliberSpider)]
        line.show(crawls)
        assert line._line.desc.startswith("sites 1 of 2, 1 running  pages 1,200  new 2  updated 0")
        line.show(crawls[:1])
        assert line._line.desc.startswith("pages 1,200")


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_the_doctor_has_no_definition_of_an_unknown_site() -> None:
    assert isinstance(invoke(doctor, "gazette").exception, SiteError)


@pytest.mark.parametrize(("more", "code"), [(FOUND.more, 0), ("", 3)])
def test_a_scroll_search_without_a_result_has_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, more: str, code: int
) -> None:
    request = ScrollRequest(FOUND.listing, FOUND.requests, FOUND.teasers, more)
    monkeypatch.setattr("caliber_crawler.doctor.find_scroll_request", lambda *_, **__: request)
    printed = invoke(doctor, "--scroll")
    assert (printed.exit_code, printed.stdout) == (code, f"{request.sentence}\n")
    as_json = invoke(doctor, "--scroll", "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (code, request.as_row())


@pytest.mark.parametrize(
    ("sound", "code", "mark"), [((True, None), 0, "?"), ((True, False), 3, "WRONG"), ((True,), 0, "ok")]
)
def test_only_a_difference_from_the_definition_fails_the_doctor(
    monkeypatch: pytest.MonkeyPatch, sound: tuple[bool | None, ...], code: int, mark: str
) -> None:
    findings = [Finding(f"listing {CaliberSpider.site.base_url}/en/{n}", each, "found") for n, each in enumerate(sound)]
    monkeypatch.setattr("caliber_crawler.doctor.check_live_site", lambda *_, **__: findings)
    printed = invoke(doctor)
    assert printed.exit_code == code
    row = printed.stdout.splitlines()[-1].split()
    assert row[:3] == [mark, "listing", f"/en/{len(sound) - 1}"]
    as_json = invoke(doctor, "--json")
    assert (as_json.exit_code, [row["sound"] for row in json.loads(as_json.stdout)]) == (code, [*sound])


@pytest.mark.parametrize("length", [1, MAX_SUBJECT_LENGTH - 1, MAX_SUBJECT_LENGTH, MAX_SUBJECT_LENGTH + 1, 500])
def test_a_long_subject_keeps_its_start_and_its_end(length: int) -> None:
    subject = "".join(chr(33 + place % 90) for place in range(length))
    short = shorten(subject)
    assert len(short) <= MAX_SUBJECT_LENGTH
    assert (short == subject) == (length <= MAX_SUBJECT_LENGTH)
    start, _, end = short.partition("…")
    assert subject.startswith(start)
    assert subject.endswith(end)
    assert abs(len(start) - len(end)) <= 1 or not end


# --- cluster ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queued", "known", "lines"),
    [
        (["caliber"], [], ["Queued caliber."]),
        (["caliber", "orf"], [], ["Queued 2 jobs."]),
        ([], ["orf"], ["Queued 0 jobs.", "Already in the queue: orf."]),
    ],
)
def test_queued_and_known_jobs_are_reported(
    monkeypatch: pytest.MonkeyPatch, queued: list[str], known: list[str], lines: list[str]
) -> None:
    answer = tuple([Work(site=site) for site in sites] for sites in (queued, known))
    monkeypatch.setattr(cluster_jobs, "enqueue", lambda *_: answer)
    monkeypatch.setattr(cluster_definitions, "stored_definitions", lambda dsn: {})
    assert invoke(cluster, "enqueue", *queued, *known).output.splitlines() == lines
    as_json = json.loads(invoke(cluster, "enqueue", *queued, *known, "--json").output)
    assert as_json == {"queued": queued, "known": known}


@pytest.mark.parametrize("words", [(), ("caliber", "--all")])
def test_sites_are_named_or_all_but_not_both(words: tuple[str, ...]) -> None:
    result = invoke(cluster, "enqueue", *words)
    assert (result.exit_code, "--all" in result.output) == (2, True)


def test_each_section_of_a_site_is_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_jobs, "enqueue", lambda dsn, works, locks: (works, []))
    monkeypatch.setattr(cluster_definitions, "stored_definitions", lambda dsn: {})
    words = ("enqueue", "caliber", "--each-section", "--section", "analytics,opinion", "--minutes", 2, "--json")
    assert json.loads(invoke(cluster, *words).output)["queued"] == ["caliber analytics", "caliber opinion"]


def test_a_worker_logs_to_standard_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster_definitions, "stored_definitions", lambda dsn: {})

    class Worker:
        def __init__(self, *arguments: Any) -> None:
            self.log = arguments[-1]

        def run(self) -> None:
            self.log("started")

    monkeypatch.setattr("caliber_crawler.cluster.worker.Worker", Worker)
    result = invoke(cluster, "worker", "--shards", tmp_path)
    assert result.stdout == ""
    assert result.stderr.endswith(" started\n")


def test_a_password_on_the_command_line_is_refused() -> None:
    result = invoke(cluster, "status", "--dsn", "postgresql://caliber:secret@127.0.0.1:1/caliber")
    assert (result.exit_code, "secret" in result.output) == (2, False)
    assert isinstance(invoke(cluster, "status", "--dsn", "postgresql://u@127.0.0.1:1/c").exception, ClusterError)


# --- commands on an archive -------------------------------------------------------------------------------------------


def test_a_missing_archive_is_not_created_by_migrate(tmp_path: Path) -> None:
    assert isinstance(invoke(migrate, "--archive", tmp_path / "a.db").exception, NoArchive)
    assert list(tmp_path.iterdir()) == []


def test_a_current_archive_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Archive.open(path, mode="write").close()
    assert invoke(migrate, "--archive", path).output == f"{path} is up to date (schema {VERSION}).\n"
    as_json = json.loads(invoke(migrate, "--archive", path, "--json").output)
    assert as_json == {"from": VERSION, "to": VERSION, "copy": None}


@pytest.mark.parametrize(
    ("host", "public", "refused"),
    [
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("localhost", False, False),
        ("127.0.0.1", True, False),
        ("0.0.0.0", False, True),
        ("0.0.0.0", True, False),
    ],
)
def test_a_host_that_others_can_reach_needs_public_mode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, public: bool, refused: bool
) -> None:
    Archive.open(tmp_path / "a.db", mode="write").close()
    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda program, words, variables: started.append(words))
    result = invoke(browse, "--archive", tmp_path / "a.db", "--host", host, *["--public"] * public)
    assert (result.exit_code, bool(started)) == ((2, False) if refused else (0, True))
    for words in started:
        assert words[words.index("--host") + 1] == host
        assert ("--metadata" in words) == public


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_reextraction_without_pages_is_not_a_run(tmp_path: Path, dry_run: bool) -> None:
    path = tmp_path / "a.db"
    Archive.open(path, mode="write").close()
    printed = invoke(reextract, "--archive", path, "--jobs", 1, *["--dry-run"] * dry_run)
    assert printed.output.startswith("Nothing to do")
    as_json = json.loads(invoke(reextract, "--archive", path, "--jobs", 1, "--json").output)
    assert (as_json["run"], as_json["pages"], as_json["examples"]) == (None, 0, [])
