"""A takedown deletes an article completely and records only the request."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.commands.cli import main
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.errors import ArchiveLocked, ArticleTakenDown, NoSuchArticle
from caliber_crawler.items import Capture, Image, Link, Problem
from tests.archive.newsroom import NOON, NUMBER_URL, SLUG_URL, Newsroom, address, minutes

SECRETS = ("zanzibar", "Quixote", "hippogriff", "247893", "baku-s-formula", "Vladimirescu", "secret.webp", "Запретное")
FRAME = " ".join(f"frame{number}" for number in range(600))
OTHER = "https://caliber.az/en/post/another-one"


@pytest.fixture
def published(newsroom: Newsroom) -> Newsroom:
    """An article with two versions, another one that links to it, and listings."""
    for minute, headline in ((0, "Quixote in zanzibar"), (30, "Quixote in Запретное")):
        newsroom.save(
            minutes(minute),
            article_urls=(SLUG_URL, NUMBER_URL),
            headline=headline,
            body="A hippogriff was seen.",
            authors=("Vladimirescu",),
            views=100 + minute,
            images=(Image(url="https://x.az/secret.webp"),),
            page=f"{FRAME}<h1>{headline}</h1><p>A hippogriff was seen.</p>".encode(),
        )
    for minute in (1, 2, 3):
        newsroom.save(
            minutes(minute),
            article_urls=(OTHER,),
            headline="Another",
            body="It stays.",
            views=minute,
            links=(Link(url=SLUG_URL, text="see also"),),
            page=f"{FRAME}<h1>Another</h1><p>It stays {minute}.</p>".encode(),
        )
    listing = f"{FRAME}<a href='/en/post/baku-s-formula'>Quixote</a><a href='/en/post/another-one'>Another</a>"
    for minute, page in ((4, listing), (5, f"{FRAME}<a href='/en/post/another-one'>Another</a>")):
        newsroom.archive.captures.store(
            Capture(
                site="caliber",
                url="https://caliber.az/en/analytics",
                kind="listing",
                fetched_at=minutes(minute),
                status=200,
                body=page.encode(),
            ),
            newsroom.run_id,
        )
    newsroom.archive.frontier.add([Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")], 1)
    newsroom.archive.runs.record_problem(
        1, Problem(stage="check", reason="odd", message="Quixote is odd."), url=SLUG_URL
    )
    return newsroom


def everything(path: Path) -> str:
    """Every readable text in an archive: tables, index terms and decompressed pages."""
    with Archive.open(path) as archive:
        words = [row[0] for row in archive.db.execute("SELECT term FROM versions_vocab")]
        pages = [archive.captures.get(id).body.decode() for (id,) in archive.db.execute("SELECT id FROM captures")]
        return "\n".join([*archive.db.conn.iterdump(), *words, *pages])


def take_down(archive: Archive, article_id: int = 1) -> None:
    archive.deletion.take_down(article_id, "asked for by its author", NOON)
    archive.deletion.wipe()


def test_no_table_index_or_page_contains_the_article(published: Newsroom, path: Path) -> None:
    assert all(secret.lower() in everything(path).lower() for secret in SECRETS)
    takedown = published.archive.deletion.take_down(1, "asked for by its author", NOON)
    published.archive.deletion.wipe()
    assert (takedown.versions, takedown.view_counts, takedown.captures, takedown.blanked) == (2, 2, 2, 1)
    assert takedown.mentioned_by == (2,)
    published.archive.close()
    left = everything(path).lower()
    assert [secret for secret in SECRETS if secret.lower() in left] == []
    content = path.read_bytes().lower()
    assert [secret for secret in SECRETS if secret.lower().encode() in content] == []


def test_other_articles_are_unchanged(published: Newsroom, path: Path) -> None:
    take_down(published.archive)
    record = published.archive.articles.show(2)
    assert (record["headline"], len(record["view_counts"]), len(record["captures"])) == ("Another", 3, 3)  # type: ignore[arg-type]
    assert [outcome for outcome in published.archive.verify() if outcome] == []
    assert "It stays 2." in published.archive.captures.get(4).body.decode()
    assert [hit.headline for hit in published.archive.search("stays")] == ["Another"]


def test_the_request_is_recorded(published: Newsroom) -> None:
    take_down(published.archive)
    (request,) = published.archive.takedowns.all()
    assert (request["reason"], request["requested_at"], request["versions"], request["captures"]) == (
        "asked for by its author",
        "2026-01-07T12:00:00Z",
        2,
        2,
    )


def test_the_article_is_neither_queued_nor_saved_again(published: Newsroom) -> None:
    take_down(published.archive)
    again = [Entry(url=url, site="caliber", kind="article", discovered_via="listing") for url in (SLUG_URL, NUMBER_URL)]
    assert published.archive.frontier.add(again, 1) == []
    with pytest.raises(ArticleTakenDown, match="taken down"):
        published.save(minutes(60), article_urls=("https://caliber.az/en/post/new-slug", NUMBER_URL))
    stored = published.archive.captures.store(
        Capture(site="caliber", url=f"{SLUG_URL}-2", fetched_at=NOON, status=200, body=b"x"), 1
    )
    published.archive.deletion.reject(stored, [address(NUMBER_URL)])
    assert published.values("SELECT count(*) FROM captures WHERE url LIKE '%-2'") == [0]
    assert (
        published.archive.frontier.add(
            [Entry(url=f"{SLUG_URL}-2", site="caliber", kind="article", discovered_via="x")], 1
        )
        == []
    )


def test_history_of_other_articles_still_cannot_be_deleted(published: Newsroom) -> None:
    take_down(published.archive)
    for table in ("versions", "view_counts"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            published.archive.db.execute(f"DELETE FROM {table}")


def test_a_merge_restores_nothing_and_copies_the_takedown(published: Newsroom, path: Path, tmp_path: Path) -> None:
    published.archive.close()
    other = Path(shutil.copy(path, tmp_path / "other.db"))
    with Archive.open(path, mode="write") as here:
        take_down(here)
        with Archive.open(other) as there:
            merge_one(here, there)
        assert here.articles.find(SLUG_URL) is None
        assert [outcome for outcome in here.verify() if outcome] == []
    with Archive.open(other, mode="write") as here, Archive.open(path) as there:
        merge_one(here, there)
        assert here.articles.find(SLUG_URL) is None
        assert here.articles.find(OTHER) is not None
        assert [outcome for outcome in here.verify() if outcome] == []


def test_a_reader_of_old_bytes_raises_an_error(published: Newsroom, path: Path) -> None:
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM articles").fetchone()
    published.archive.db.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(ArchiveLocked, match="old bytes remain"):
        take_down(published.archive)
    reader.close()
    published.archive.deletion.wipe()


def test_an_interrupted_takedown_is_completed_by_the_next_one(published: Newsroom, path: Path) -> None:
    published.archive.deletion.take_down(1, "asked for by its author", NOON)  # and killed before the file is wiped
    published.archive.close()
    assert "Takedown 1 was interrupted" in str(Archive.verify_file(path).notes)
    words = ["takedown", "1", "--reason", "asked for by its author", "--archive", str(path)]
    again = CliRunner().invoke(main, words)
    assert (again.exit_code, "interrupted takedown" in again.output) == (0, True)
    content = path.read_bytes().lower()
    assert [secret for secret in SECRETS if secret.lower().encode() in content] == []
    assert Archive.verify_file(path).notes == []
    assert CliRunner().invoke(main, words).exit_code == NoSuchArticle.exit_code


def test_a_takedown_of_an_unknown_article_raises_an_error(published: Newsroom) -> None:
    with pytest.raises(NoSuchArticle):
        published.archive.deletion.take_down(99, "?", NOON)
