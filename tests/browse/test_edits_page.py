from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.texts.current_state import refresh
from caliber_crawler.browse import edits as edits_page
from caliber_crawler.browse.edits import newest_versions
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, hour, print_hostile_newspaper, save


@pytest.fixture(scope="module")
def get(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Four articles: a changed headline, a changed text, three versions, and one without edits."""
    path = tmp_path_factory.mktemp("edits") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article("a", headline="A headline"))
        save(archive, article("b", headline="B", language="ru", section="politics"))
        save(archive, article("c", headline="C"))
        save(archive, article("d", headline="D"))
        save(archive, article("a", headline="Another headline"), seen_at=hour(1))
        save(archive, article("b", headline="B", body="All new.", language="ru", section="politics"), seen_at=hour(2))
        save(archive, article("c", headline="C two"), seen_at=hour(3))
        save(archive, article("c", headline="C three", body="And its text."), seen_at=hour(4))
    with browsing(path) as asked:
        yield asked


def edits(get: Get, query: str = "") -> list[str]:
    shown = Selector(get(f"/archive/-/edits{query}").text)
    return ["".join(each.xpath(".//text()").getall()).strip() for each in shown.css(".edit h2")]


def test_edits_are_listed_newest_first_with_differences(get: Get) -> None:
    assert edits(get) == ["C twothree", "C two", "B", "A Another headline"]
    shown = Selector(get("/archive/-/edits").text)
    assert shown.css(".edit h2")[3].css("del::text").get("").strip() == "A"
    assert shown.css(".edit")[2].css(".changed ins::text").getall() == ["All new."]


def test_edits_are_filtered_by_kind(get: Get) -> None:
    assert edits(get, "?kind=headline") == ["C twothree", "C two", "A Another headline"]
    assert edits(get, "?kind=text") == ["B"]
    assert edits(get, "?kind=nonsense") == edits(get)


def test_edits_are_filtered_by_language_and_section(get: Get) -> None:
    assert edits(get, "?language=ru") == ["B"]
    assert edits(get, "?section=politics&kind=headline") == []


def test_the_page_lists_the_edits_of_the_view(get: Get) -> None:
    rows = get("/archive/edits.json?_shape=array&_sort_desc=seen_after").json()
    links = Selector(get("/archive/-/edits").text).css(".edit .when a::attr(href)").getall()
    where = "/archive/-/changes/{article_id}?from={old_version_id}&to={new_version_id}"
    assert links == [where.format(**row) for row in rows]


def test_the_changes_page_shows_the_latest_change_by_default(get: Get) -> None:
    shown = Selector(get("/archive/-/changes/3").text)
    assert shown.css("h1 del::text").getall() == ["two"]
    assert shown.css("h1 ins::text").getall() == ["three"]
    assert shown.css(".body .removed del::text").getall()
    assert shown.css(".body .added ins::text").getall() == ["And its text."]


def test_any_two_versions_can_be_compared_in_both_directions(get: Get) -> None:
    ids = Selector(get("/archive/-/changes/3").text).css("select[name=from] option::attr(value)").getall()
    assert len(ids) == 3
    forwards = Selector(get(f"/archive/-/changes/3?from={ids[0]}&to={ids[2]}").text)
    backwards = Selector(get(f"/archive/-/changes/3?from={ids[2]}&to={ids[0]}").text)
    assert forwards.css("h1 ins::text").getall() == backwards.css("h1 del::text").getall()
    assert "three" in forwards.css("h1 ins::text").get("")
    assert get(f"/archive/-/changes/3?from={ids[0]}&to={ids[0]}").status_code == 200


def test_changes_can_be_shown_side_by_side(get: Get) -> None:
    shown = Selector(get("/archive/-/changes/2?show=side").text)
    assert shown.css(".sides tbody tr")
    before = [cell.css("td")[0].css("ins") for cell in shown.css(".sides tbody tr")]
    after = [cell.css("td")[1].css("del") for cell in shown.css(".sides tbody tr")]
    assert not any(before)
    assert not any(after)


@pytest.mark.parametrize("query", ["?from=99", "?to=2", "?from=x", "?to=<script>"])
def test_versions_of_another_article_are_not_compared(get: Get, query: str) -> None:
    assert get(f"/archive/-/changes/1{query}").status_code == 404


def test_an_article_with_one_version_has_no_changes(get: Get) -> None:
    assert get("/archive/-/changes/4").status_code == 404


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive for rows of versions without texts."""
    with Archive.open(tmp_path_factory.mktemp("changing") / "archive.db", mode="write") as archive:
        archive.db.execute("PRAGMA foreign_keys = OFF")
        yield archive


Version = tuple[int, int, bool]
"""Article, the hour in which it was first seen, and whether it was replaced."""
versions = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5), st.booleans()), max_size=20)
duplicates = st.fixed_dictionaries({}, optional={4: st.just(1), 5: st.sampled_from([1, 2]), 6: st.just(3)})


@given(versions, duplicates)
def test_the_newest_versions_come_first_whatever_their_order_in_the_archive(
    changing: Archive, versions: list[Version], duplicates: dict[int, int]
) -> None:
    changing.db.execute("BEGIN")
    try:
        for id in range(1, 7):
            insert(
                changing, "articles", id=id, headline="", language="en", site="caliber", duplicate_of=duplicates.get(id)
            )
        for id, (article_id, hours, is_replaced) in enumerate(versions, 1):
            insert(
                changing,
                "versions",
                id=id,
                article_id=article_id,
                number=id,
                replaced_by=9 if is_replaced else None,
                seen_from=at(hours),
                seen_until=at(9),
            )
        for id in {
            duplicates.get(article_id, article_id) for article_id, _, is_replaced in versions if not is_replaced
        }:
            refresh(changing._connection, id)
        with patch.object(edits_page, "BATCH_SIZE", 2):
            found = [version for part in newest_versions(changing._connection) for version in part]
    finally:
        changing.db.execute("ROLLBACK")
    valid = [
        (duplicates.get(article_id, article_id), id, at(hours))
        for id, (article_id, hours, is_replaced) in enumerate(versions, 1)
        if not is_replaced
    ]
    several = Counter(article_id for article_id, _, _ in valid)
    newest = sorted(valid, key=lambda version: (version[2], version[1]), reverse=True)
    assert found == [version for version in newest if several[version[0]] > 1]


def at(hours: int) -> str:
    return f"2026-01-07T{hours:02}:00:00Z"


def insert(archive: Archive, table: str, **values: object) -> None:
    """Insert a row; columns that need a value and are not given have one that does not matter."""
    for _, name, kind, needs_value, default, key in archive.db.execute(f"PRAGMA table_info({table})"):
        if needs_value and default is None and not key:
            time = at(0) if name.endswith("_at") else "x" * 64 if name == "content_digest" else ""
            values.setdefault(name, {"cause": "first", "url": "urn:x"}.get(name, time) if kind == "TEXT" else 0)
    names = ", ".join(values)
    archive.db.execute(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})", values)


def test_hostile_texts_are_escaped_in_differences(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as hostile:
        for page in ("edits", "changes/1", "changes/1?show=side", "home"):
            shown = Selector(hostile(f"/archive/-/{page}").text)
            assert not shown.css("script, iframe, svg, img"), page
            assert not shown.xpath("//@*[starts-with(name(), 'on')]"), page
