"""Explorations of whole sites, without a server: everything but the network is real."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from caliber_crawler.archive import Archive, ReextractionFilter
from caliber_crawler.crawling.pagination import Window
from caliber_crawler.site.generic import generic_site
from tests.discovery.driven import BASE_URL, Answer, Paper, PaperCrawler
from tests.discovery.kinds import KINDS
from tests.discovery.whole_sites import THEMES, Numbered, WholeSite


def explorer_of(site: WholeSite, path: Path, start: str = "/") -> PaperCrawler:
    return PaperCrawler(path / "a.db", site.paper(), generic_site(BASE_URL + start))


def stored(crawler: PaperCrawler) -> set[str]:
    return {url.removeprefix(BASE_URL) for (url,) in crawler.rows("SELECT url FROM articles")}


QUICK = ("word-press", "token", "script")
"""Themes whose sites `make check` explores: pages of their own, a request for more, a list written by a script."""


@pytest.mark.parametrize(
    "theme", [theme if theme in QUICK else pytest.param(theme, marks=pytest.mark.slow) for theme in THEMES]
)
def test_a_whole_site_is_found_from_its_home_page(theme: str, tmp_path: Path) -> None:
    site = THEMES[theme]
    crawler = explorer_of(site, tmp_path)
    crawl = crawler.crawl(languages=(), sections=())
    assert stored(crawler) == {site.slug(number) for number in range(site.articles)}
    assert len(crawl.requested) <= 1.5 * site.articles
    assert len(crawl.requested) == len(set(crawl.requested))
    assert crawl.counts["articles_left"] == 0
    assert crawl.counts["articles_known"] >= 0.8 * crawl.counts["site_size"]  # complete: exit code 0


MORE_REQUESTS = {"static_footer": 1.6, "full_text_lists": 1.8, "views": 1.8}
"""Requests per article of small sites with many other pages; 1.5 of all others."""


QUICK_KINDS = ("only_feed", "copies", "upper_case", "static_footer", "fragments", "soft_404", "sessions")
"""Kinds of sites that `make check` explores."""


@pytest.mark.parametrize(
    "name", [name if name in QUICK_KINDS else pytest.param(name, marks=pytest.mark.slow) for name in KINDS]
)
def test_every_kind_of_site_is_stored_without_its_other_pages(name: str, tmp_path: Path) -> None:
    site = KINDS[name]()
    crawler = PaperCrawler(tmp_path / "a.db", site, generic_site(BASE_URL + "/"))
    crawl = crawler.crawl(languages=(), sections=(), requests=500)
    assert stored(crawler) == site.articles
    assert len(crawl.requested) <= MORE_REQUESTS.get(name, 1.5) * len(site.articles)


def test_an_article_is_not_requested_for_each_place_of_a_click(tmp_path: Path) -> None:
    """No page names its own URL, so the first three articles show that the parameter selects nothing."""
    site = KINDS["medium"]()
    site.pages = {path: re.sub('<link rel="canonical"[^>]*>', "", str(html)) for path, html in site.pages.items()}
    crawler = PaperCrawler(tmp_path / "a.db", site, generic_site(BASE_URL + "/"))
    crawler.crawl(languages=(), sections=(), requests=500)
    found = [url.partition("?")[0] for url in stored(crawler)]
    assert set(found) == site.articles
    assert len(found) <= len(site.articles) + 4
    assert crawler.rows("SELECT count(*) > 40 FROM frontier WHERE reason = 'same_text'") == [(1,)]
    again = crawler.crawl(languages=(), sections=(), requests=500)
    assert not [path for path in again.requested if path.partition("?")[0] in site.articles]


@pytest.mark.parametrize("start", ["/category/culture", "/story-7", "/about"])
def test_a_whole_site_is_found_from_any_of_its_pages(start: str, tmp_path: Path) -> None:
    site = WholeSite()
    crawler = explorer_of(site, tmp_path, start)
    crawler.crawl(languages=(), sections=())
    assert stored(crawler) == {site.slug(number) for number in range(site.articles)}


def test_an_exploration_that_is_killed_at_any_page_resumes(tmp_path: Path) -> None:
    site = WholeSite(articles=20)
    crawler = explorer_of(site, tmp_path)
    requested: list[str] = []
    for _ in range(30):
        crawl = crawler.crawl(stop_after=7, languages=(), sections=())
        requested += crawl.requested
        if not any(site_page.startswith(("/the-", "/story-")) for site_page in crawl.requested):
            break
    assert stored(crawler) == {site.slug(number) for number in range(site.articles)}
    articles = [path for path in requested if path.startswith(("/the-", "/story-"))]
    assert len(articles) == len(set(articles))


def test_a_second_exploration_finds_what_is_new_with_few_requests(tmp_path: Path) -> None:
    site = WholeSite()
    crawler = explorer_of(site, tmp_path)
    crawler.crawl(languages=(), sections=())
    older, site.articles = {site.slug(number) for number in range(40)}, 43
    crawler.paper = site.paper()
    # The site shows its newest articles first.
    site.members = lambda section: [  # type: ignore[method-assign]
        number for number in range(42, -1, -1) if not section or number % 2 == site.sections.index(section)
    ]
    crawler.paper = site.paper()
    crawl = crawler.crawl(languages=(), sections=())
    assert stored(crawler) - older == {site.slug(number) for number in (40, 41, 42)}
    assert len(crawl.requested) <= 15


FORMS = (
    *("/archives/12345", "/technology/archive/2026/11/bridge-rebuilt-town/12346/", "/archive/12347-bridge"),
    *("/topic/world/2026/11/20/bridge-rebuilt-town", "/?p=12348", "/index.php?id=12349", "/news.php?id=12350"),
    *("/article.asp?id=12351", "/node/412", "/story/12", "/x", "/Über-uns-und-die-Stadt"),
)


def test_what_a_headline_links_to_is_fetched_whatever_its_url_looks_like(tmp_path: Path) -> None:
    site = WholeSite(articles=len(FORMS))
    site.slug = FORMS.__getitem__  # type: ignore[method-assign]
    bodies = {path: site.article(number) for number, path in enumerate(FORMS)}
    paper = Paper(sections={})

    def answer(path: str, query: dict[str, str]) -> Answer:
        url = path + "".join(f"?{name}={value}" for name, value in query.items())
        home = site.page("Town News", "".join(map(site.teaser, range(len(FORMS)))))
        return Answer(home) if url == "/" else Answer(bodies.get(url) or bodies.get(url + "/", "none"))

    for path in {"/", *(form.partition("?")[0] for form in FORMS)}:
        paper.pages[quote(path).rstrip("/") or "/"] = partial(answer, path)
    crawler = PaperCrawler(tmp_path / "a.db", paper, generic_site(BASE_URL))
    crawler.crawl(languages=(), sections=())
    assert stored(crawler) == {quote(form, safe="/?=").rstrip("/") for form in FORMS}


def test_articles_outside_the_requested_dates_are_not_stored(tmp_path: Path) -> None:
    site = WholeSite(articles=28)
    crawler = explorer_of(site, tmp_path)
    since = Window(since=datetime(2026, 1, 15, tzinfo=UTC))
    crawler.crawl(languages=(), sections=(), window=since)
    assert stored(crawler) == {site.slug(number) for number in range(14, 28)}
    crawler.crawl(languages=(), sections=())
    assert len(stored(crawler)) == 28


def query_site(articles: int) -> tuple[WholeSite, Paper]:
    """A site whose articles differ only in their query."""
    site = Numbered(articles=articles)
    site.slug = lambda number: f"/?p={number + 500}"  # type: ignore[method-assign]
    paper = site.paper()
    home = paper.pages["/"]
    assert callable(home)

    def answer(query: dict[str, str]) -> Answer:
        number = int(query.get("p", 0)) - 500
        return Answer(site.article(number)) if 0 <= number < articles else home(query)

    paper.pages["/"] = answer
    return site, paper


def test_articles_that_differ_only_in_their_query_are_all_found(tmp_path: Path) -> None:
    site, paper = query_site(60)
    crawler = PaperCrawler(tmp_path / "a.db", paper, generic_site(BASE_URL))
    crawler.crawl(languages=(), sections=())
    assert stored(crawler) == {site.slug(number) for number in range(60)}


def test_a_calendar_is_a_trap(tmp_path: Path) -> None:
    site = WholeSite(articles=12)
    crawler = explorer_of(site, tmp_path)

    def calendar(query: dict[str, str]) -> Answer:
        month = int(query.get("month", 1))
        links = "".join(f'<a href="/calendar?month={month + each}">{month + each}</a>' for each in range(1, 30))
        return Answer(site.page("Calendar", f"<h1>Events of month {month}</h1><div>{links}</div>"))

    crawler.paper.pages["/calendar"] = calendar
    crawler.paper.pages["/about"] = Answer(site.page("About", '<h1>About</h1><a href="/calendar">Calendar</a>'))
    crawl = crawler.crawl(languages=(), sections=())
    assert len(stored(crawler)) == 12
    assert sum(path.startswith("/calendar") for path in crawl.requested) <= 25


def test_invalid_links_are_counted(tmp_path: Path) -> None:
    site = WholeSite(articles=12)
    crawler = explorer_of(site, tmp_path)
    links = '<a href="http://[bad/x">A</a><a href="mailto:a@b.example">B</a><a href="https://other.example/">C</a>'
    crawler.paper.pages["/about"] = Answer(site.page("About", f"<h1>About</h1>{links}"))
    assert crawler.crawl(languages=(), sections=()).counts["invalid_entries"] == 1


def test_the_home_page_and_static_pages_are_never_articles(tmp_path: Path) -> None:
    crawler = explorer_of(WholeSite(articles=12), tmp_path)
    for _ in range(3):
        crawler.crawl(languages=(), sections=())
    assert stored(crawler).isdisjoint({"/", "/about", "/category/culture", "/category/politics"})


def test_a_budget_of_requests_ends_an_exploration(tmp_path: Path) -> None:
    crawler = explorer_of(WholeSite(), tmp_path)
    crawl = crawler.crawl(languages=(), sections=(), requests=12)
    assert len(crawl.requested) == 12
    assert crawler.rows("SELECT outcome, reason FROM runs") == [("stopped", "the budget of 12 requests was used up")]


def requested_as_lists(crawler: PaperCrawler) -> list[int]:
    """The captures of articles that were requested as listings."""
    rows = crawler.rows("SELECT id FROM captures WHERE kind = 'listing' AND version_id IS NOT NULL ORDER BY id")
    return [id for (id,) in rows]


def test_every_explored_article_is_extracted_again(tmp_path: Path) -> None:
    site = WholeSite(articles=12)
    crawler = explorer_of(site, tmp_path, "/story-7")
    crawler.crawl(languages=(), sections=())
    assert requested_as_lists(crawler)
    with Archive.open(crawler.path) as archive:
        pages = archive.reextractions.pages(ReextractionFilter())
        captures = [archive.captures.get(id) for ids in pages for id in ids]
    assert {capture.url.removeprefix(BASE_URL) for capture in captures} == stored(crawler)
    assert {capture.kind for capture in captures} == {"article"}


def test_an_explored_article_that_was_requested_as_a_listing_can_be_taken_down(tmp_path: Path) -> None:
    crawler = explorer_of(WholeSite(articles=12), tmp_path, "/story-7")
    crawler.crawl(languages=(), sections=())
    ((article,),) = crawler.rows("SELECT id FROM articles WHERE url LIKE '%/story-7'")
    with Archive.open(crawler.path, mode="write") as archive:
        archive.deletion.take_down(article, "court order", datetime(2026, 2, 1, tzinfo=UTC))
    assert crawler.rows("SELECT id FROM captures WHERE url LIKE '%/story-7'") == []
