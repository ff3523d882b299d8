"""Requests that need a known article, and the pages of a finished trial crawl."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.doctor.examination import _known_number, _pages
from caliber_crawler.doctor.probes import Probes
from caliber_crawler.doctor.sampling import Sampling
from caliber_crawler.site import Listings, PostIds, Search
from caliber_crawler.trial_crawl import Trial
from tests.crawl.runs import SITE, add, capture, dispatched, entry, running_on, save, store

IDS = next(source for source in SITE.sources if isinstance(source, PostIds))
SEARCH = next(source for source in SITE.sources if isinstance(source, Search))
KNOWN = ("en", 123)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    site = replace(SITE, sources=(Listings(), SEARCH, IDS))
    with running_on(tmp_path, site=site) as run:
        yield run


def paths(probes: Probes) -> list[str]:
    return [url.removeprefix(SITE.base_url) for url in probes.requested]


def test_a_known_post_id_is_requested_in_its_language(run: CrawlRun) -> None:
    probes = Probes(run=run, known=KNOWN)
    assert probes.enqueue()
    assert paths(probes) == ["/en/post/123"]
    assert {*probes.requested.values()} == {"post_ids"}
    assert probes.known == KNOWN


def test_a_post_id_that_a_list_links_to_is_requested(run: CrawlRun) -> None:
    add(run, entry("a-slug"), entry("456"), entry("457"))
    probes = Probes(run=run)
    assert probes.enqueue()
    assert (probes.known, paths(probes)) == (("en", 456), ["/en/post/456"])


def test_without_a_known_article_a_post_id_is_guessed_in_every_language(run: CrawlRun) -> None:
    probes = Probes(run=run)
    assert probes.enqueue()
    middle = (IDS.first + IDS.last) // 2
    assert {*paths(probes)} == {path.format(number=middle).rstrip("/") for path in IDS.paths.values()}
    assert probes.known is None


def test_probes_are_queued_once(run: CrawlRun) -> None:
    probes = Probes(run=run, known=KNOWN)
    assert [probes.enqueue(), probes.enqueue()] == [True, False]


def test_a_site_without_search_and_post_ids_needs_no_probes(tmp_path: Path) -> None:
    with running_on(tmp_path, site=replace(SITE, sources=(Listings(),))) as run:
        assert not Probes(run=run, known=KNOWN).enqueue()


def test_the_longest_word_of_a_headline_is_searched_for(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, headline="A 1234567890 war of words in Nakhchivan and Baku")
    probes = Probes(run=run, known=KNOWN)
    probes.enqueue()
    assert paths(probes) == ["/search/Nakhchivan", "/en/post/123"]
    queued = run.archive.frontier.get(f"{SITE.base_url}/search/Nakhchivan")
    assert queued is not None
    assert (queued.kind, queued.discovered_via) == ("listing", "search")


def test_a_headline_without_long_words_is_not_searched_for(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page, headline="He is 1234567890")
    probes = Probes(run=run, known=KNOWN)
    probes.enqueue()
    assert paths(probes) == ["/en/post/123"]


@pytest.mark.parametrize("known", [KNOWN, None])
def test_a_page_of_the_sample_has_its_discovery_source(run: CrawlRun, known: tuple[str, int] | None) -> None:
    plan = Sampling(known)
    plan.begin(run)
    assert plan.probes is not None
    assert run.dispatcher.backlog is plan.probes
    plan.probes.enqueue()
    add(run, entry("list", kind="listing", discovered_via="feed", page_number=2))
    guessed = next(iter(plan.probes.requested))
    store(run, capture("list", kind="listing", body=b"<p>"))
    store(run, replace(capture("x", status=404), url=guessed))
    listing, numbered = _pages(Trial(run, run.archive), plan)
    assert (listing.discovered_via, listing.page_number) == ("feed", 2)
    assert (numbered.discovered_via, numbered.capture.url) == ("post_ids", guessed)
    assert {listing.sure, numbered.sure} == {known is not None}


def test_the_newest_post_id_of_the_archive_is_known(tmp_path: Path) -> None:
    with running_on(tmp_path) as run:
        (page,) = dispatched(run, "789")
        save(run, page)
    assert _known_number(tmp_path / "run.db", SITE.name) == ("en", 789)
    assert _known_number(tmp_path / "run.db", "orf") is None


def test_without_an_archive_no_post_id_is_known(tmp_path: Path) -> None:
    assert _known_number(tmp_path / "a.db", SITE.name) is None
    assert list(tmp_path.iterdir()) == []


def test_an_empty_archive_has_no_post_id(tmp_path: Path) -> None:
    Archive.open(tmp_path / "a.db", mode="write").close()
    assert _known_number(tmp_path / "a.db", SITE.name) is None
