"""Claims: a canonical link or a redirect joins two articles only if their texts resemble each other."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.texts.identity import MAX_CLAIMS
from caliber_crawler.archive.texts.resemblance import Text, differ_entirely, resemble
from caliber_crawler.items import Extraction
from caliber_crawler.site import ArticleURL
from tests.archive.newsroom import Newsroom, article, capture, minutes, start_run
from tests.properties import examples

BODIES = {
    "Bridge rebuilt": "The council agreed to rebuild the bridge.\n\nWork begins in March.",
    "Harvest gathered": "Farmers brought in wheat early this year.\n\nPrices fell at once.",
    "School opens": "Pupils moved into a new building today.\n\nIt has forty rooms.",
}
TITLES = tuple(BODIES)
Page = tuple[int, str, tuple[int, ...]]
"""The number of a page's URL, its headline, and the numbers of the URLs that it claims."""


def url(number: int) -> str:
    return f"https://news.example/{number}"


def save(newsroom: Newsroom, page: Page, *, redirected: bool = False, minute: int | None = None) -> list[str]:
    """Save a page; return the reasons of its problems."""
    number, headline, claimed = page
    urls = (url(number), *(url(each) for each in claimed))
    at = minutes(number if minute is None else minute)
    kept = newsroom.archive.captures.store(
        capture(at, site="news", url=url(number), body=f"{page} {minute}".encode()), newsroom.run_id
    )
    found = article(site="news", url=urls[-1], urls=urls, headline=headline, body=BODIES[headline], authors=("A",))
    stated = () if redirected else urls[1:]
    extraction = Extraction(capture=kept, article=found, layout="new", extractor="x", stated_urls=stated)
    saved = newsroom.archive.articles.save(extraction, newsroom.run_id, [ArticleURL(url=each) for each in urls])
    return [problem.reason for problem in saved.problems]


def articles(archive: Archive) -> set[frozenset[str]]:
    """The URLs at which pages of each article were served."""
    rows = archive.db.execute(
        "SELECT coalesce(a.duplicate_of, a.id), c.url FROM captures c JOIN articles a ON a.id = c.article_id ORDER BY 1"
    ).fetchall()
    return {frozenset(row[1] for row in group) for _, group in itertools.groupby(rows, key=lambda row: row[0])}


def expected(pages: Iterable[Page]) -> set[frozenset[str]]:
    """The connected pages: one claims the URL of the other, or both claim the same URL; and they have one text."""
    known = {number: (headline, set(claimed)) for number, headline, claimed in pages}
    groups = [{number} for number in known]
    for one, other in itertools.combinations(known, 2):
        common = known[one][1] & known[other][1]
        claims = one in known[other][1] or other in known[one][1] or common
        if claims and known[one][0] == known[other][0]:
            first, second = (next(group for group in groups if number in group) for number in (one, other))
            if first is not second:
                groups.remove(second)
                first |= second
    return {frozenset(map(url, group)) for group in groups}


PAGES = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(TITLES), st.lists(st.integers(0, 6), max_size=2).map(tuple)),
    min_size=1,
    max_size=5,
    unique_by=lambda page: page[0],
)


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAGES, st.randoms(use_true_random=False))
def test_the_same_pages_give_the_same_articles_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, pages: list[Page], random: object
) -> None:
    visits = [*pages, *pages[:2]]
    random.shuffle(visits)  # type: ignore[attr-defined]
    path = shutil.copy(blank, tmp_path_factory.mktemp("orders"))
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for minute, page in enumerate(visits):
            save(newsroom, page, minute=minute)
        assert articles(archive) == expected(pages)
        assert [finding for finding in archive.verify() if finding] == []


