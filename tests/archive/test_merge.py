"""Merging archives: no duplicates, regardless of direction, order and repetition."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.family import FAMILY
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.items import Capture, Image, Link, Problem
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.properties import examples

LOCAL = ("sqlite_stat", "ANALYZE", "merge_marks")
"""Lines of a dump with these words are no contents."""

Sighting = tuple[int, int, str, int]
"""Minute, index into ``URLS``, headline, views."""

URLS = [
    ("https://caliber.az/en/post/247893",),
    ("https://caliber.az/en/post/baku-s-formula",),
    ("https://caliber.az/en/post/247893", "https://caliber.az/en/post/baku-s-formula"),
    ("https://caliber.az/en/post/another",),
]
sightings = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from("AB"), st.integers(1, 3)),
    max_size=6,
    unique_by=lambda sighting: sighting[:2],
)


def make(path: Path, pages: Iterable[Sighting]) -> Path:
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for minute, which, headline, views in pages:
            newsroom.save(
                # No two pages in one second, because their order would be undefined.
                minutes(minute + which / 10),
                article_urls=URLS[which],
                page=f"{minute} {which} {headline}".encode() * 300,
                headline=headline,
                views=views,
                images=(Image(url=f"https://x.az/{headline}.webp"),),
                links=(Link(url="https://president.az/", text="speech"),),
                authors=(headline,),
            )
        archive.runs.finish(newsroom.run_id, "finished", None, {})
    return path


def merge_into(into: Path, *others: Path) -> Path:
    with Archive.open(into, mode="write") as here:
        for other in others:
            with Archive.open(other) as there:
                merge_one(here, there)
    return into


def facts(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """The rows of an archive without IDs; URLs identify an article."""
    with Archive.open(path) as archive:
        rows = lambda sql, **values: {tuple(row) for row in archive.db.execute(sql, values)}  # noqa: E731
        found: dict[str, set[tuple[object, ...]]] = {
            "captures": rows("SELECT url, fetched_at, status, size, body_digest FROM captures"),
            "bodies": rows("SELECT digest, size FROM bodies"),
            "frontier": rows("SELECT url, state FROM frontier"),
            "problems": rows("SELECT reason, url FROM problems"),
        }
        for (id,) in archive.db.execute("SELECT id FROM articles WHERE duplicate_of IS NULL"):
            name = tuple(sorted(rows("SELECT url, first_seen_at FROM article_urls WHERE article_id = :id", id=id)))
            known = {
                "article": "SELECT headline, views, first_seen_at, last_seen_at, version_count, post_number, slug, url"
                " FROM articles WHERE id = :article_id",
                "versions": f"SELECT headline, body, content_digest, seen_from, seen_until FROM versions"
                f" WHERE article_id IN ({FAMILY}) AND replaced_by IS NULL",
                "texts": f"SELECT DISTINCT content_digest FROM versions WHERE article_id IN ({FAMILY})",
                "views": f"SELECT observed_at, views, shown FROM view_counts WHERE article_id IN ({FAMILY})",
                "pages": f"""SELECT c.url, c.fetched_at, v.content_digest FROM captures c
                  JOIN versions v ON v.id = c.version_id WHERE c.article_id IN ({FAMILY})""",
                "images": f"SELECT url, min(first_seen_at), max(last_seen_at) FROM images"
                f" WHERE article_id IN ({FAMILY}) GROUP BY url",
            }
            for kind, sql in known.items():
                found.setdefault(kind, set()).update((name, *row) for row in rows(sql, article_id=id))
        return found


def texts(path: Path) -> set[tuple[object, ...]]:
    """Every headline in an archive, and whether its version is replaced."""
    with Archive.open(path) as archive:
        rows = archive.db.execute("SELECT headline, replaced_by IS NOT NULL FROM versions")
        return {(headline, bool(replaced)) for headline, replaced in rows}


def findings(path: Path) -> list[object]:
    with Archive.open(path) as archive:
        return [outcome for outcome in archive.verify() if outcome is not None]


def dump(path: Path) -> list[str]:
    with Archive.open(path) as archive:
        return [line for line in archive.db.conn.iterdump() if not any(word in line for word in LOCAL)]


# No shrinking: it would take longer than finding the failure.
@pytest.mark.slow
@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
@given(sightings, sightings, sightings)
def test_merging_is_idempotent_commutative_and_associative(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, a: list[Sighting], b: list[Sighting], c: list[Sighting]
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    made = {
        name: make(Path(shutil.copy(blank, folder / f"{name}.db")), pages)
        for name, pages in zip("abc", (a, b, c), strict=True)
    }

    def copy(name: str) -> Path:
        return Path(shutil.copy(made[name], folder / f"copy-{len(list(folder.iterdir()))}.db"))

    ab_c = merge_into(merge_into(copy("a"), made["b"]), made["c"])
    a_bc = merge_into(copy("a"), merge_into(copy("b"), made["c"]))
    cba = merge_into(copy("c"), made["b"], made["a"])
    expected = facts(ab_c)
    assert facts(a_bc) == expected
    assert facts(cba) == expected
    assert facts(make(Path(shutil.copy(blank, folder / "all.db")), [*a, *b, *c])) == expected
    before = dump(ab_c)
    assert dump(merge_into(ab_c, made["a"], made["b"], made["c"])) == before
    assert findings(ab_c) == findings(cba) == []


def test_the_newer_extraction_of_a_page_in_both_archives_is_current(path: Path, tmp_path: Path) -> None:
    for file, extractor, headline in ((path, "1", "Old text"), (tmp_path / "other.db", "2", "New text")):
        with Archive.open(file, mode="write") as archive:
            Newsroom(archive, start_run(archive)).save(page=b"the page", extractor=extractor, headline=headline)
    shutil.copy(path, tmp_path / "older.db")
    for into, other in ((path, tmp_path / "other.db"), (tmp_path / "other.db", tmp_path / "older.db")):
        with Archive.open(merge_into(into, other)) as archive:
            record = archive.articles.show(1)
            assert (record["headline"], record["version_count"]) == ("New text", 1)


def test_replaced_versions_are_merged_as_replaced(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with Archive.open(other, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        newsroom.save(page=b"the page", extractor="1", headline="Old text")
        newsroom.save(page=b"the page", extractor="2", headline="New text")
    Archive.open(path, mode="write").close()
    known = texts(other)
    assert known == {("Old text", True), ("New text", False)}
    assert texts(merge_into(path, other)) == known
    assert dump(merge_into(path, other)) == dump(path)
    assert findings(path) == []


def test_the_older_extraction_of_a_page_becomes_a_replaced_version(path: Path, tmp_path: Path) -> None:
    made = {"1": "Old text", "2": "New text"}
    for extractor, headline in made.items():
        with Archive.open(tmp_path / extractor, mode="write") as archive:
            Newsroom(archive, start_run(archive)).save(page=b"the page", extractor=extractor, headline=headline)
    for order in ("12", "21"):
        into = Path(shutil.copy(tmp_path / order[0], tmp_path / f"{order}.db"))
        assert texts(merge_into(into, tmp_path / order[1])) == {("Old text", True), ("New text", False)}
        assert findings(into) == []


def test_failures_problems_and_frontier_are_merged(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with Archive.open(other, mode="write") as archive:
        run_id = start_run(archive)
        url = "https://caliber.az/en/post/broken"
        capture = archive.captures.store(
            Capture(site="caliber", url=url, fetched_at=minutes(0), error="no response"), run_id
        )
        archive.runs.record_problem(
            run_id, Problem(stage="fetch", reason="timeout", message="Late."), url=url, capture_id=capture.id
        )
        archive.frontier.add([Entry(url=url, site="caliber", kind="article", discovered_via="seed")], run_id)
        archive.frontier.mark_failed(url, minutes(0), status=None, reason="timeout", due_at=minutes(60))
    Archive.open(path, mode="write").close()
    found = facts(merge_into(path, other))
    assert (len(found["captures"]), len(found["problems"])) == (1, 1)
    assert found["frontier"] == {("https://caliber.az/en/post/broken", "failed")}
    assert dump(merge_into(path, other)) == dump(path)


@pytest.mark.slow
@pytest.mark.parametrize("status", [304, 404])
def test_absences_apply_to_articles_of_the_other_archive(path: Path, tmp_path: Path, status: int) -> None:
    with Archive.open(path, mode="write") as archive:
        Newsroom(archive, start_run(archive)).save(minutes(0))
    answered = tmp_path / "answered.db"
    with Archive.open(answered, mode="write") as archive:
        url = "https://caliber.az/en/post/baku-s-formula"
        page = Capture(site="caliber", url=url, fetched_at=minutes(5), status=status)
        archive.captures.store(page, start_run(archive))
    both = Path(shutil.copy(answered, tmp_path / "both.db"))
    for into, other in ((both, path), (Path(shutil.copy(path, tmp_path / "here.db")), answered)):
        with Archive.open(merge_into(into, other)) as archive:
            (row,) = archive.db.query(
                "SELECT a.gone_at, v.seen_until FROM articles a JOIN versions v ON v.id = a.current_version_id"
            )
        at = "2026-01-07T12:05:00Z"
        expected = (
            {"gone_at": at, "seen_until": "2026-01-07T12:00:00Z"}
            if status == 404
            else {"gone_at": None, "seen_until": at}
        )
        assert row == expected
        assert findings(into) == []
