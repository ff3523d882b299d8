"""Articles of several pages: a later page is no article of its own, and no edit of the first page."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive, PageSetAside
from caliber_crawler.archive.texts.article_series import title_of
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.items import Extraction
from caliber_crawler.site import ArticleURL
from tests.archive.newsroom import NOON, Newsroom, article, capture, minutes, start_run

FIRST = "https://site.example/talks-resume-in-the-capital"
BODIES = ["The talks began on Monday in the old town hall.", "On Tuesday they went on, without a result."]


def visit(newsroom: Newsroom, url: str, *, first: str | None = None, second: str | None = None, **fields: Any) -> str:
    """Save a page; return the outcome, or the reason why it was put aside."""
    stored = newsroom.archive.captures.store(capture(minutes(newsroom_time(newsroom)), url=url), newsroom.run_id)
    found = Extraction(
        capture=stored,
        article=article(url=url, **fields),
        layout="generic",
        extractor="x",
        methods={"headline": "generic", "published_at": "generic"},
        first_page=first,
        second_page=second,
    )
    try:
        return newsroom.archive.articles.save(found, newsroom.run_id, [ArticleURL(url=url)]).outcome
    except PageSetAside as aside:
        newsroom.archive.runs.record_problem(newsroom.run_id, aside.problem, url=url, capture_id=stored.id)
        return aside.problem.reason


def newsroom_at(path: Path) -> Newsroom:
    archive = Archive.open(path, mode="write")
    return Newsroom(archive, start_run(archive))


def newsroom_time(newsroom: Newsroom) -> int:
    return int(newsroom.archive.db.execute("SELECT count(*) FROM captures").fetchone()[0])


def texts(archive: Archive) -> list[tuple[str, str]]:
    """The URL and text of each article."""
    sql = "SELECT a.url, v.body FROM articles a JOIN versions v ON v.article_id = a.id ORDER BY a.url, v.id"
    return list(archive.db.execute(sql).fetchall())


LATER = [f"{FIRST}/2", f"{FIRST}/page/2", f"{FIRST}/page-2", f"{FIRST}?page=2", f"{FIRST}?seite=2"]
CITIES = ["rome", "oslo", "bern", "riga", "baku", "kiev", "lima", "cairo"]
HEADLINES = ["Talks resume", "Talks resume - Page 2", "TALKS RESUME (2/3)", "Talks resume, Seite 2 von 3"]


@pytest.mark.parametrize("url", LATER)
def test_in_any_order_a_later_page_with_the_same_headline_belongs_to_the_first(newsroom: Newsroom, url: str) -> None:
    first_pages, later_pages = [], []
    for number, (headline, first_comes) in enumerate(product(HEADLINES, ("first", "last"))):
        first = f"{FIRST}-{CITIES[number]}"
        later = url.replace(FIRST, first)
        bodies = [body.replace("town", CITIES[number]) for body in BODIES]
        pages = [(first, "Talks resume", bodies[0]), (later, headline, bodies[1])]
        for each, title, body in pages if first_comes == "first" else reversed(pages):
            visit(newsroom, each, headline=title, body=body)
        first_pages.append((first, bodies[0]))
        later_pages.append((later, "later_page"))
    assert texts(newsroom.archive) == sorted(first_pages)
    reasons = newsroom.archive.db.execute("SELECT url, reason FROM problems").fetchall()
    assert sorted(map(tuple, reasons)) == sorted(later_pages)
    assert [found for found in newsroom.archive.verify() if found] == []


@pytest.mark.parametrize(
    ("url", "headline", "published_at"),
    [
        (f"{FIRST}/2", "The town hall burns", NOON),
        (f"{FIRST}/2", "Talks resume", NOON + timedelta(days=1)),
        (f"{FIRST}-2", "Talks resume", NOON),
        (f"{FIRST}?id=2", "Talks resume", NOON),
        (f"{FIRST}/2026", "Talks resume", NOON),
    ],
)
def test_an_article_of_its_own_stays(newsroom: Newsroom, url: str, headline: str, published_at: datetime) -> None:
    visit(newsroom, FIRST, headline="Talks resume", body=BODIES[0], published_at=NOON)
    assert visit(newsroom, url, headline=headline, body=BODIES[1], published_at=published_at) == "new"
    assert len(texts(newsroom.archive)) == 2


def test_a_page_that_names_its_first_page_belongs_to_it_if_the_headline_is_the_same(newsroom: Newsroom) -> None:
    visit(newsroom, FIRST, headline="Talks resume", body=BODIES[0])
    assert visit(newsroom, f"{FIRST}-2", first=FIRST, headline="Talks resume", body=BODIES[1]) == "later_page"
    assert visit(newsroom, f"{FIRST}-3", first=FIRST, headline="The town hall burns", body=BODIES[1]) == "new"


def test_a_page_that_the_first_page_names_is_withdrawn(newsroom: Newsroom) -> None:
    visit(newsroom, f"{FIRST}-2", headline="Talks resume", body=BODIES[1])
    visit(newsroom, FIRST, second=f"{FIRST}-2", headline="Talks resume", body=BODIES[0])
    assert texts(newsroom.archive) == [(FIRST, BODIES[0])]


def test_a_page_that_repeats_the_text_of_its_article_is_not_put_aside(newsroom: Newsroom) -> None:
    """Its comments may have pages, or it was found under two URLs before."""
    visit(newsroom, FIRST, headline="Talks resume", body=BODIES[0])
    stored = newsroom.archive.captures.store(capture(minutes(9), url=f"{FIRST}?page=2"), newsroom.run_id)
    found = article(url=FIRST, urls=(FIRST, f"{FIRST}?page=2"), headline="Talks resume", body=BODIES[0])
    urls = [ArticleURL(url=FIRST), ArticleURL(url=f"{FIRST}?page=2")]
    again = Extraction(capture=stored, article=found, layout="generic", extractor="x")
    assert newsroom.archive.articles.save(again, newsroom.run_id, urls).outcome == "unchanged"


@pytest.mark.parametrize("url", [*LATER, f"{FIRST}?id=1&page=2"])
@pytest.mark.parametrize("is_first_here", [True, False])
def test_a_merge_withdraws_a_later_page_of_either_archive(url: str, is_first_here: bool, tmp_path: Path) -> None:
    first = FIRST if "id=" not in url else f"{FIRST}?id=1"
    here, there = newsroom_at(tmp_path / "here.db"), newsroom_at(tmp_path / "there.db")
    pages = [(first, "Talks resume", BODIES[0]), (url, "Talks resume - Page 2", BODIES[1])]
    for newsroom, page in zip((here, there), pages if is_first_here else pages[::-1], strict=True):
        visit(newsroom, page[0], headline=page[1], body=page[2])
    there.archive.close()
    with Archive.open(tmp_path / "there.db") as other:
        merge_one(here.archive, other)
    assert texts(here.archive) == [(first, BODIES[0])]
    here.archive.close()


def test_words_at_the_end_of_a_headline_are_of_it_unless_they_number_a_page() -> None:
    assert title_of("A new page") == ("a", "new", "page")
    assert title_of("Area 51") == title_of("Area")  # the URL and the date decide, too
    assert title_of("2024") == ("2024",)
