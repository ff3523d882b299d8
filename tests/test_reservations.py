"""What a page says of its own use."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import Capture
from caliber_crawler.reservations import HEAD, reservations


def said_by(*headers: tuple[str, str], head: str = "", body: bytes | None = None) -> dict[str, str]:
    page = body if body is not None else f"<html><head>{head}</head><body><p>Text.</p></body></html>".encode()
    at = datetime(2026, 1, 7, 12, tzinfo=UTC)
    return reservations(
        Capture(
            site="caliber", url="https://caliber.az/en/post/1", fetched_at=at, status=200, headers=headers, body=page
        )
    )


@pytest.mark.parametrize(
    ("value", "reserved"),
    [
        ("noarchive", {"noarchive"}),
        ("NoIndex, NOFOLLOW , noarchive", {"noindex", "noarchive"}),
        ("none", {"noindex"}),
        ("nocache", {"noarchive"}),
        ("index, follow, max-snippet: 20", set()),
        ("unavailable_after: 25 Jun 2030 15:00:00 GMT, noindex", {"noindex"}),
        ("googlebot: noindex, noarchive", set()),
        ("googlebot: noindex, caliber_crawler: noarchive", {"noarchive"}),
        ("", set()),
    ],
)
def test_x_robots_tag_reserves_what_it_says_to_us(value: str, reserved: set[str]) -> None:
    assert said_by(("X-Robots-Tag", value)) == dict.fromkeys(reserved, "header")


def test_several_headers_count_together() -> None:
    headers = (("x-robots-tag", "otherbot: noindex"), ("X-Robots-Tag", "noarchive"))
    assert said_by(*headers) == {"noarchive": "header"}


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="noarchive">',
        "<META CONTENT='noarchive, follow' NAME='ROBOTS' />",
        "<meta name=robots content=noarchive>",
        '<meta name="caliber_crawler" content="noarchive">',
        '<meta\nname="robots"\ncontent="no&#97;rchive">',
    ],
)
def test_a_meta_element_is_read_however_it_is_written(head: str) -> None:
    assert said_by(head=head) == {"noarchive": "page"}


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="googlebot" content="noarchive">',
        '<!-- <meta name="robots" content="noarchive"> -->',
        '<meta name="description" content="robots noarchive">',
        '</head><body><meta name="robots" content="noarchive">',
        '<meta name="tdm-reservation" content="0">',
        '<meta name="tdm-policy" content="https://caliber.az/policy.json">',
    ],
)
def test_what_is_not_said_to_us_reserves_nothing(head: str) -> None:
    assert said_by(head=head) == {}


def test_a_page_in_utf_16_is_read() -> None:
    page = '<head><meta name="robots" content="noindex"></head>'.encode("utf-16")
    assert said_by(body=page) == {"noindex": "page"}


def test_text_and_data_mining_is_reserved_by_header_or_element() -> None:
    policy = "https://caliber.az/policies/tdm.json"
    assert said_by(("TDM-Reservation", "1"), ("tdm-policy", policy)) == {"tdm": "header", "tdm_policy": policy}
    assert said_by(head='<meta name="tdm-reservation" content="1">') == {"tdm": "page"}
    assert said_by(("tdm-reservation", "2")) == {}


def test_the_one_that_reserves_counts() -> None:
    assert said_by(("tdm-reservation", "0"), head='<meta name="tdm-reservation" content="1">') == {"tdm": "page"}


@given(st.binary(max_size=500))
def test_any_bytes_can_be_looked_through(body: bytes) -> None:
    said_by(body=body)


@pytest.mark.parametrize(
    "piece", [b"<meta ", b"<meta " + b"a" * 5000, b"<!--", b"<meta a=\"' ", b"<meta a" + b" " * 3000]
)
def test_a_hostile_head_takes_no_time(piece: bytes) -> None:
    began = time.process_time()
    said_by(body=piece * (HEAD // len(piece) + 1))
    assert time.process_time() - began < 0.5
