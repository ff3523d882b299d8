"""Limits at which a page is too large, a redirect is forgotten, or a status is not a redirect."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from caliber_crawler.decompression import Undecodable
from caliber_crawler.items import Capture
from caliber_crawler.warc import content
from caliber_crawler.warc.content import decode
from caliber_crawler.warc.message import parse_message
from caliber_crawler.warc.record import is_redirect
from caliber_crawler.warc.redirects import FOLLOWED_WITHIN, Redirects

NOW = datetime(2026, 1, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
START, BETWEEN, TARGET = (f"https://caliber.az/en/post/{name}" for name in ("start", "between", "target"))


def capture(url: str = TARGET, status: int | None = 200, after: timedelta = timedelta(0)) -> Capture:
    error = None if status else "no answer"
    return Capture(site="caliber", url=url, fetched_at=NOW + after, status=status, error=error)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(None, False), (200, False), (299, False), (300, True), (304, False), (308, True), (399, True), (400, False)],
)
def test_only_a_status_of_300_to_399_is_a_redirect(status: int | None, expected: bool) -> None:
    assert is_redirect(capture(status=status)) is expected


@pytest.mark.parametrize(
    ("after", "followed"),
    [
        (-SECOND, False),
        (timedelta(0), True),
        (SECOND, True),
        (FOLLOWED_WITHIN, True),
        (FOLLOWED_WITHIN + SECOND, False),
    ],
)
def test_a_target_is_fetched_after_its_redirect_and_within_a_day(after: timedelta, followed: bool) -> None:
    redirects = Redirects()
    assert list(redirects.lead(capture(START, 301), TARGET, 10)) == []
    found = redirects.follow(capture(after=after))
    assert (found.url, found.final_url) == ((START, TARGET) if followed else (TARGET, None))
    assert [redirect.offset for redirect in redirects.left()] == ([] if followed else [10])


def test_a_chain_of_redirects_keeps_the_urls_between() -> None:
    redirects = Redirects()
    assert list(redirects.lead(capture(START, 301), BETWEEN, 10)) == []
    assert list(redirects.lead(capture(BETWEEN, 302), TARGET, 20)) == []
    found = redirects.follow(capture())
    assert (found.url, found.redirects, found.final_url) == (START, (BETWEEN,), TARGET)


def test_a_page_that_was_redirected_in_its_own_record_stays() -> None:
    redirects = Redirects()
    assert list(redirects.lead(capture(START, 301), TARGET, 10)) == []
    page = Capture(site="caliber", url=BETWEEN, final_url=TARGET, fetched_at=NOW, status=200)
    assert redirects.follow(page) == page


def test_a_second_redirect_to_a_target_replaces_the_first() -> None:
    redirects = Redirects()
    assert list(redirects.lead(capture(START, 301), TARGET, 10)) == []
    assert [redirect.offset for redirect in redirects.lead(capture(BETWEEN, 301), TARGET, 20)] == [10]
    assert redirects.follow(capture()).url == BETWEEN


def test_the_oldest_redirect_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caliber_crawler.warc.redirects.REMEMBERED", 2)
    redirects = Redirects()
    left = [list(redirects.lead(capture(f"{START}{n}", 301), f"{TARGET}{n}", n)) for n in range(3)]
    assert [[redirect.offset for redirect in each] for each in left] == [[], [], [0]]
    assert [redirect.offset for redirect in redirects.left()] == [1, 2]
    assert list(redirects.left()) == []


def test_a_page_may_be_as_large_as_in_a_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    assert content.MAX_CONTENT_BYTES == 32 * 1024 * 1024
    monkeypatch.setattr(content, "MAX_CONTENT_BYTES", 2 * 1024 * 1024)
    with pytest.raises(Undecodable, match=r"larger than 2 MiB$"):
        decode(b"x" * (2 * 1024 * 1024 + 1), [])


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize(("size", "fits"), [(100, True), (101, False)])
def test_a_page_has_a_maximum_size(monkeypatch: pytest.MonkeyPatch, encoding: str, size: int, fits: bool) -> None:
    monkeypatch.setattr(content, "MAX_CONTENT_BYTES", 100)
    body = b"x" * size
    sent = gzip.compress(body) if encoding else body
    headers = [("Content-Encoding", encoding)]
    if fits:
        assert decode(sent, headers) == body
        return
    with pytest.raises(Undecodable) as caught:
        decode(sent, headers)
    assert caught.value.fault == "too_large"


@pytest.mark.parametrize(("length", "complete"), [("4", True), ("5", True), ("6", False), ("-6", True), ("", True)])
def test_a_page_has_at_least_its_declared_length(length: str, complete: bool) -> None:
    headers = [("Content-Length", length)]
    if complete:
        assert decode(b"12345", headers) == b"12345"
        return
    with pytest.raises(Undecodable, match="ends after 5 of 6 bytes") as caught:
        decode(b"12345", headers)
    assert caught.value.fault == "truncated"


def test_the_declared_length_of_an_encoded_page_is_not_that_of_its_text() -> None:
    sent = gzip.compress(b"")
    assert decode(sent, [("Content-Encoding", "gzip"), ("Content-Length", str(len(sent)))]) == b""


@pytest.mark.parametrize(
    ("block", "headers", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nbody", (), b"body"),
        (b"HTTP/1.1 200 OK\n\nbody\n\nmore", (), b"body\n\nmore"),
        (b"HTTP/1.1 200\r\nA: 1\r\n folded\r\nB:2\r\n\r\n", (("A", "1 folded"), ("B", "2")), b""),
        (b"HTTP/1.1 200\n ignored\n\tA: 1\nno colon\n: no name\n\nx", (("A", "1"),), b"x"),
        (b"HTTP/1.1 200 OK", (), b""),
    ],
)
def test_head_and_body_of_a_message(block: bytes, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    message = parse_message(block)
    assert message is not None
    assert (message.status, message.headers, message.content) == (200, headers, body)
