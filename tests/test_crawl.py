"""Real crawls of the demo site over loopback, compared with its ground truth."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AT, Result, run_module, start

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--concurrency", 8)
FIELDS = (
    "headline",
    "subtitle",
    "body",
    "published_at",
    "published_local",
    "section",
    "section_label",
    "language",
    "views",
    "signature",
    "cover_image",
    "post_number",
)


@contextmanager
def connected(archive: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def articles(archive: Path) -> dict[str, dict[str, Any]]:
    with connected(archive) as connection:
        return {row["slug"]: dict(row) for row in connection.execute("select * from article_texts")}


def count(archive: Path, table: str, where: str = "1") -> int:
    with connected(archive) as connection:
        number: int = connection.execute(f"select count(*) from {table} where {where}").fetchone()[0]
        return number


def differences(archive: Path, truth: dict[str, dict[str, Any]]) -> list[str]:
    """The differences between archive and site, one line each."""
    archived = articles(archive)
    lines = [f"{slug}: missing" for slug in truth.keys() - archived.keys()]
    lines += [f"{slug}: not on the site" for slug in archived.keys() - truth.keys()]
    for slug in truth.keys() & archived.keys():
        page, article = truth[slug], archived[slug]
        lines += [
            f"{slug}: {field} is {article[field]!r}, not {page[field]!r}"
            for field in FIELDS
            if field != "post_number" and article[field] != page[field]
        ]
        if (article["authors"] or "").split("; ") != (page["authors"] or [""]):
            lines.append(f"{slug}: authors are {article['authors']!r}, not {page['authors']!r}")
    return lines


def test_a_crawl_stores_exactly_the_ground_truth_of_the_site(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve(articles=300, sections=("analytics",)) as demo:
        result = caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        truth = demo.truth()
    assert result.exit_code == 0, result.stderr
    assert Counter(page["language"] for page in truth.values()).keys() == {"en", "ru", "hy"}
    assert differences(archive, truth) == []
    with connected(archive) as connection:
        linked = {
            row["slug"]: row["urls"].split(" ")
            for row in connection.execute(
                "select slug, (select group_concat(url, ' ') from (select url from links where article_id = a.id"
                " order by position)) as urls from articles a where urls is not null"
            )
        }
    cited = {slug: page["links"] + [tweet["url"] for tweet in page["tweets"]] for slug, page in truth.items()}
    assert {slug: set(urls) for slug, urls in linked.items()} == {
        slug: set(urls) for slug, urls in cited.items() if urls
    }


def test_a_second_crawl_stores_nothing_new_and_requests_only_lists(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve(articles=120, sections=("analytics",)) as demo:
        article_count = len(demo.truth())
        first = caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--json").json
        before = len(demo.requests())
        again = caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        paths = [request["path"] for request in demo.requests()[before:]]
    assert first["stored"] == first["discovered"] == article_count
    assert again.exit_code == 0
    assert "stored 0" in again.stdout
    listings = ["/en/category/analytics", "/category/analitika", "/arm/category/analytics"]
    assert sorted(paths) == sorted(["/robots.txt", "/rss.xml", *listings])
    assert count(archive, "versions") == article_count


def test_every_discovered_page_has_one_outcome(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo:
        limited = ("--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--json")
        runs = [caliber("crawl", *limited, "--limit", 5).json, caliber("crawl", *limited).json]
    for run in runs:
        outcomes = ("stored", "unchanged", "refused", "failed", "remaining")
        assert run["discovered"] == sum(run.get(outcome, 0) for outcome in outcomes)
    assert runs[0]["outcome"] == "stopped"
    assert runs[0]["stored"] == 5
    assert runs[0]["remaining"] > 0
    assert runs[1]["outcome"] == "finished"
    assert runs[1]["remaining"] == 0


def test_a_killed_crawl_resumes_where_it_left_off(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve(articles=120, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        for captures in (15, 50, 80):
            _kill_when(archive, captures, arguments)
        last = caliber(*arguments)
        fetched = Counter(request["path"] for request in demo.requests() if "/post/" in request["path"])
        truth = demo.truth()
    assert last.exit_code == 0, last.stderr
    assert differences(archive, truth) == []
    assert count(archive, "versions") == len(truth)
    assert sum(fetched.values()) - len(fetched) <= 3 * 8, "more extra fetches than were in flight"
    assert count(archive, "runs", "outcome = 'interrupted'") == 3


def _kill_when(archive: Path, captures: int, arguments: tuple[object, ...]) -> None:
    process = start(*arguments)
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if archive.exists() and _stored_pages(archive) >= captures:
            break
        time.sleep(0.02)
    assert process.poll() is None, "the crawl ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def _stored_pages(archive: Path) -> int:
    try:
        return count(archive, "captures", "kind = 'article'")
    except sqlite3.Error:
        return 0


def test_an_interrupted_crawl_stops_cleanly(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with serve() as demo:
        output = tmp_path / "output"
        with output.open("wb") as stdout:
            process = start(
                *("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0.2), stdout=stdout
            )
        while not archive.exists() or _stored_pages(archive) < 2:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 1
    assert "stopped" in output.read_text()
    assert count(archive, "runs", "outcome = 'stopped' and finished_at is not null") == 1


def test_requests_name_the_contact_and_are_sent_once_per_second(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve() as demo:
        contact = {"CALIBER_CONTACT": "archive@example.org"}
        caliber("crawl", "--base-url", demo.base_url, "--archive", tmp_path / "a.db", "--limit", 3, **contact)
        requests = demo.requests()
    assert len(requests) >= 5
    assert requests[0]["path"] == "/robots.txt"
    for request in requests:
        assert request["user_agent"].startswith("caliber_crawler/")
        assert "(+archive@example.org)" in request["user_agent"]
    times = [datetime.fromisoformat(request["time"]).timestamp() for request in requests]
    # One second, minus the time by which a busy server may log the previous request late.
    assert [later - earlier for earlier, later in pairwise(times) if later - earlier < 0.8] == []


def test_only_the_requested_edition_is_crawled(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve() as demo:
        caliber("crawl", "--base-url", demo.base_url, "--archive", archive, "--language", "arm", *FAST)
        truth = demo.truth(section="analytics", language="hy")
    assert differences(archive, truth) == []


def test_only_articles_in_the_requested_date_range_are_crawled(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve(articles=100, sections=("analytics",)) as demo:
        truth = demo.truth()
        dates = sorted(page["published_at"] for page in truth.values())
        since, until = dates[60], dates[85]
        window = ("--since", since, "--until", until)
        caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, *window)
        inside = {slug: page for slug, page in truth.items() if since <= page["published_at"] < until}
        assert differences(archive, inside) == []
        before = len(demo.requests())
        caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, *window)
        assert not [r for r in demo.requests()[before:] if "/post/" in r["path"]]
        caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
    assert differences(archive, truth) == []


def test_an_edit_adds_a_version_and_every_visit_adds_a_view_count(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    clock = Clock(AT)
    with serve(articles=100, sections=("analytics",), clock=clock) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        clock.now = _just_before_a_headline_and_a_body_change(demo.truth())
        before = {page["slug"]: page for page in demo.site.truth(clock.now)}
        caliber(*arguments)
        clock.now = AT
        after = demo.truth()
        with closing(sqlite3.connect(archive)) as connection, connection:
            connection.execute("update frontier set due_at = '2024-01-01T00:00:00Z' where kind = 'article'")
        time.sleep(1)  # an article has one view count in a second
        caliber(*arguments)
    edited = {slug for slug, page in before.items() if page["body"] != after[slug]["body"]}
    retitled = {slug for slug, page in before.items() if page["headline"] != after[slug]["headline"]}
    assert edited
    assert retitled
    assert differences(archive, after) == []
    with connected(archive) as connection:
        edits = {row[0] for row in connection.execute("select slug from edits join articles a on a.id = article_id")}
    assert edits >= edited | retitled
    assert count(archive, "view_counts") == len(before) + len(after)


def _just_before_a_headline_and_a_body_change(truth: dict[str, dict[str, Any]]) -> datetime:
    edits = next(page["edits"] for page in truth.values() if len({edit["kind"] for edit in page["edits"]} - {""}) > 1)
    return datetime.fromisoformat(edits[0]["at"]) - timedelta(minutes=1)


class Clock:
    """A manual clock."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_an_unreachable_site_is_reported(caliber: Callable[..., Result], closed_port: int, tmp_path: Path) -> None:
    result = caliber("crawl", "--base-url", f"http://127.0.0.1:{closed_port}", "--archive", tmp_path / "a.db", *FAST)
    assert result.exit_code == 10
    assert f"127.0.0.1:{closed_port}" in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("crawl", "--section", "horoscope"), ("horoscope", "analytics")),
        (("crawl", "--language", "fr"), ("fr", "en", "ru", "hy")),
        (("crawl", "--since", "yesterday"), ("yesterday",)),
        (("crawl", "gazette"), ("gazette", "caliber")),
        (("crawl",), ("caliber.az", "CALIBER_CONTACT")),
    ],
)
def test_an_invalid_option_is_reported_in_one_sentence(
    caliber: Callable[..., Result], tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    archive = tmp_path / "archive.db"
    result = caliber(*arguments, "--archive", archive)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert all(word in result.stderr for word in words)
    assert not archive.exists()


def test_a_foreign_database_is_not_modified(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("create table dishes (name)")
    before = foreign.read_bytes()
    with serve() as demo:
        result = caliber("crawl", "--base-url", demo.base_url, "--archive", foreign, *FAST)
        assert not demo.requests()
    assert result.exit_code == 7
    assert str(foreign) in result.stderr
    assert "Traceback" not in result.stderr
    assert foreign.read_bytes() == before


def test_a_second_crawl_of_an_archive_in_use_fails(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "archive.db"
    with serve() as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive)
        first = start(*arguments)
        try:
            while not archive.exists() or _stored_pages(archive) < 1:
                time.sleep(0.05)
            second = caliber(*arguments)
        finally:
            first.kill()
            first.wait()
    assert second.exit_code == 9
    assert str(archive) in second.stderr
    assert "Traceback" not in second.stderr


def test_scrapy_crawl_gives_the_same_archive(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with serve() as demo:
        arguments = ["-a", "section=analytics", "-a", "language=en", "-a", f"base_url={demo.base_url}"]
        arguments += ["-s", "DOWNLOAD_DELAY=0"]
        done = run_module("scrapy", "crawl", "caliber", *arguments, CALIBER_ARCHIVE=str(archive))
        truth = demo.truth(section="analytics", language="en")
    assert done.exit_code == 0, done.stderr
    assert differences(archive, truth) == []


def test_a_crawl_listens_on_no_port(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "archive.db"
    with serve() as demo:
        process = start("crawl", "--base-url", demo.base_url, "--archive", archive)
        try:
            while not archive.exists() or _stored_pages(archive) < 1:
                time.sleep(0.05)
            assert _listening(process.pid) == []
        finally:
            process.kill()
            process.wait()


def _listening(pid: int) -> list[str]:
    """The local addresses on which a process listens, from the kernel's tables."""
    targets = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {target[len("socket:[") : -1] for target in targets if target.startswith("socket:")}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in sockets]
