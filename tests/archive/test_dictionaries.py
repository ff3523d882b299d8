"""Dictionaries: chosen from stored pages, and renewed when that saves space."""

from __future__ import annotations

import gzip
import random
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.pages.dictionaries import (
    LEVEL,
    MAX_BYTES,
    MAX_PAGES,
    choose_pages,
    compressor_of,
    takes_less,
)
from caliber_crawler.demo import DemoSite
from tests.archive.newsroom import NOON, Newsroom, capture, start_run

BLOCKS = [" ".join(random.Random(block).choices("abcdefghijklmnopqrstuvwxyz", k=700)) for block in range(12)]


def page(number: int, blocks: int = 3) -> bytes:
    """A page: some of the twelve blocks of a site, followed by its own text."""
    rng = random.Random(number)
    text = " ".join(str(rng.randrange(10**6)) for _ in range(20))
    return "".join([*rng.sample(BLOCKS, blocks), text]).encode()


def store(newsroom: Newsroom, pages: list[bytes], first: int = 0) -> None:
    with newsroom.archive.transaction():
        for number, body in enumerate(pages, first):
            url = f"https://caliber.az/en/post/{number}"
            newsroom.archive.captures.store(capture(url=url, body=body), newsroom.run_id)


def stored_size(newsroom: Newsroom) -> int:
    (bodies,) = newsroom.values("SELECT sum(length(data)) FROM bodies")
    (dictionaries,) = newsroom.values("SELECT sum(length(data)) FROM dictionaries")
    return int(bodies + dictionaries)


def test_several_pages_replace_one_that_lacks_some_blocks(newsroom: Newsroom) -> None:
    pages = [page(number) for number in range(200)]
    store(newsroom, pages)
    one = compressor_of(pages[0], LEVEL)
    assert stored_size(newsroom) * 3 <= sum(len(one.compress(page)) for page in pages)
    assert [newsroom.archive.captures.get(id).body for id in range(1, 201)] == pages


def test_a_dictionary_contains_every_block_of_its_pages(newsroom: Newsroom) -> None:
    store(newsroom, [page(number) for number in range(100)])
    (data,) = newsroom.values("SELECT data FROM dictionaries ORDER BY id DESC LIMIT 1")
    content = zstandard.ZstdDecompressor().decompress(data)
    assert all(block.encode() in content for block in BLOCKS)


def test_a_dictionary_is_not_renewed_for_pages_with_nothing_more_in_common(newsroom: Newsroom) -> None:
    shell = BLOCKS[0].encode()
    store(newsroom, [shell + random.Random(number).randbytes(3_000) for number in range(150)])
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [1]


def test_short_runs_renew_the_dictionary_like_one_long_run(newsroom: Newsroom) -> None:
    for start in range(0, 40, 5):
        store(newsroom, [page(number) for number in range(start, start + 5)], start)
        newsroom.archive.close()
        newsroom = Newsroom(Archive.open(newsroom.archive.path, "write"), newsroom.run_id)
    assert newsroom.values("SELECT count(*) > 1 FROM dictionaries") == [1]
    newsroom.archive.close()


def test_dictionaries_contain_no_error_pages(newsroom: Newsroom) -> None:
    error = b"<h1>No such page</h1>" * 300
    for number in range(1, 100):
        broken = error + b"%d" % number
        newsroom.archive.captures.store(
            capture(url=f"https://caliber.az/en/post/x{number}", status=404, body=broken), newsroom.run_id
        )
        store(newsroom, [page(number)], number)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert len(contents) > 1
    assert not any(error in content for content in contents)


def test_a_renewed_dictionary_leaves_out_a_damaged_page(newsroom: Newsroom) -> None:
    store(newsroom, [page(number) for number in range(10)])
    newsroom.archive.db.execute("DROP TRIGGER bodies_are_immutable")
    newsroom.archive.db.execute("UPDATE bodies SET data = x'00' WHERE rowid = 5")
    store(newsroom, [page(number) for number in range(10, 40)], 10)
    assert newsroom.values("SELECT count(*) > 1 FROM dictionaries") == [1]


