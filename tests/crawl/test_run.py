"""A run belongs to a crawl with a scope: its heartbeat, its end, and what it resumes."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

from caliber_crawler.archive import Archive
from caliber_crawler.crawling import run as module
from caliber_crawler.crawling.recovery import resume_stored_pages
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.site import Exploration
from caliber_crawler.site.generic import generic_site
from tests.crawl.runs import SCOPE, add, capture, entry, running_on, url_of


class FakeLoop:
    """A looping call that never runs."""

    def __init__(self, call: object) -> None:
        self.running = False

    def start(self, interval: float, now: bool = True) -> None:
        assert interval > 0
        self.running = True

    def stop(self) -> None:
        self.running = False


def crawler_with(path: Path, changed: dict[str, object] = {}, **spider: object) -> Any:  # noqa: B006
    usual = {"ARCHIVE": str(path), "USER_AGENT": "test", "DOWNLOAD_DELAY": 2, "REVISITS_MAX": None}
    settings = Settings(usual | changed)
    return SimpleNamespace(spider=SimpleNamespace(**spider), settings=settings, signals=SignalManager())


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[FakeLoop]:
    loops: list[FakeLoop] = []

    def create(call: object) -> FakeLoop:
        loops.append(FakeLoop(call))
        return loops[-1]

    monkeypatch.setattr(module, "create_looping_call", create)
    return loops


@pytest.mark.parametrize("spider", [{}, {"scope": None}])
def test_a_spider_without_a_scope_has_no_run(tmp_path: Path, spider: dict[str, object]) -> None:
    with pytest.raises(NotConfigured):
        CrawlRun.from_crawler(crawler_with(tmp_path / "a.db", **spider))
    assert not (tmp_path / "a.db").exists()


@pytest.mark.usefixtures("loops")
def test_a_process_keeps_no_run_that_has_ended(tmp_path: Path) -> None:
    crawler = crawler_with(tmp_path / "a.db", scope=SCOPE)
    run = CrawlRun.from_crawler(crawler)
    for signal in (signals.spider_opened, signals.spider_closed):
        crawler.signals.send_catch_log(signal, reason="finished")
    left = weakref.ref(run)
    del run, crawler
    gc.collect()
    assert left() is None


def test_a_run_has_a_heartbeat_until_its_spider_closes(tmp_path: Path, loops: list[FakeLoop]) -> None:
    crawler = crawler_with(tmp_path / "a.db", scope=SCOPE)
    run = CrawlRun.from_crawler(crawler)
    assert (run.scope, run.throttle.delay) == (SCOPE, 2)
    assert not loops[0].running
    crawler.signals.send_catch_log(signals.spider_opened)
    assert all(loop.running for loop in loops)
    crawler.signals.send_catch_log(signals.spider_closed, reason="finished")
    assert not any(loop.running for loop in loops)
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.db.execute("SELECT outcome FROM runs").fetchall()[0][0] is not None


@pytest.mark.parametrize(("setting", "limit"), [(None, None), ("0", 0), ("7", 7)])
def test_a_run_has_the_limit_of_revisits_of_its_settings(
    tmp_path: Path, loops: list[FakeLoop], setting: str | None, limit: int | None
) -> None:
    run = CrawlRun.from_crawler(crawler_with(tmp_path / "a.db", {"REVISITS_MAX": setting}, scope=SCOPE))
    assert run.dispatcher.revisits == limit
    assert run.archive.db.execute("SELECT user_agent FROM runs").fetchone()[0] == "test"
    run.archive.close()


@pytest.mark.parametrize(("days", "lasting"), [("0", 0), ("3", 3), ("0.5", 0.5), ("-1", None), (None, None)])
def test_a_run_counts_an_article_as_lasting_after_the_days_of_its_settings(
    tmp_path: Path, loops: list[FakeLoop], days: str | None, lasting: float | None
) -> None:
    with Archive.open(tmp_path / "other.db", mode="write") as other:
        usual = other.articles.admission.lasting
    changed = {} if days is None else {"LASTING_DAYS": days}
    run = CrawlRun.from_crawler(crawler_with(tmp_path / "a.db", changed, scope=SCOPE))
    assert run.archive.articles.admission.lasting == (usual if lasting is None else timedelta(days=lasting))
    run.archive.close()


def test_a_crawl_of_a_known_generic_site_keeps_its_scheme_and_host(tmp_path: Path, loops: list[FakeLoop]) -> None:
    """Otherwise its articles would be stored again, under other URLs."""
    for start in ("http://www.news.test/a", "https://news.test/b"):
        crawler = crawler_with(tmp_path / "a.db", scope=replace(SCOPE, site=generic_site(start)))
        run = CrawlRun.from_crawler(crawler)
        assert crawler.spider.scope is run.scope
        assert run.scope.site.base_url == "http://www.news.test"
        (source,) = (each for each in run.scope.site.sources if isinstance(each, Exploration))
        assert run.scope.site.requested_url(source.url) == start
        run.archive.close()


@pytest.mark.parametrize("shared", [True, False])
def test_a_run_closes_only_its_own_archive(tmp_path: Path, loops: list[FakeLoop], shared: bool) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        run = CrawlRun.from_crawler(
            crawler_with(tmp_path / "b.db", scope=SCOPE, **({"archive": archive} if shared else {}))
        )
        assert (run.archive is archive) == shared
        assert (tmp_path / "b.db").exists() != shared
        run.close("finished")
        assert archive.runs is not None
        if shared:
            assert archive.db.execute("SELECT count(*) FROM runs").fetchall()[0][0] == 1


def test_stored_pages_that_a_killed_run_did_not_process_are_resumed(tmp_path: Path) -> None:
    with running_on(tmp_path) as killed:
        add(killed, entry("stored"), entry("queued"), entry("other", section="sport"))
        for slug in ("stored", "other"):
            killed.archive.captures.store(capture(slug, body=b"<p>Text.</p>"), killed.id)
        killed.archive.runs.finish(killed.id, "interrupted", None, {})
    with running_on(tmp_path) as run:
        assert [page.url for page in resume_stored_pages(run)] == [url_of("stored")]
        assert run.accounts.counts["resumed"] == 1


@pytest.mark.parametrize(
    ("language", "section", "covered"),
    [
        ("en", "analytics", True),
        (None, "analytics", True),
        ("en", None, True),
        (None, None, True),
        ("ru", "analytics", False),
        ("en", "sport", False),
        ("ru", None, False),
        (None, "sport", False),
    ],
)
def test_a_scope_covers_its_languages_and_sections_and_unknown_ones(
    language: str | None, section: str | None, covered: bool
) -> None:
    assert SCOPE.covers(language, section) == covered


def test_a_run_records_a_backfill_only_if_there_is_one() -> None:
    assert "backfill" not in SCOPE.as_arguments()
    assert replace(SCOPE, backfill=True).as_arguments()["backfill"] is True