@pytest.mark.slow
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAGES, st.lists(st.booleans(), min_size=5, max_size=5))
def test_merged_archives_have_the_articles_of_all_their_pages(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, pages: list[Page], sides: list[bool]
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    paths = [Path(shutil.copy(blank, folder / name)) for name in ("here.db", "there.db")]
    for path, side in zip(paths, (True, False), strict=True):
        with Archive.open(path, mode="write") as archive:
            newsroom = Newsroom(archive, start_run(archive))
            for page, here in zip(pages, sides, strict=False):
                if here is side:
                    save(newsroom, page)
    with Archive.open(paths[0], mode="write") as here, Archive.open(paths[1]) as there:
        for _ in here.merge(there, {}):
            pass
        assert articles(here) == expected(pages)
        assert [finding for finding in here.verify() if finding] == []


def test_articles_with_one_canonical_url_stay_apart_and_are_reported(newsroom: Newsroom) -> None:
    reasons = [save(newsroom, (number, title, () if number == 0 else (0,))) for number, title in enumerate(TITLES)]
    assert reasons == [[], ["canonical_elsewhere"], ["canonical_elsewhere"]]
    rows = newsroom.archive.db.execute("SELECT url, headline FROM articles ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(url(number), title) for number, title in enumerate(TITLES)]


def test_a_page_takes_its_url_over_from_an_article_that_only_claimed_it(newsroom: Newsroom) -> None:
    assert save(newsroom, (1, TITLES[1], (0,))) == []
    assert newsroom.values("SELECT url FROM articles") == [url(0)]
    save(newsroom, (0, TITLES[0], ()))
    rows = newsroom.archive.db.execute("SELECT url, headline FROM articles ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(url(1), TITLES[1]), (url(0), TITLES[0])]
    assert newsroom.archive.articles.find(url(0)) == 2
    problems = newsroom.archive.db.execute("SELECT reason, url, capture_id FROM problems").fetchall()
    assert [tuple(row) for row in problems] == [("canonical_elsewhere", url(1), 1)]


def test_a_claim_joins_as_soon_as_a_text_resembles_the_other(newsroom: Newsroom) -> None:
    save(newsroom, (0, TITLES[0], ()))
    save(newsroom, (1, TITLES[1], (0,)))
    assert len(articles(newsroom.archive)) == 2
    save(newsroom, (0, TITLES[1], ()), minute=5)
    assert articles(newsroom.archive) == {frozenset((url(0), url(1)))}


def test_a_redirect_to_a_different_article_is_reported_as_one(newsroom: Newsroom) -> None:
    save(newsroom, (0, TITLES[0], ()))
    save(newsroom, (1, TITLES[1], ()))
    assert save(newsroom, (1, TITLES[1], (0,)), redirected=True, minute=9) == ["redirected_to_another"]
    assert len(articles(newsroom.archive)) == 2


@pytest.mark.slow
def test_a_url_that_every_article_claims_costs_no_more_with_each_of_them(newsroom: Newsroom) -> None:
    template = ArticleURL(url=url(99))
    for number in range(2 * MAX_CLAIMS):
        found = article(site="news", url=url(number), headline=f"Story {number}", body=f"Text number{number}.")
        kept = newsroom.archive.captures.store(capture(minutes(number), site="news", url=url(number)), newsroom.run_id)
        extraction = Extraction(capture=kept, article=found, layout="new", extractor="x", stated_urls=(template.url,))
        newsroom.archive.articles.save(extraction, newsroom.run_id, [ArticleURL(url=url(number)), template])
    assert newsroom.values("SELECT count(*) FROM url_claims") == [MAX_CLAIMS]
    assert newsroom.values("SELECT count(*) FROM articles") == [2 * MAX_CLAIMS]
    assert newsroom.values("SELECT count(*) FROM article_urls WHERE url = ?", template.url) == [0]
    assert [finding for finding in newsroom.archive.verify() if finding] == []


def test_a_takedown_deletes_claims(newsroom: Newsroom) -> None:
    save(newsroom, (0, TITLES[0], ()))
    save(newsroom, (1, TITLES[1], (0,)))
    newsroom.archive.deletion.take_down(1, "asked", minutes(9))
    assert newsroom.values("SELECT count(*) FROM url_claims") == [0]


LONG = " ".join(f"word{number}" for number in range(40))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("A bridge", LONG, "1"), ("A bridge", "Other words entirely.", "1"), True),
        (("A bridge", LONG, "1"), ("A bridge", "Other words entirely.", None), True),
        (("Currency rates", LONG, "1"), ("Currency rates", "Other words entirely.", "2"), False),
        (("Currency rates", LONG, "1"), ("Currency rates", f"{LONG} more", "2"), True),
        (("A bridge", LONG, "1"), ("Another headline", LONG, "1"), True),
        (("The bridge is rebuilt", LONG, "1"), ("The bridge was rebuilt", f"New: {LONG}", "1"), True),
        (("Bridge rebuilt", f"Bridge: {LONG}", "1"), ("Harvest gathered", f"Harvest: {LONG}", "1"), False),
        (("", "", None), ("", "", None), False),
        (("Ёлка", LONG, None), ("ёлка", "Иное.", None), True),
    ],
)
def test_texts_of_one_article_resemble_each_other(one: Sequence[str], other: Sequence[str], expected: bool) -> None:
    assert resemble(Text(*one), Text(*other)) is resemble(Text(*other), Text(*one)) is expected


def test_two_texts_differ_entirely_if_they_share_few_words() -> None:
    article_text = Text("Bridge rebuilt", BODIES["Bridge rebuilt"], None)
    assert differ_entirely(article_text, Text("Harvest gathered", BODIES["Harvest gathered"], None))
    assert not differ_entirely(article_text, Text("Harvest gathered", BODIES["Bridge rebuilt"], None))
    assert not differ_entirely(article_text, Text("Bridge rebuilt", "We will be back soon.", None))


def test_a_redirect_to_a_url_without_an_articles_form_leads_to_that_article(newsroom: Newsroom) -> None:
    """On a site without a definition, the form of ``/node/297`` is an article's, and that of ``/questions`` is not."""
    title, number = "https://news.example/questions", "https://news.example/node/297"
    for minute, urls in ((1, (title,)), (2, (title, number))):
        kept = newsroom.archive.captures.store(
            capture(minutes(minute), site="news", url=urls[-1], body=f"{minute}".encode()), newsroom.run_id
        )
        found = article(site="news", url=title, urls=urls, headline="Bridge rebuilt", body=BODIES["Bridge rebuilt"])
        extraction = Extraction(capture=kept, article=found, layout="new", extractor="x")
        known = [ArticleURL(url=each) for each in urls if each == number]
        newsroom.archive.articles.save(extraction, newsroom.run_id, known)
    assert articles(newsroom.archive) == {frozenset((title, number))}