def test_a_takedown_removes_the_page_from_dictionaries_and_keeps_other_pages_readable(newsroom: Newsroom) -> None:
    secret = b"the secret " + b" ".join(b"%d" % (7**number) for number in range(200))
    for number in range(80):
        url = f"https://caliber.az/en/post/{number}"
        # The largest and most unusual page is in any dictionary chosen from these pages.
        body = BLOCKS[0].encode() + secret if number == 8 else page(number)
        newsroom.save(NOON + timedelta(minutes=number), article_urls=(url,), page=body)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert sum(secret in content for content in contents) >= 1
    article_id = newsroom.archive.article("https://caliber.az/en/post/8")["id"]
    newsroom.archive.deletion.take_down(article_id, "asked", NOON)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert not any(secret in content for content in contents)
    bodies = {newsroom.archive.captures.get(id).body for id in newsroom.values("SELECT id FROM captures")}
    assert bodies == {page(number) for number in range(80) if number != 8}


def test_part_of_a_page_becomes_the_dictionary_if_all_pages_are_too_large(newsroom: Newsroom) -> None:
    large = [b"%d " % number + page(number, blocks=12) * 40 for number in range(3)]
    assert min(map(len, large)) > MAX_BYTES
    for number, body in enumerate([page(99), *large]):
        newsroom.save(NOON, article_urls=(f"https://caliber.az/en/post/{number}",), page=body)
    newsroom.archive.deletion.take_down(1, "asked", NOON)
    assert newsroom.values("SELECT size FROM dictionaries") == [MAX_BYTES]
    ids = newsroom.values("SELECT id FROM captures ORDER BY id")
    assert [newsroom.archive.captures.get(id).body for id in ids] == large


@pytest.mark.slow
@given(sizes=st.lists(st.integers(1, MAX_BYTES), min_size=1, max_size=20))
def test_chosen_pages_are_complete_and_within_the_limits(sizes: list[int]) -> None:
    pages = [b"<%d>" % number + bytes([number]) * size for number, size in enumerate(sizes)]
    pages = [page[:MAX_BYTES] for page in pages]
    content = choose_pages(pages)
    chosen = [page for page in pages if page in content]
    assert content.endswith(pages[-1])
    assert len(content) == sum(map(len, chosen)) <= MAX_BYTES
    assert 1 <= len(chosen) <= MAX_PAGES


@given(numbers=st.lists(st.integers(0, 99), min_size=1, max_size=6), more=st.integers(-60, 60), at=st.integers(0, 6))
def test_a_trial_that_ends_early_has_the_outcome_of_all_pages(numbers: list[int], more: int, at: int) -> None:
    content, pages = page(100, blocks=6), [page(number) for number in numbers]
    compressor = compressor_of(content, LEVEL)
    size = sum(len(compressor.compress(each)) for each in pages[:at]) + more
    assert takes_less(content, pages, size) == (sum(len(compressor.compress(each)) for each in pages) < size)


@cache
def demo_site() -> tuple[DemoSite, dict[str, list[str]]]:
    """A site of three thousand articles, and the paths of each edition's articles."""
    site = DemoSite(articles=3_000, seed=3, clock=lambda: NOON)
    editions: dict[str, list[str]] = {}
    for truth in site.truth(NOON):
        editions.setdefault(str(truth["edition"]), []).append(urlsplit(str(truth["url"])).path)
    return site, editions


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ru", "arm"])
def test_pages_of_one_site_take_less_than_a_sixth_of_gzip(newsroom: Newsroom, language: str) -> None:
    """The archive's goal, on pages of the demo site; `benchmarks/archive.py` measures real pages."""
    site, editions = demo_site()
    paths = editions[language]
    answers = [answer for path in paths[:1_000] if (answer := site.respond(path)).status == 200]
    store(newsroom, [answer.body for answer in answers])
    assert stored_size(newsroom) * 6 <= sum(len(gzip.compress(answer.body, 6)) for answer in answers)


def test_the_language_of_a_page_class_comes_from_the_frontier(newsroom: Newsroom) -> None:
    entry = Entry(
        url="https://caliber.az/ru/post/1", site="caliber", kind="article", language="ru", discovered_via="listing"
    )
    newsroom.archive.frontier.add([entry], start_run(newsroom.archive))
    newsroom.archive.captures.store(capture(url=entry.url, body=page(1)), newsroom.run_id)
    assert newsroom.values("SELECT language FROM dictionaries") == ["ru"]
