"""What a page says of its own use."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import SITE_OPTS_OUT, Capture
from caliber_crawler.opt_outs import HEAD, opt_outs, site_rules


def said_by(*headers: tuple[str, str], head: str = "", body: bytes | None = None) -> dict[str, str]:
    page = body if body is not None else f"<html><head>{head}</head><body><p>Text.</p></body></html>".encode()
    at = datetime(2026, 1, 7, 12, tzinfo=UTC)
    return opt_outs(
        Capture(
            site="caliber", url="https://caliber.az/en/post/1", fetched_at=at, status=200, headers=headers, body=page
        )
    )


@pytest.mark.parametrize(
    ("value", "opted_out"),
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
def test_x_robots_tag_reserves_what_it_says_to_us(value: str, opted_out: set[str]) -> None:
    assert said_by(("X-Robots-Tag", value)) == dict.fromkeys(opted_out, "header")


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
    assert time.process_time() - began < 2


def test_what_the_sites_file_reserves_is_reserved_unless_the_page_says_otherwise() -> None:
    by_site = (SITE_OPTS_OUT, "1 https://caliber.az/mining")
    assert said_by(by_site) == {"tdm": "site", "tdm_policy": "https://caliber.az/mining"}
    assert said_by(by_site, ("TDM-Reservation", "0")) == {}
    assert said_by(by_site, head='<meta name="tdm-reservation" content="0">') == {}
    assert said_by(by_site, ("TDM-Reservation", "1")) == {"tdm": "header"}
    assert said_by(by_site, ("TDM-Reservation", "perhaps"))["tdm"] == "site"


FILE = b"""[
  {"location": "/en/open/", "tdm-reservation": 0},
  {"location": "/en/*/closed", "tdm-reservation": 1},
  {"location": "/*.pdf$", "tdm-reservation": "1", "tdm-policy": "https://caliber.az/mining"},
  {"location": "/exactly$", "tdm-reservation": 1},
  {"location": "/price-%24", "tdm-reservation": 1},
  {"location": "/nonsense", "tdm-reservation": 7},
  {"location": "/ru/", "tdm-reservation": 1, "tdm-policy": "javascript:alert(1)"},
  "nonsense", {"tdm-reservation": 1}
]"""


@pytest.mark.parametrize(
    ("path", "opted_out"),
    [
        ("/en/open/closed", None),
        ("/en/post/closed/a", "1"),
        ("/en/post/a", None),
        ("/en/closed", None),
        ("/EN/post/closed", None),
        ("/a/b.pdf", "1 https://caliber.az/mining"),
        ("/a/b.pdf?page=2", None),
        ("/exactly", "1"),
        ("/exactly/not", None),
        ("/price-$", "1"),
        ("/price-%24", "1"),
        ("/nonsense", None),
        ("/ru/post/%D1%82", "1"),
        ("/ru", None),
        ("", None),
    ],
)
def test_the_first_rule_of_the_sites_file_that_matches_decides(path: str, opted_out: str | None) -> None:
    assert site_rules(FILE).opted_out(path) == opted_out


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[" * 100_000, b"[1, null, []]", b"\xff"])
def test_what_is_no_file_of_rules_reserves_nothing(body: bytes) -> None:
    assert site_rules(body).opted_out("/") is None


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_pattern_is_what_stands_between_its_stars(start: str, rest: str) -> None:
    location = (start + "*" + rest).replace("%", "").removesuffix("$")
    rules = site_rules(json.dumps([{"location": "/" + location, "tdm-reservation": 1}]).encode())
    assert rules.opted_out("/" + location.replace("*", "-anything-")) == "1"


def test_a_pattern_of_many_stars_costs_no_time() -> None:
    rules = site_rules(json.dumps([{"location": "/" + "*a" * 240 + "$", "tdm-reservation": 1}] * 1_000).encode())
    started = time.process_time()
    assert rules.opted_out("/" + "a" * 2_000 + "b") is None
    assert time.process_time() - started < 4
