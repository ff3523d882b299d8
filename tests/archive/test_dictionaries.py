"""What pages are compressed against is chosen from the pages themselves, and again when that pays."""

from __future__ import annotations

import gzip
import random
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.pages.dictionaries import LEVEL, MAX_BYTES, MAX_PAGES, choose_pages, compressor_of
from caliber_crawler.demo import DemoSite
from tests.archive.newsroom import NOON, Newsroom, capture, start_run

BLOCKS = [" ".join(random.Random(block).choices("abcdefghijklmnopqrstuvwxyz", k=700)) for block in range(12)]


def page(number: int, blocks: int = 3) -> bytes:
    """Some of the twelve blocks that the pages of a site are made of, around a text of its own."""
    dice = random.Random(number)
    text = " ".join(str(dice.randrange(10**6)) for _ in range(20))
    return "".join([*dice.sample(BLOCKS, blocks), text]).encode()


def keep(newsroom: Newsroom, pages: list[bytes], first: int = 0) -> None:
    with newsroom.archive.transaction():
        for number, body in enumerate(pages, first):
            url = f"https://caliber.az/en/post/{number}"
            newsroom.archive.captures.store(capture(url=url, body=body), newsroom.run_id)


def stored(newsroom: Newsroom) -> int:
    (bodies,) = newsroom.values("SELECT sum(length(data)) FROM bodies")
    (dictionaries,) = newsroom.values("SELECT sum(length(data)) FROM dictionaries")
    return int(bodies + dictionaries)


def test_several_pages_soon_serve_where_one_has_not_every_block(newsroom: Newsroom) -> None:
    pages = [page(number) for number in range(200)]
    keep(newsroom, pages)
    one = compressor_of(pages[0], LEVEL)
    assert stored(newsroom) * 3 <= sum(len(one.compress(page)) for page in pages)
    assert [newsroom.archive.captures.get(id).body for id in range(1, 201)] == pages


def test_a_dictionary_has_every_block_of_the_pages_it_was_chosen_from(newsroom: Newsroom) -> None:
    keep(newsroom, [page(number) for number in range(100)])
    (data,) = newsroom.values("SELECT data FROM dictionaries ORDER BY id DESC LIMIT 1")
    content = zstandard.ZstdDecompressor().decompress(data)
    assert all(block.encode() in content for block in BLOCKS)


def test_pages_with_nothing_more_in_common_get_no_second_dictionary(newsroom: Newsroom) -> None:
    shell = BLOCKS[0].encode()
    keep(newsroom, [shell + random.Random(number).randbytes(3_000) for number in range(150)])
    assert newsroom.values("SELECT count(*) FROM dictionaries") == [1]


def test_runs_of_a_few_pages_renew_as_one_long_run_does(newsroom: Newsroom) -> None:
    for start in range(0, 40, 5):
        keep(newsroom, [page(number) for number in range(start, start + 5)], start)
        newsroom.archive.close()
        newsroom = Newsroom(Archive.open(newsroom.archive.path, "write"), newsroom.run_id)
    assert newsroom.values("SELECT count(*) > 1 FROM dictionaries") == [1]
    newsroom.archive.close()


def test_error_pages_are_in_no_dictionary(newsroom: Newsroom) -> None:
    error = b"<h1>No such page</h1>" * 300
    for number in range(1, 100):
        broken = error + b"%d" % number
        newsroom.archive.captures.store(
            capture(url=f"https://caliber.az/en/post/x{number}", status=404, body=broken), newsroom.run_id
        )
        keep(newsroom, [page(number)], number)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert len(contents) > 1
    assert not any(error in content for content in contents)


def test_a_damaged_page_is_left_out_when_a_dictionary_is_renewed(newsroom: Newsroom) -> None:
    keep(newsroom, [page(number) for number in range(10)])
    newsroom.archive.db.execute("DROP TRIGGER bodies_are_immutable")
    newsroom.archive.db.execute("UPDATE bodies SET data = x'00' WHERE rowid = 5")
    keep(newsroom, [page(number) for number in range(10, 40)], 10)
    assert newsroom.values("SELECT count(*) > 1 FROM dictionaries") == [1]


