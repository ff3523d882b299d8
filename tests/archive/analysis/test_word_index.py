"""The word index: beside the archive, up to date, complete or absent, and without what was taken down."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.words import index_builder, index_file, segment_writer
from caliber_crawler.archive.analysis.words.index_file import DamagedIndex, WordIndex
from caliber_crawler.errors import ArchiveFull
from tests.archive.newsroom import NOON, Newsroom, start_run


def save(newsroom: Newsroom, number: int, body: str, *, hours: int = 0, language: str = "en") -> int:
    return newsroom.save(
        NOON + timedelta(hours=hours + number),
        article_urls=(f"https://caliber.az/{language}/post/{number}",),
        headline=f"Headline {number}",
        body=body,
        language=language,
        published_at=NOON,
    ).article_id


def frequencies(archive: Archive, *, update: bool = True) -> dict[str, int]:
    return {row.word: row.frequency for row in archive.words.updating(update=update).list(limit=None)}


def segment_sizes(archive: Archive) -> list[int]:
    with WordIndex(archive.words.path) as index:
        return [segment.texts for segment in index.segments]


def test_the_index_lies_beside_the_archive(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    built = newsroom.archive.words.build()
    assert built.path == Path(f"{newsroom.archive.path}.words.db")
    assert (built.added, built.removed, built.texts, built.words) == (1, 0, 1, 4)
    tables = newsroom.values("SELECT name FROM sqlite_schema WHERE name LIKE '%vocabulary%' OR name LIKE '%segments'")
    assert tables == []


def test_only_new_texts_are_added(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.build()
    save(newsroom, 2, "gas talks")
    divided: list[str] = []
    real = segment_writer.word_texts
    monkeypatch.setattr(segment_writer, "word_texts", lambda text: divided.append(text) or real(text))
    built = newsroom.archive.words.build()
    assert (built.added, built.removed, built.texts) == (1, 0, 2)
    assert divided == ["Headline 2", "", "gas talks"]
    assert frequencies(newsroom.archive) == {"headline": 2, "1": 1, "2": 1, "gas": 2, "pact": 1, "talks": 1}


def test_an_unchanged_archive_leaves_the_file_as_it_is(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    path = newsroom.archive.words.build().path
    before = path.stat()
    newsroom.archive.words.build()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_edited_text_replaces_the_old_one(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact of January")
    assert "january" in frequencies(newsroom.archive)
    save(newsroom, 1, "gas pact of March", hours=5)
    found = newsroom.archive.words.list(limit=None)
    assert {row.word for row in found} == {"headline", "1", "gas", "pact", "of", "march"}
    assert b"january" not in newsroom.archive.words.path.read_bytes()


def test_an_article_taken_down_vanishes_from_the_file(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    gone = save(newsroom, 2, "Zaphod spoke")
    newsroom.archive.words.build()
    assert b"zaphod" in newsroom.archive.words.path.read_bytes()
    newsroom.archive.deletion.take_down(gone, "asked for", NOON)
    # Before the file is wiped, its words are in no result, even if the index is not updated.
    assert "zaphod" not in frequencies(newsroom.archive, update=False)
    assert newsroom.archive.words.updating(update=False).concordance("Zaphod").total == 0
    newsroom.archive.deletion.wipe()
    assert not newsroom.archive.words.path.exists()
    assert frequencies(newsroom.archive) == {"headline": 1, "1": 1, "gas": 1, "pact": 1}
    assert b"zaphod" not in newsroom.archive.words.path.read_bytes()


def test_an_update_removes_a_text_that_left_by_another_way(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    gone = save(newsroom, 2, "Zaphod spoke")
    newsroom.archive.words.build()
    newsroom.archive.deletion.take_down(gone, "asked for", NOON)
    assert newsroom.archive.words.build().removed == 1
    assert b"zaphod" not in newsroom.archive.words.path.read_bytes()


def test_another_archive_under_the_same_name_gets_its_own_index(newsroom: Newsroom, tmp_path: Path) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.build()
    other = tmp_path / "other.db"
    with Archive.open(other, mode="write") as archive:
        save(Newsroom(archive, start_run(archive)), 1, "Zaphod spoke")
        shutil.copy(newsroom.archive.words.path, archive.words.path)
        with pytest.raises(DamagedIndex, match="belongs to another archive"):
            frequencies(archive, update=False)
        assert frequencies(archive) == {"headline": 1, "1": 1, "zaphod": 1, "spoke": 1}


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_index_is_replaced(newsroom: Newsroom, content: bytes) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.path.write_bytes(content)
    assert frequencies(newsroom.archive)["gas"] == 1


@pytest.mark.slow
def test_a_flipped_byte_never_changes_a_number(newsroom: Newsroom) -> None:
    for number in range(1, 6):
        save(newsroom, number, "gas pact of the corridor")
    right = frequencies(newsroom.archive)
    path = newsroom.archive.words.path
    whole = path.read_bytes()
    for place in range(0, len(whole), 1709):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert frequencies(newsroom.archive) == right, place


def test_a_truncated_index_is_built_again(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    path = newsroom.archive.words.build().path
    path.write_bytes(path.read_bytes()[:40_000])
    assert frequencies(newsroom.archive)["gas"] == 1


def test_an_index_of_other_rules_is_built_again(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    path = newsroom.archive.words.build().path
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA application_id = {index_file.APPLICATION_ID + 1}")
        file.execute("UPDATE vocabulary SET word = 'wrong' WHERE word = 'gas'")
        file.commit()
    index_file.write_checksum(path)
    with pytest.raises(DamagedIndex, match="not a word index of this version"):
        frequencies(newsroom.archive, update=False)
    assert frequencies(newsroom.archive)["gas"] == 1


def test_a_reader_keeps_the_index_that_it_opened(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.build()
    with WordIndex(newsroom.archive.words.path) as index:
        save(newsroom, 2, "gas talks")
        newsroom.archive.words.build()
        assert sum(segment.texts for segment in index.segments) == 1
        assert index.array(1, "words").tolist().count(0) == 3


def test_without_updates_the_missing_articles_are_counted(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.build()
    save(newsroom, 2, "gas talks")
    found = newsroom.archive.words.updating(update=False).list()
    assert (found.articles, found.missing) == (1, 1)


def test_small_segments_are_joined(newsroom: Newsroom) -> None:
    for number in range(1, 7):
        save(newsroom, number, f"gas pact {number}")
        newsroom.archive.words.build()
    assert segment_sizes(newsroom.archive) == [5, 1]
    assert frequencies(newsroom.archive)["gas"] == 6


def test_full_segments_are_copied(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_writer, "MAX_WORDS", 12)
    monkeypatch.setattr(index_builder, "MAX_WORDS", 12)
    for number in range(1, 10):
        save(newsroom, number, "gas pact", language=("en", "ru")[number % 2])
    newsroom.archive.words.build()
    save(newsroom, 10, "gas talks")
    newsroom.archive.words.build()
    assert sum(segment_sizes(newsroom.archive)) == 10
    assert len(segment_sizes(newsroom.archive)) > 4
    found = {(row.language, row.word): row.frequency for row in newsroom.archive.words.list()}
    assert (found["en", "gas"], found["ru", "gas"], found["en", "talks"]) == (5, 5, 1)


def test_a_folder_in_its_place_is_reported(newsroom: Newsroom) -> None:
    save(newsroom, 1, "gas pact")
    newsroom.archive.words.path.mkdir()
    with pytest.raises(ArchiveFull, match="is not a file"):
        newsroom.archive.words.list()


def test_an_archive_without_articles_has_no_words(newsroom: Newsroom) -> None:
    assert newsroom.archive.words.build().texts == 0
    words = newsroom.archive.words
    assert (len(words.list()), len(words.ngrams()), words.concordance("gas").total) == (0, 0, 0)
    assert (len(words.collocates("gas")), len(words.keyness())) == (0, 0)


@pytest.mark.slow
def test_a_killed_build_leaves_the_earlier_index(newsroom: Newsroom) -> None:
    for number in range(1, 60):
        save(newsroom, number, "gas pact " * 400)
    newsroom.archive.words.build()
    whole = newsroom.archive.words.path.read_bytes()
    save(newsroom, 60, "gas talks")
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08):
        child = os.fork()
        if child == 0:
            with Archive.open(newsroom.archive.path) as archive:
                archive.words.build()
            os._exit(0)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert newsroom.archive.words.path.read_bytes() == whole or frequencies(
            newsroom.archive, update=False
        ) == frequencies(newsroom.archive)
    assert frequencies(newsroom.archive)["talks"] == 1
    newsroom.archive.words.path.unlink()
    newsroom.archive.words.build()
    assert list(newsroom.archive.path.parent.glob(".*part")) == []
