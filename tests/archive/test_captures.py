"""Captures: pages are stored as served, once each, and compressed well."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from tests.properties import examples

VOCABULARY = ("formula", "minister", "республика", "слово", "corridor", "summit", "the", "of", "and")
WORDS = random.Random(7).choices(VOCABULARY, k=5_000)


def page(number: int, shell: int = 1, length: int = 400) -> bytes:
    """A page of a site: the same thousand elements before every text."""
    elements = random.Random(shell)
    top = "".join(
        f'<div class="c{elements.randrange(10**6)}" id="i{elements.randrange(10**6)}"></div>' for _ in range(1_000)
    )
    text = " ".join(random.Random(number).choices(WORDS, k=length))
    return f"<html>{top}<p>{text}</p></html>".encode()


def store_pages(newsroom: Newsroom, numbers: range, shell: int = 1) -> None:
    with newsroom.archive.transaction():
        for number in numbers:
            url = f"https://caliber.az/en/post/{number}"
            newsroom.archive.captures.store(
                capture(minutes(number), url=url, body=page(number, shell)), newsroom.run_id
            )


def test_a_capture_is_returned_as_stored(newsroom: Newsroom) -> None:
    stored = newsroom.archive.captures.store(
        capture(
            url="https://caliber.az/en/post/1",
            final_url="https://caliber.az/en/post/one",
            redirects=("https://caliber.az/post/1", "https://caliber.az/ru/post/1"),
            headers=(("Set-Cookie", "a"), ("Set-Cookie", "b"), ("Content-Type", "text/html")),
            body=b"\xff\x00bytes of no encoding",
        ),
        newsroom.run_id,
    )
    assert stored.id is not None
    assert newsroom.archive.captures.get(stored.id) == stored


def test_a_failed_request_is_a_capture(newsroom: Newsroom) -> None:
    failed = capture(status=None, error="timed out after 30 s", headers=(), body=b"")
    stored = newsroom.archive.captures.store(failed, newsroom.run_id)
    assert newsroom.archive.captures.get(stored.id or 0) == replace(failed, id=stored.id)
    again = newsroom.archive.captures.store(failed, newsroom.run_id)
    assert again.id != stored.id


def test_times_are_stored_in_whole_seconds(newsroom: Newsroom) -> None:
    stored = newsroom.archive.captures.store(capture(NOON.replace(microsecond=999_999)), newsroom.run_id)
    assert stored.fetched_at == NOON


def test_a_time_without_a_time_zone_is_refused(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        newsroom.archive.captures.store(capture(datetime(2026, 1, 1)), newsroom.run_id)  # noqa: DTZ001


def test_the_same_body_is_stored_once(newsroom: Newsroom) -> None:
    first = newsroom.archive.captures.store(capture(NOON, body=b"same"), newsroom.run_id)
    second = newsroom.archive.captures.store(capture(minutes(1), body=b"same"), newsroom.run_id)
    assert first.id != second.id
    assert newsroom.values("SELECT count(*) FROM bodies") == [1]


def test_an_identical_response_is_the_same_capture(newsroom: Newsroom) -> None:
    ids = {newsroom.archive.captures.store(capture(), newsroom.run_id).id for _ in range(3)}
    assert len(ids) == 1


def test_the_second_page_of_a_site_compresses_better_than_alone(newsroom: Newsroom) -> None:
    store_pages(newsroom, range(2))
    alone = len(zstandard.ZstdCompressor(level=9).compress(page(1)))
    (size,) = newsroom.values("SELECT length(data) FROM bodies WHERE size = ?", len(page(1)))
    assert size * 4 <= alone


def test_a_long_page_may_be_compressed_in_other_threads(newsroom: Newsroom) -> None:
    captures = newsroom.archive.captures
    store_pages(newsroom, range(1))
    new = [capture(minutes(number), url=f"https://caliber.az/en/post/{number}", body=page(number)) for number in (1, 2)]
    tasks = [task for one in new if (task := captures.compression(one)) is not None]
    with ThreadPoolExecutor(2) as threads:
        compressed = [future.result() for future in [threads.submit(task) for task in tasks]]
    assert compressed == [captures.compress(one) for one in new]
    stored = [captures.store(one, newsroom.run_id, ready) for one, ready in zip(new, compressed, strict=True)]
    assert [captures.get(one.id or 0).body for one in stored] == [page(1), page(2)]
    assert newsroom.values("SELECT data FROM bodies ORDER BY rowid")[1:] == [ready.data for ready in compressed]


def test_short_and_stored_pages_are_not_compressed_in_advance(newsroom: Newsroom) -> None:
    captures = newsroom.archive.captures
    assert captures.compression(capture(body=page(0))) is None, "it becomes the first dictionary"
    store_pages(newsroom, range(2))
    assert captures.compression(capture(minutes(5), body=page(1))) is None
    assert captures.compression(capture(minutes(5), body=b"<p>short</p>")) is None


def test_a_page_depends_on_one_dictionary_only(newsroom: Newsroom) -> None:
    store_pages(newsroom, range(3))
    data, dictionary = newsroom.archive.db.execute(
        "SELECT b.data, d.data FROM bodies b JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.rowid = 3"
    ).fetchone()
    earlier_page = zstandard.ZstdDecompressor().decompress(dictionary)
    raw = zstandard.ZstdCompressionDict(earlier_page, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    assert zstandard.ZstdDecompressor(dict_data=raw).decompress(data) == page(2)


def test_each_page_class_has_its_own_dictionary(newsroom: Newsroom) -> None:
    store = newsroom.archive.captures.store
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
        store(capture(url=entry.url, body=page(1)), newsroom.run_id)
        store(capture(url=entry.url, body=page(2)), newsroom.run_id)
    store(capture(url="https://caliber.az/en/category/x", kind="listing", body=page(3)), newsroom.run_id)
    store(capture(url="urn:x:1", headers=(("content-type", "text/plain"),), body=page(4)), newsroom.run_id)
    page_classes = newsroom.archive.db.execute(
        "SELECT kind, language, media_type FROM dictionaries ORDER BY id"
    ).fetchall()
    assert page_classes == [
        ("article", "en", "text/html"),
        ("listing", None, "text/html"),
        ("article", None, "text/plain"),
    ]


def test_an_error_page_does_not_become_a_dictionary(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(status=404, body=page(1)), newsroom.run_id)
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [0]


@pytest.mark.slow
def test_a_useful_dictionary_is_not_replaced(newsroom: Newsroom) -> None:
    store_pages(newsroom, range(200))
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [1]


@pytest.mark.slow
def test_a_redesigned_site_gets_a_new_dictionary(newsroom: Newsroom) -> None:
    store_pages(newsroom, range(110))
    store_pages(newsroom, range(110, 330), shell=2)
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [2]
    recent = newsroom.values("SELECT max(length(data)) FROM (SELECT data FROM bodies ORDER BY rowid DESC LIMIT 100)")
    assert recent[0] * 4 <= len(zstandard.ZstdCompressor(level=9).compress(page(300, shell=2)))
    assert newsroom.archive.captures.get(1).body == page(0)


@pytest.mark.slow
def test_an_atypical_first_page_is_replaced_as_the_dictionary(newsroom: Newsroom) -> None:
    newsroom.archive.captures.store(capture(NOON, body=page(0, shell=99)), newsroom.run_id)
    store_pages(newsroom, range(1, 150))
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [2]


def test_a_rolled_back_dictionary_is_not_used(newsroom: Newsroom) -> None:
    with newsroom.rolled_back():
        newsroom.archive.captures.store(capture(body=page(1)), newsroom.run_id)
        newsroom.archive.captures.store(capture(minutes(1), body=page(2)), newsroom.run_id)
    first = newsroom.archive.captures.store(capture(body=page(3, shell=2)), newsroom.run_id)
    second = newsroom.archive.captures.store(capture(minutes(1), body=page(4, shell=2)), newsroom.run_id)
    newsroom.archive.close()
    with Archive.open(newsroom.archive.path) as archive:
        assert archive.captures.get(first.id or 0).body == page(3, shell=2)
        assert archive.captures.get(second.id or 0).body == page(4, shell=2)


def test_a_damaged_body_is_reported(newsroom: Newsroom) -> None:
    stored = newsroom.archive.captures.store(capture(body=page(1)), newsroom.run_id)
    newsroom.archive.db.execute("DROP TRIGGER bodies_are_immutable")
    newsroom.archive.db.execute(
        "UPDATE bodies SET data = (SELECT data FROM dictionaries), dictionary_id = NULL, digest = digest"
    )
    newsroom.archive.db.execute(
        "UPDATE bodies SET data = ?", (zstandard.ZstdCompressor().compress(b"x" * len(page(1))),)
    )
    with pytest.raises(ArchiveError, match="do not match its digest"):
        newsroom.archive.captures.get(stored.id or 0)


def test_an_unknown_capture_is_reported(newsroom: Newsroom) -> None:
    with pytest.raises(ArchiveError, match="contains no capture 77"):
        newsroom.archive.captures.get(77)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with Archive.open(tmp_path_factory.mktemp("warehouse") / "archive.db", mode="write") as archive:
        warehouse = Newsroom(archive, start_run(archive))
        store_pages(warehouse, range(2))
        yield warehouse


@pytest.mark.slow
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=5_000), repeated=st.integers(1, 50), in_shell=st.booleans())
def test_any_body_is_returned_bit_for_bit(warehouse: Newsroom, body: bytes, repeated: int, in_shell: bool) -> None:
    served = page(9)[: 3_000 * in_shell] + body * repeated
    stored = warehouse.archive.captures.store(capture(body=served), warehouse.run_id)
    assert warehouse.archive.captures.get(stored.id or 0).body == served


@pytest.fixture
def killed(newsroom: Newsroom) -> Newsroom:
    """A crawl that was killed after storing a page that was not yet extracted."""
    newsroom.archive.frontier.add(
        [Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing", due_at=NOON)], newsroom.run_id
    )
    newsroom.archive.captures.store(capture(minutes(1)), newsroom.run_id)
    return newsroom


def unprocessed(newsroom: Newsroom, outcome: Literal["interrupted", "finished"] = "interrupted") -> list[str]:
    newsroom.archive.runs.finish(newsroom.run_id, outcome, None, {})
    return list(newsroom.archive.captures.unprocessed("caliber"))


def test_a_killed_crawl_leaves_an_unprocessed_capture(killed: Newsroom) -> None:
    assert unprocessed(killed) == [SLUG_URL]


def test_a_finished_crawl_leaves_no_unprocessed_capture(killed: Newsroom) -> None:
    assert unprocessed(killed, "finished") == []


def test_a_capture_with_an_outcome_is_not_unprocessed(killed: Newsroom) -> None:
    killed.archive.frontier.mark_refused(SLUG_URL, minutes(1), status=200, reason="not_an_article")
    assert unprocessed(killed) == []


def test_a_capture_of_a_page_fetched_again_is_not_unprocessed(killed: Newsroom) -> None:
    killed.save(minutes(2))
    killed.archive.frontier.mark_done(SLUG_URL, minutes(2), status=200, due_at=minutes(60))
    assert unprocessed(killed) == []


def test_the_later_of_two_unprocessed_captures_is_returned(killed: Newsroom) -> None:
    later = killed.archive.captures.store(capture(minutes(2)), killed.run_id)
    assert unprocessed(killed) == [SLUG_URL]
    assert killed.archive.captures.unprocessed("caliber") == {SLUG_URL: later.id}
