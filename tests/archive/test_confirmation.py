"""Confirmation: an article of which nothing changes is marked in two statements, with the same result as storing it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.texts.confirmation import ArticleChanged
from caliber_crawler.items import Extraction, Image, Link
from tests.archive.newsroom import NOON, Newsroom, article, capture, minutes, start_run
from tests.properties import examples

OLD, NEW = "caliber_crawler 0.1.0 (old)", "caliber_crawler 0.2.0 (new)"
STATED = {"headline": "selector", "published_at": "selector"}


def save(newsroom: Newsroom, minute: float, page: bytes, extractor: str = OLD, **fields: Any) -> Extraction:
    kept = newsroom.archive.captures.store(capture(minutes(minute), body=page), newsroom.run_id)
    layout, methods = fields.pop("layout", "new"), fields.pop("methods", STATED)
    extraction = Extraction(
        capture=kept, article=article(**fields), layout=layout, extractor=extractor, methods=methods
    )
    newsroom.archive.articles.save(extraction, newsroom.run_id)
    return replace(extraction, extractor=NEW)


def dump(newsroom: Newsroom) -> list[str]:
    return list(newsroom.archive.db.conn.iterdump())


def test_unchanged_pages_are_marked_with_their_extractor(newsroom: Newsroom) -> None:
    pages = [save(newsroom, number, b"%d" % number, headline=f"Headline {number // 2}") for number in range(4)]
    confirmation = newsroom.archive.confirmations.confirm(pages)
    assert confirmation is not None
    with newsroom.archive.transaction():
        newsroom.archive.confirmations.record([confirmation])
    assert newsroom.values("SELECT DISTINCT extractor FROM captures") == [NEW]
    assert newsroom.values("SELECT extractor FROM versions") == [NEW, NEW]
    assert [finding for finding in newsroom.archive.verify() if finding] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"headline": "Another"},
        {"body_markdown": "*Another*"},
        {"authors": ("A. Writer",)},
        {"section": "politics"},
        {"cover_image": "https://caliber.az/1.jpg"},
        {"links": (Link(url="https://caliber.az/en/post/1"),)},
        {"published_at": None},
    ],
)
def test_a_changed_page_is_not_confirmed(newsroom: Newsroom, changed: dict[str, Any]) -> None:
    first, second = (save(newsroom, number, b"%d" % number) for number in range(2))
    again = replace(second, article=replace(second.article, **changed))
    assert newsroom.archive.confirmations.confirm([first, again]) is None


def test_an_article_is_not_confirmed_by_a_part_of_its_pages(newsroom: Newsroom) -> None:
    first, _ = (save(newsroom, number, b"%d" % number) for number in range(2))
    assert newsroom.archive.confirmations.confirm([first]) is None
    assert newsroom.archive.confirmations.confirm([]) is None


@pytest.mark.parametrize(
    "fields", [{"published_at": None}, {"layout": "unknown"}, {"methods": {"published_at": "url"}}]
)
def test_an_article_whose_admission_depends_on_others_is_not_confirmed(
    newsroom: Newsroom, fields: dict[str, Any]
) -> None:
    assert newsroom.archive.confirmations.confirm([save(newsroom, 0, b"page", **fields)]) is None


def test_a_confirmation_of_an_article_that_has_changed_is_refused(newsroom: Newsroom) -> None:
    page = save(newsroom, 0, b"page")
    confirmation = newsroom.archive.confirmations.confirm([page])
    assert confirmation is not None
    newsroom.archive.reextractions.apply([replace(page, article=replace(page.article, headline="New"))], 1)
    before = dump(newsroom)
    with pytest.raises(ArticleChanged), newsroom.archive.transaction():
        newsroom.archive.confirmations.record([confirmation])
    assert dump(newsroom) == before


VARIANTS: dict[str, list[Any]] = {
    "headline": ["One", "Two"],
    "subtitle": [None, "A subtitle"],
    "authors": [(), ("A. Writer",)],
    "body_markdown": ["", "*Text*"],
    "signature": [None, "Caliber.Az"],
    "section": [None, "analytics", "politics"],
    "section_label": [None, "ANALYTICS"],
    "cover_image": [None, "https://caliber.az/1.jpg"],
    "published_at": [None, NOON, minutes(90)],
    "images": [(), (Image(url="https://caliber.az/1.jpg"),), (Image(url="https://caliber.az/1.jpg", alt="A"),)],
    "links": [(), (Link(url="https://caliber.az/en/post/1", text="here"),)],
}
PAGES = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VARIANTS.items()})


@settings(max_examples=examples(60), deadline=None)
@given(
    pages=st.lists(PAGES, min_size=1, max_size=4),
    changes=st.dictionaries(st.integers(0, 3), PAGES, max_size=2),
    layout=st.sampled_from(["new", "new", "text"]),
)
def test_what_is_recorded_for_a_confirmation_is_what_storing_the_pages_would_change(
    tmp_path_factory: pytest.TempPathFactory,
    blank: Path,
    pages: list[dict[str, Any]],
    changes: dict[int, dict[str, Any]],
    layout: str,
) -> None:
    path = shutil.copy(blank, tmp_path_factory.mktemp("confirmed") / "a.db")
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        stored = [save(newsroom, 9 * n, b"%d" % n, layout=layout, **fields) for n, fields in enumerate(pages)]
        again = [
            replace(page, article=replace(page.article, **changes.get(number, {})))
            for number, page in enumerate(stored)
        ]
        confirmation = archive.confirmations.confirm(again)
        if confirmation is None:
            return
        with newsroom.rolled_back():
            archive.reextractions.apply(again, newsroom.run_id)
            applied = dump(newsroom)
        assert [change for page in again for change in archive.reextractions.changes(page)] == []
        with archive.transaction():
            archive.confirmations.record([confirmation])
        assert dump(newsroom) == applied