def test_a_forgotten_page_is_in_no_dictionary_and_what_was_made_with_it_reads_on(newsroom: Newsroom) -> None:
    secret = b"the secret " + b" ".join(b"%d" % (7**number) for number in range(200))
    for number in range(80):
        url = f"https://caliber.az/en/post/{number}"
        # The greatest and strangest page is in any dictionary chosen from it and its like.
        body = BLOCKS[0].encode() + secret if number == 8 else page(number)
        newsroom.save(NOON + timedelta(minutes=number), article_urls=(url,), page=body)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert sum(secret in content for content in contents) >= 1
    forgotten = newsroom.archive.article("https://caliber.az/en/post/8")["id"]
    newsroom.archive.deletion.take_down(forgotten, "asked", NOON)
    contents = [zstandard.ZstdDecompressor().decompress(d) for d in newsroom.values("SELECT data FROM dictionaries")]
    assert not any(secret in content for content in contents)
    bodies = {newsroom.archive.captures.get(id).body for id in newsroom.values("SELECT id FROM captures")}
    assert bodies == {page(number) for number in range(80) if number != 8}


def test_where_only_very_large_pages_are_left_a_part_of_one_serves(newsroom: Newsroom) -> None:
    large = [b"%d " % number + page(number, blocks=12) * 40 for number in range(3)]
    assert min(map(len, large)) > MAX_BYTES
    for number, body in enumerate([page(99), *large]):
        newsroom.save(NOON, article_urls=(f"https://caliber.az/en/post/{number}",), page=body)
    newsroom.archive.deletion.take_down(1, "asked", NOON)
    assert newsroom.values("SELECT size FROM dictionaries") == [MAX_BYTES]
    ids = newsroom.values("SELECT id FROM captures ORDER BY id")
    assert [newsroom.archive.captures.get(id).body for id in ids] == large


@given(sizes=st.lists(st.integers(1, MAX_BYTES), min_size=1, max_size=20))
def test_what_is_chosen_is_whole_pages_within_bounds(sizes: list[int]) -> None:
    pages = [b"<%d>" % number + bytes([number]) * size for number, size in enumerate(sizes)]
    pages = [page[:MAX_BYTES] for page in pages]
    content = choose_pages(pages)
    taken = [page for page in pages if page in content]
    assert content.endswith(pages[-1])
    assert len(content) == sum(map(len, taken)) <= MAX_BYTES
    assert 1 <= len(taken) <= MAX_PAGES


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ru", "arm"])
def test_the_pages_of_one_site_take_less_than_a_sixth_of_gzip_members(newsroom: Newsroom, language: str) -> None:
    """The goal of the archive, on the demo's pages; `benchmarks/archive.py` has real ones."""
    site = DemoSite(articles=3_000, seed=3, clock=lambda: NOON)
    paths = [urlsplit(str(truth["url"])).path for truth in site.truth(NOON) if truth["edition"] == language]
    answers = [answer for path in paths[:1_000] if (answer := site.respond(path)).status == 200]
    keep(newsroom, [answer.body for answer in answers])
    assert stored(newsroom) * 6 <= sum(len(gzip.compress(answer.body, 6)) for answer in answers)


def test_a_lane_is_known_by_the_listing_that_led_to_it(newsroom: Newsroom) -> None:
    entry = Entry(
        url="https://caliber.az/ru/post/1", site="caliber", kind="article", language="ru", discovered_via="listing"
    )
    newsroom.archive.frontier.add([entry], start_run(newsroom.archive))
    newsroom.archive.captures.store(capture(url=entry.url, body=page(1)), newsroom.run_id)
    assert newsroom.values("SELECT language FROM dictionaries") == ["ru"]
