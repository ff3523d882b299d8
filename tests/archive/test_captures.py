"""Pages are kept as they were served, once each, in little space."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.errors import ArchiveError
from tests.archive.newsroom import NOON, SLUG_URL, Newsroom, capture, minutes, start_run

VOCABULARY = ("formula", "minister", "республика", "слово", "corridor", "summit", "the", "of", "and")
WORDS = random.Random(7).choices(VOCABULARY, k=5_000)


def page(number: int, shell: int = 1, length: int = 400) -> bytes:
    """A page of a site: the same thousand elements around every text."""
    elements = random.Random(shell)
    top = "".join(
        f'<div class="c{elements.randrange(10**6)}" id="i{elements.randrange(10**6)}"></div>' for _ in range(1_000)
    )
    text = " ".join(random.Random(number).choices(WORDS, k=length))
    return f"<html>{top}<p>{text}</p></html>".encode()


def keep_pages(newsroom: Newsroom, numbers: range, shell: int = 1) -> None:
    with newsroom.archive.transaction():
        for number in numbers:
            url = f"https://caliber.az/en/post/{number}"
            newsroom.archive.captures.store(
                capture(minutes(number), url=url, body=page(number, shell)), newsroom.run_id
            )


def test_everything_about_a_capture_comes_back(newsroom: Newsroom) -> None:
    kept = newsroom.archive.captures.store(
        capture(
            url="https://caliber.az/en/post/1",
            final_url="https://caliber.az/en/post/one",
            redirects=("https://caliber.az/post/1", "https://caliber.az/ru/post/1"),
            headers=(("Set-Cookie", "a"), ("Set-Cookie", "b"), ("Content-Type", "text/html")),
            body=b"\xff\x00bytes of no encoding",
        ),
        newsroom.run_id,
    )
    assert kept.id is not None
    assert newsroom.archive.captures.get(kept.id) == kept


def test_a_failure_is_a_capture_too(newsroom: Newsroom) -> None:
    failed = capture(status=None, error="timed out after 30 s", headers=(), body=b"")
    kept = newsroom.archive.captures.store(failed, newsroom.run_id)
    assert newsroom.archive.captures.get(kept.id or 0) == replace(failed, id=kept.id)
    again = newsroom.archive.captures.store(failed, newsroom.run_id)
    assert again.id != kept.id


def test_times_are_kept_to_the_second(newsroom: Newsroom) -> None:
    kept = newsroom.archive.captures.store(capture(NOON.replace(microsecond=999_999)), newsroom.run_id)
    assert kept.fetched_at == NOON


def test_a_time_without_a_zone_is_refused(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        newsroom.archive.captures.store(capture(datetime(2026, 1, 1)), newsroom.run_id)  # noqa: DTZ001


def test_the_same_body_is_stored_once(newsroom: Newsroom) -> None:
    first = newsroom.archive.captures.store(capture(NOON, body=b"same"), newsroom.run_id)
    second = newsroom.archive.captures.store(capture(minutes(1), body=b"same"), newsroom.run_id)
    assert first.id != second.id
    assert newsroom.values("SELECT count(*) FROM bodies") == [1]


def test_the_same_answer_is_the_same_capture(newsroom: Newsroom) -> None:
    ids = {newsroom.archive.captures.store(capture(), newsroom.run_id).id for _ in range(3)}
    assert len(ids) == 1


def test_the_second_page_of_a_site_takes_a_fraction_of_what_it_takes_alone(newsroom: Newsroom) -> None:
    keep_pages(newsroom, range(2))
    alone = len(zstandard.ZstdCompressor(level=9).compress(page(1)))
    (stored,) = newsroom.values("SELECT length(data) FROM bodies WHERE size = ?", len(page(1)))
    assert stored * 4 <= alone


def test_a_page_needs_nothing_but_its_own_dictionary(newsroom: Newsroom) -> None:
    keep_pages(newsroom, range(3))
    data, dictionary = newsroom.archive.db.execute(
        "SELECT b.data, d.data FROM bodies b JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.rowid = 3"
    ).fetchone()
    earlier_page = zstandard.ZstdDecompressor().decompress(dictionary)
    raw = zstandard.ZstdCompressionDict(earlier_page, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    assert zstandard.ZstdDecompressor(dict_data=raw).decompress(data) == page(2)


def test_editions_kinds_and_media_types_have_dictionaries_of_their_own(newsroom: Newsroom) -> None:
    keep = newsroom.archive.captures.store
    entries = [
        Entry(
            url=f"https://caliber.az/{language}/post/1",
            site="caliber",
            kind="article",
            language=language,
            discovered_via="seed",
        )
        for language in ("en", "hy")
    ]
    newsroom.archive.frontier.add(entries, newsroom.run_id)
    for entry in entries:
        keep(capture(url=entry.url, body=page(1)), newsroom.run_id)
        keep(capture(url=entry.url, body=page(2)), newsroom.run_id)
    keep(capture(url="https://caliber.az/en/category/x", kind="listing", body=page(3)), newsroom.run_id)
    keep(capture(url="urn:x:1", headers=(("content-type", "text/plain"),), body=page(4)), newsroom.run_id)
    lanes = newsroom.archive.db.execute("SELECT kind, language, media_type FROM dictionaries ORDER BY id").fetchall()
    assert lanes == [
        ("article", "en", "text/html"),
        ("listing", None, "text/html"),
        ("article", None, "text/plain"),
    ]


def test_an_error_page_becomes_no_dictionary(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(status=404, body=page(1)), newsroom.run_id)
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [0]


def test_a_dictionary_is_kept_as_long_as_it_helps(newsroom: Newsroom) -> None:
    keep_pages(newsroom, range(200))
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [1]


def test_a_rebuilt_site_gets_a_new_dictionary(newsroom: Newsroom) -> None:
    keep_pages(newsroom, range(110))
    keep_pages(newsroom, range(110, 330), shell=2)
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [2]
    recent = newsroom.values("SELECT max(length(data)) FROM (SELECT data FROM bodies ORDER BY rowid DESC LIMIT 100)")
    assert recent[0] * 4 <= len(zstandard.ZstdCompressor(level=9).compress(page(300, shell=2)))
    assert newsroom.archive.captures.get(1).body == page(0)


def test_a_first_page_unlike_all_others_does_not_stay_the_dictionary(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(NOON, body=page(0, shell=99)), newsroom.run_id)
    keep_pages(newsroom, range(1, 150))
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [2]


def test_a_dictionary_that_was_rolled_back_is_not_remembered(newsroom: Newsroom) -> None:
    with newsroom.rolled_back():
        newsroom.archive.captures.store(capture(body=page(1)), newsroom.run_id)
        newsroom.archive.captures.store(capture(minutes(1), body=page(2)), newsroom.run_id)
    first = newsroom.archive.captures.store(capture(body=page(3, shell=2)), newsroom.run_id)
    second = newsroom.archive.captures.store(capture(minutes(1), body=page(4, shell=2)), newsroom.run_id)
    newsroom.archive.close()
    with Archive.open(newsroom.archive.path) as archive:
        assert archive.captures.get(first.id or 0).body == page(3, shell=2)
        assert archive.captures.get(second.id or 0).body == page(4, shell=2)


def test_a_damaged_body_is_found_and_named(newsroom: Newsroom) -> None:
    kept = newsroom.archive.captures.store(capture(body=page(1)), newsroom.run_id)
    newsroom.archive.db.execute("DROP TRIGGER bodies_are_immutable")
    newsroom.archive.db.execute(
        "UPDATE bodies SET data = (SELECT data FROM dictionaries), dictionary_id = NULL, digest = digest"
    )
    newsroom.archive.db.execute(
        "UPDATE bodies SET data = ?", (zstandard.ZstdCompressor().compress(b"x" * len(page(1))),)
    )
    with pytest.raises(ArchiveError, match="does not read back"):
        newsroom.archive.captures.get(kept.id or 0)


def test_a_capture_that_never_was_is_one_sentence(newsroom: Newsroom) -> None:
    with pytest.raises(ArchiveError, match="holds no capture 77"):
        newsroom.archive.captures.get(77)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with Archive.open(tmp_path_factory.mktemp("warehouse") / "archive.db", mode="write") as archive:
        warehouse = Newsroom(archive, start_run(archive))
        keep_pages(warehouse, range(2))
        yield warehouse


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=5_000), repeated=st.integers(1, 50), in_shell=st.booleans())
def test_any_body_reads_back_bit_for_bit(warehouse: Newsroom, body: bytes, repeated: int, in_shell: bool) -> None:
    served = page(9)[: 3_000 * in_shell] + body * repeated
    kept = warehouse.archive.captures.store(capture(body=served), warehouse.run_id)
    assert warehouse.archive.captures.get(kept.id or 0).body == served


@pytest.fixture
def killed(newsroom: Newsroom) -> Newsroom:
    """A crawl that kept a page which is still to be read, and was killed."""
    newsroom.archive.frontier.add(
        [Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing", due_at=NOON)], newsroom.run_id
    )
    newsroom.archive.captures.store(capture(minutes(1)), newsroom.run_id)
    return newsroom


def unread(newsroom: Newsroom, outcome: Literal["interrupted", "finished"] = "interrupted") -> list[str]:
    newsroom.archive.runs.finish(newsroom.run_id, outcome, None, {})
    return list(newsroom.archive.captures.unprocessed("caliber"))


def test_what_a_killed_crawl_kept_and_did_not_read_is_known(killed: Newsroom) -> None:
    assert unread(killed) == [SLUG_URL]


def test_a_crawl_that_came_to_its_end_left_nothing_unread(killed: Newsroom) -> None:
    assert unread(killed, "finished") == []


def test_what_came_of_a_page_is_not_worked_out_again(killed: Newsroom) -> None:
    killed.archive.frontier.mark_refused(SLUG_URL, minutes(1), status=200, reason="not_an_article")
    assert unread(killed) == []


def test_a_page_that_was_fetched_again_since_is_not_taken_up(killed: Newsroom) -> None:
    killed.save(minutes(2))
    killed.archive.frontier.mark_done(SLUG_URL, minutes(2), status=200, due_at=minutes(60))
    assert unread(killed) == []


def test_of_two_unread_captures_of_a_page_the_later_is_taken_up(killed: Newsroom) -> None:
    later = killed.archive.captures.store(capture(minutes(2)), killed.run_id)
    assert unread(killed) == [SLUG_URL]
    assert killed.archive.captures.unprocessed("caliber") == {SLUG_URL: later.id}
