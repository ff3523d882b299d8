"""The page of words has the numbers of Python and of ``caliber words``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse import public, words_page
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, print_hostile_newspaper, save

PAGE = "/archive/-/words"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("words") / "archive.db"
    with Archive.open(path, mode="write") as opened:
        for number in range(60):
            body = f"The corridor of {('peace', 'trade', 'gas')[number % 3]} opens.\n\nMinisters said number{number}."
            section = ("analytics", "politics")[number % 2]
            save(opened, article(f"a{number}", headline=f"Talks {number}", body=body, section=section))
        save(opened, article("tip", language="ru", headline="Коридор", body="Коридор открыт.", section="politics"))
        opened.words.build()
    return path


@pytest.fixture(scope="module")
def get(archive: Path) -> Iterator[Get]:
    with browsing(archive) as asked:
        yield asked


def rows(get: Get, query: str) -> list[list[str]]:
    response = get(f"{PAGE}?{query}")
    assert response.status_code == 200
    return [
        [" ".join(cell.css("::text").getall()).strip() for cell in row.css("td")]
        for row in Selector(response.text).css("tbody tr")
    ]


def status(get: Get, query: str) -> str:
    return " ".join(Selector(get(f"{PAGE}?{query}").text).css("[role=status] ::text").getall())


def test_a_concordance_is_sorted_and_paged(get: Get) -> None:
    first = rows(get, "word=corridor&sort1=2R&sort2=1L")
    second = rows(get, "word=corridor&sort1=2R&sort2=1L&page=2")
    assert [row[1] for row in first] == ["corridor"] * 50
    assert [row[2].split()[1] for row in first + second] == ["gas"] * 20 + ["peace"] * 20 + ["trade"] * 20
    assert "60 rows, showing 51 to 60" in status(get, "word=corridor&page=2")


def test_filters_are_those_of_the_search(get: Get) -> None:
    assert len(rows(get, "word=corridor&section=politics&q=peace")) == 10
    assert rows(get, f"word={quote('коридор')}&language=ru")[1][1:3] == ["Коридор", "открыт."]
    assert rows(get, "word=corridor&from=2027-01-01") == []
    assert "No rows" in status(get, "word=corridor&from=2027-01-01")


@pytest.mark.parametrize(
    ("tab", "query", "analysis", "options"),
    [
        ("list", "&language=en", "list", {}),
        ("list", "&stop=1&stems=1&min=3", "list", {"stop_words": True, "stems": True, "min_frequency": 3}),
        ("keyness", "&section=politics&min=1", "keyness", {"section": "politics", "min_frequency": 1}),
        (
            "keyness",
            "&section=politics&min=1&reference-q=gas&negative=1",
            "keyness",
            {"section": "politics", "min_frequency": 1, "reference": {"search": "gas"}, "negative": True},
        ),
        ("ngrams", "&size=3&word=gas", "ngrams", {"size": 3, "node": "gas"}),
        ("collocates", "&word=gas&left=2&right=1&min=2", "collocates", {"left": 2, "right": 1, "min_frequency": 2}),
    ],
)
def test_the_page_and_its_csv_have_the_rows_of_python(
    get: Get, archive: Path, tab: str, query: str, analysis: str, options: dict
) -> None:
    given = (["gas"] if tab == "collocates" else []) if tab != "ngrams" else []
    more = {"language": "en"} if "language" in query else {}
    with Archive.open(archive) as opened:
        expected = getattr(opened.words, analysis)(*given, limit=None, **options, **more)
    name = "words" if tab == "ngrams" else "word"
    shown = rows(get, f"tab={tab}{query}")
    assert [row[1] for row in shown] == [getattr(row, name) for row in expected][:50]
    response = get(f"{PAGE}.csv?tab={tab}{query}")
    assert response.headers["content-disposition"] == f'attachment; filename="words-{tab}.csv"'
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [row[name] for row in lines] == [getattr(row, name) for row in expected]
    assert [int(row["frequency"]) for row in lines] == [row.frequency for row in expected]


def test_a_word_of_a_list_leads_to_its_concordance(get: Get) -> None:
    page = Selector(get(f"{PAGE}?tab=list&section=politics").text)
    link = page.css("tbody a::attr(href)").get()
    assert link is not None
    assert "tab=concordance" in link
    assert "section=politics" in link
    assert Selector(get(link).text).css(".kwic mark")


def test_the_page_without_a_word_asks_for_one(get: Get) -> None:
    assert "Write a word or phrase" in get(PAGE).text
    assert get(f"{PAGE}.csv").status_code == 400


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("word=%E2%80%94", "has no word to look for"),
        ("word=corridor&from=yesterday", "“yesterday” is not a date"),
        ("tab=keyness&reference-to=2026-13-01", "“2026-13-01” is not a date"),
        ("word=corridor&q=%22%28", ""),
    ],
)
def test_a_mistake_is_reported(get: Get, query: str, message: str) -> None:
    response = get(f"{PAGE}?{query}")
    assert response.status_code in (200, 400)
    assert message in response.text
    assert get(f"{PAGE}.csv?{query}").status_code in (200, 400)


def test_without_an_index_the_page_tells_how_to_build_it(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as opened:
        save(opened, article("a1"))
    with browsing(path) as get:
        shown = status(get, "tab=list")
        assert "have not been counted yet" in shown
        assert "caliber words build" in shown
        assert not Path(f"{path}.words.db").exists()
        with Archive.open(path, mode="write") as opened:
            opened.words.build()
            assert rows(get, "tab=list")
            save(opened, article("a2", headline="Another one"))
            assert "1 of the selected articles are newer than the word index" in status(get, "tab=list")
            Path(f"{path}.words.db").write_bytes(b"damaged")
            assert "have not been counted yet" in status(get, "tab=list")


def test_ngrams_of_many_words_need_a_narrower_selection(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_page, "MAX_NGRAM_WORDS", 100)
    response = get(f"{PAGE}?tab=ngrams")
    assert response.status_code == 400
    assert "caliber words ngrams" in response.text
    assert rows(get, "tab=ngrams&word=gas")


def test_public_mode_shows_words(archive: Path) -> None:
    with browsing(archive, metadata={"plugins": {public.PLUGIN: {"public": True}}}) as get:
        assert rows(get, "word=corridor")


def test_hostile_texts_are_inert(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with Archive.open(path, mode="write") as opened:
        opened.words.build()
    hostile = quote("<script>alert('x')</script>")
    with browsing(path) as get:
        for query in (
            f"word={hostile}&q={hostile}",
            "word=alert",
            "tab=list",
            "tab=ngrams",
            f"tab={hostile}",
            "tab=keyness",
        ):
            page = Selector(get(f"{PAGE}?{query}").text)
            assert page.css("script").getall() == []
            assert page.css("[onerror], [onclick], [onload], [onmouseover]").getall() == []
        response = get(f"{PAGE}?word=alert")
        assert "script-src" not in response.headers["content-security-policy"]
        assert "<script>alert" not in response.text
