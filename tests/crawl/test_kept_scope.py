"""A crawl of what is due keeps to what earlier crawls were asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.kept_scope import with_kept_scope
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site


def scope_after(*crawls: CrawlOptions, **due: Any) -> Scope:
    """The scope of a crawl of what is due after these crawls."""
    due_scope = CrawlOptions(due=True, **due).scope(SITE)
    return with_kept_scope(due_scope, [crawl.scope(SITE).as_arguments() for crawl in crawls])


def test_without_earlier_crawls_the_scope_is_the_default() -> None:
    assert scope_after() == CrawlOptions(due=True).scope(SITE)


def test_dates_languages_and_sections_are_kept() -> None:
    scope = scope_after(CrawlOptions(section="politics", language="en", since="2025-10-10"))
    assert (scope.languages, scope.sections) == (("en",), ("politics",))
    assert scope.window.since == datetime(2025, 10, 9, 20, tzinfo=UTC)
    assert scope.window.until is None


@pytest.mark.parametrize(
    ("since", "kept"), [(("2025-10-10", "2026-01-01"), "2025-10-10"), (("2025-10-10", ""), ""), (("",), "")]
)
def test_several_crawls_count_together(since: tuple[str, ...], kept: str) -> None:
    scope = scope_after(*(CrawlOptions(since=each) for each in since))
    assert scope.window == CrawlOptions(since=kept).scope(SITE).window


def test_what_the_crawl_states_has_precedence() -> None:
    earlier = CrawlOptions(section="politics", language="en", since="2025-10-10")
    scope = scope_after(earlier, section="opinion", since="2026-01-01")
    assert (scope.languages, scope.sections) == (("en",), ("opinion",))
    assert scope.window == CrawlOptions(since="2026-01-01").scope(SITE).window


@pytest.mark.parametrize("single", [CrawlOptions(search="corridor"), CrawlOptions(ids="1-500"), CrawlOptions(urls="-")])
def test_a_search_or_a_list_of_urls_is_no_scope_of_the_site(single: CrawlOptions) -> None:
    assert scope_after(single) == CrawlOptions(due=True).scope(SITE)


def test_the_archive_knows_what_was_asked_for(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        for options in (
            CrawlOptions(since="2025-10-10", limit=5),
            CrawlOptions(since="2025-10-10"),
            CrawlOptions(due=True),
        ):
            arguments = options.scope(SITE).as_arguments()
            archive.runs.start("crawl", site="caliber", arguments=arguments, settings={}, software={})
        (kept,) = archive.run_history.requested_scopes("caliber")
        assert kept["since"] == CrawlOptions(since="2025-10-10").scope(SITE).as_arguments()["since"]
        assert archive.run_history.requested_scopes("other") == []
