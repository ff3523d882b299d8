"""The counts on the search page: facets and a histogram that lead to narrower searches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding import Variable
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.browse import article_groups
from caliber_crawler.browse.search_counts import HEIGHT, MAX_BARS, WIDTH, bars_of, count_hits
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import PUBLISHED, article, save

MONTHS = st.builds(lambda year, month: f"{year:04}-{month:02}", st.integers(1900, 2030), st.integers(1, 12))


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    path = tmp_path_factory.mktemp("counts") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(6):
            section = "politics" if number % 3 else "<script>alert(1)</script>"
            at = PUBLISHED + timedelta(days=31 * (number // 2))
            save(archive, article(f"story-{number}", headline=f"Corridor {number}", section=section, published_at=at))
    with browsing(path) as asked:
        yield asked


def test_facets_count_and_narrow_the_search(get: Get) -> None:
    page = Selector(get("/archive/-/search?q=corridor").text)
    (facet,) = page.css(".facet")
    assert facet.css("b::text").get() == "Section"
    assert facet.css(".count::text").getall() == ["4", "2"]
    narrowed = Selector(get(facet.css("a::attr(href)").get() or "").text)
    assert len(narrowed.css(".hits li")) == 4
    assert narrowed.css(".facet a::text").getall() == ["Remove section: politics"]
    widened = Selector(get(narrowed.css(".facet a::attr(href)").get() or "").text)
    assert len(widened.css(".hits li")) == 6


def test_a_bar_of_the_histogram_leads_to_its_articles(get: Get) -> None:
    page = Selector(get("/archive/-/search?q=corridor").text)
    bars = page.css(".histogram a")
    assert [bar.css("title::text").get() for bar in bars] == ["2026-01: 2", "2026-02: 2", "2026-03: 2"]
    month = Selector(get(bars[1].attrib["href"]).text)
    assert len(month.css(".hits li")) == 2
    assert not month.css(".histogram")


def test_sections_of_a_site_are_escaped(get: Get) -> None:
    assert "<script>alert" not in get("/archive/-/search?q=corridor").text


@given(st.dictionaries(MONTHS, st.integers(1, 10_000), max_size=80))
def test_every_article_is_in_one_bar(months: dict[str, int]) -> None:
    bars = bars_of(months)
    assert len(bars) <= MAX_BARS
    if bars:
        assert sum(bar.articles for bar in bars) == sum(months.values())
        assert all(0 <= bar.x < WIDTH and 0 <= bar.height <= HEIGHT for bar in bars)
        assert all(before.last_day < bar.first_day for before, bar in pairwise(bars))
        assert max(bar.height for bar in bars) == HEIGHT
    else:
        assert len(months) < 2 or len({month[:4] for month in months}) == 1


def test_a_facet_with_many_values_says_how_many_and_shows_all(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(14):
            save(archive, article(f"story-{number}", section=f"section-{number:02}"))
    with browsing(path) as get:
        shown = Selector(get("/archive/-/search").text).css(".facet")
        assert len(shown.css("span.count")) == 12
        assert shown.css("a.all::text").get() == "show all 14"
        all_values = Selector(get(shown.css("a.all::attr(href)").get("")).text).css(".facet")
        assert len(all_values.css("span.count")) == 14
        assert not all_values.css("a.all")


def test_codes_are_a_facet_of_the_articles_found(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(3):
            save(archive, article(f"story-{number}", headline=f"Corridor {number}"))
        archive.coding.replace_codebook([Variable(name="tone", codes=("good", "bad")), Variable(name="remark")])
        units = archive.coding.sample(3, seed=1).units
        for coder, tones in (("Aida", ["good", "bad"]), ("Bahar", ["good"])):
            rows = [
                {"unit": unit["unit"], "url": unit["url"], "tone": tone, "remark": "long"}
                for unit, tone in zip(units, tones, strict=False)
            ]
            archive.coding.import_codes(list(rows[0]), rows, coder=coder)
    with browsing(path) as get:
        (facet,) = Selector(get("/archive/-/search?q=corridor").text).css(".facet")
        assert facet.css("b::text").get() == "Code"
        assert facet.css("a::text").getall() == ["tone=bad", "tone=good"]
        assert facet.css("span.count::text").getall() == ["1", "1"]
        narrowed = Selector(get(facet.css("a::attr(href)")[1].get()).text)
        assert narrowed.css(".hits h2 a::text").getall() == [units[0]["headline"]]


@pytest.fixture(scope="module")
def sixty_articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("groups") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(60):
            save(
                archive,
                article(
                    f"story-{number}",
                    headline=f"Corridor {number}" if number % 4 else f"Treaty {number}",
                    section=("politics", "world", None)[number % 3],
                    published_at=None if number % 7 == 0 else PUBLISHED + timedelta(days=11 * number),
                ),
            )
    return path


@pytest.mark.parametrize(
    "where",
    [
        Selection(),
        Selection(search="corridor"),
        Selection(search="treaty OR corridor", sections=("world", "politics")),
        Selection(sections=("world",), languages=("en",), sites=("caliber",)),
        Selection(search="absent"),
        Selection(search="corridor author:nobody"),
        Selection(search=""),
        Selection(search="corridor", first_day="2026-03-05"),
    ],
    ids=str,
)
def test_later_searches_count_the_same_from_memory(sixty_articles: Path, where: Selection) -> None:
    article_groups._known.clear()
    with Archive.open(sixty_articles) as archive:
        first = count_hits(archive._connection, where)
        assert [count_hits(archive._connection, where) for _ in range(3)] == [first] * 3


def test_a_new_article_is_counted_at_once(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(6):
            save(archive, article(f"story-{number}", headline=f"Corridor {number}"))
            with Archive.open(path) as reader:
                totals = [count_hits(reader._connection, Selection(search="corridor")).total for _ in range(3)]
            assert totals == [number + 1] * 3
