"""Rights reservations of pages and sites."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.items import SITE_OPTS_OUT, Capture
from caliber_crawler.opt_outs import MAX_HEAD_BYTES, _metas_of, opt_outs, site_rules


def opt_outs_of(*headers: tuple[str, str], head: str = "", body: bytes | None = None) -> dict[str, str]:
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
        ("caliber_crawler/1.0: noarchive", {"noarchive"}),
        ("Caliber_Crawler (news): noarchive", {"noarchive"}),
        ("noindex; noarchive", {"noindex", "noarchive"}),
        ("caliber_crawlers: noarchive", set()),
        ("", set()),
    ],
)
def test_x_robots_tag_directives_for_this_crawler_apply(value: str, opted_out: set[str]) -> None:
    assert opt_outs_of(("X-Robots-Tag", value)) == dict.fromkeys(opted_out, "header")


def test_several_headers_are_combined() -> None:
    headers = (("x-robots-tag", "otherbot: noindex"), ("X-Robots-Tag", "noarchive"))
    assert opt_outs_of(*headers) == {"noarchive": "header"}


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="robots" content="noarchive">',
        "<META CONTENT='noarchive, follow' NAME='ROBOTS' />",
        "<meta name=robots content=noarchive>",
        '<meta name="caliber_crawler" content="noarchive">',
        '<meta\nname="robots"\ncontent="no&#97;rchive">',
        '<meta/name="robots"/content="noarchive">',
        '<meta name="caliber_crawler/1.0" content="noarchive">',
        '<!--[if IE]></head><body class="ie"><![endif]--><meta name="robots" content="noarchive">',
        '<script>document.write("</head><body>")</script><meta name="robots" content="noarchive">',
    ],
)
def test_a_meta_element_is_found_in_any_notation(head: str) -> None:
    assert opt_outs_of(head=head) == {"noarchive": "page"}


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="googlebot" content="noarchive">',
        '<!-- <meta name="robots" content="noarchive"> -->',
        '<meta name="description" content="robots noarchive">',
        '<script>var a = \'<meta name="robots" content="noarchive">\'</script>',
        '</head><body><meta name="robots" content="noarchive">',
        '<meta name="tdm-reservation" content="0">',
        '<meta name="tdm-policy" content="https://caliber.az/policy.json">',
    ],
)
def test_elements_for_others_reserve_nothing(head: str) -> None:
    assert opt_outs_of(head=head) == {}


def test_a_page_in_utf_16_is_parsed() -> None:
    page = '<head><meta name="robots" content="noindex"></head>'.encode("utf-16")
    assert opt_outs_of(body=page) == {"noindex": "page"}


def test_tdm_is_reserved_by_header_or_element() -> None:
    policy = "https://caliber.az/policies/tdm.json"
    assert opt_outs_of(("TDM-Reservation", "1"), ("tdm-policy", policy)) == {"tdm": "header", "tdm_policy": policy}
    assert opt_outs_of(head='<meta name="tdm-reservation" content="1">') == {"tdm": "page"}
    assert opt_outs_of(("tdm-reservation", "2")) == {}


def test_a_reservation_takes_precedence_over_its_absence() -> None:
    assert opt_outs_of(("tdm-reservation", "0"), head='<meta name="tdm-reservation" content="1">') == {"tdm": "page"}


@given(st.binary(max_size=500))
def test_any_bytes_are_accepted_without_an_error(body: bytes) -> None:
    opt_outs_of(body=body)


@pytest.mark.parametrize(
    "piece", [b"<meta ", b"<meta " + b"a" * 5000, b"<!--", b"<meta a=\"' ", b"<meta a" + b" " * 3000]
)
def test_a_hostile_head_is_parsed_quickly(piece: bytes) -> None:
    began = time.process_time()
    opt_outs_of(body=piece * (MAX_HEAD_BYTES // len(piece) + 1))
    assert time.process_time() - began < 2


def test_tdmrep_json_applies_unless_the_page_differs() -> None:
    by_site = (SITE_OPTS_OUT, "1 https://caliber.az/mining")
    assert opt_outs_of(by_site) == {"tdm": "site", "tdm_policy": "https://caliber.az/mining"}
    assert opt_outs_of(by_site, ("TDM-Reservation", "0")) == {}
    assert opt_outs_of(by_site, head='<meta name="tdm-reservation" content="0">') == {}
    assert opt_outs_of(by_site, ("TDM-Reservation", "1")) == {"tdm": "header"}
    assert opt_outs_of(by_site, ("TDM-Reservation", "perhaps"))["tdm"] == "site"


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
def test_the_first_matching_rule_of_tdmrep_json_decides(path: str, opted_out: str | None) -> None:
    assert site_rules(FILE).reservation_of(path) == opted_out


@pytest.mark.parametrize(
    "text",
    [
        '[{"location": "/a", "tdm-reservation": 1}]',
        '{"location": "/a", "tdm-reservation": 1}',
        '[{"location": "a", "tdm-reservation": "1"}]',
        '[{"location": "https://caliber.az/a", "tdm-reservation": 1.0}]',
        '[{"Location": " /a ", "TDM-Reservation": true}]',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_reservation_of_a_site_counts_in_any_notation(text: str, encoding: str) -> None:
    rules = site_rules(text.encode(encoding))
    assert rules.reservation_of("/a/b") == "1"
    assert rules.reservation_of("/b") is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[" * 100_000, b"[1, null, []]", b"\xff"])
def test_an_invalid_tdmrep_json_reserves_nothing(body: bytes) -> None:
    assert site_rules(body).reservation_of("/") is None


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_star_in_a_pattern_matches_anything(start: str, rest: str) -> None:
    location = (start + "*" + rest).replace("%", "").removesuffix("$")
    rules = site_rules(json.dumps([{"location": "/" + location, "tdm-reservation": 1}]).encode())
    assert rules.reservation_of("/" + location.replace("*", "-anything-")) == "1"


@pytest.mark.parametrize(
    ("location", "path", "reserved"),
    [
        ("*/en/", "/en/post/1", True),
        ("https://news.example/en/", "/en/post/1", True),
        ("/go/https://news.example/", "/go/https://news.example/1", True),
        ("/go/https://news.example/", "/go//", False),
        ("*/en/", "/ru/en/", True),
        ("*/en/", "/ru/", False),
        ("*en", "/en", True),
        ("/*a*b", "/ab", True),
        ("/*a*b", "/ba", False),
        ("*.pdf$", "/a.pdf", True),
        ("*.pdf$", "/a.pdf/b", False),
        ("/ab*bc$", "/abc", False),
        ("/ab*bc$", "/abbc", True),
    ],
)
def test_a_star_may_match_nothing(location: str, path: str, reserved: bool) -> None:
    rules = site_rules(json.dumps([{"location": location, "tdm-reservation": 1}]).encode())
    assert rules.reservation_of(path) == ("1" if reserved else None)


def test_a_pattern_with_many_stars_is_matched_quickly() -> None:
    rules = site_rules(json.dumps([{"location": "/" + "*a" * 240 + "$", "tdm-reservation": 1}] * 1_000).encode())
    started = time.process_time()
    assert rules.reservation_of("/" + "a" * 2_000 + "b") is None
    assert time.process_time() - started < 4


PIECES = (
    *("<META name='robots' content='noindex'>", "<!--", "-->", "<script>", "</Script>", "<style >", "</style>"),
    *("</head>", "<body class=a>", "<p>text</p>", "<header>", "<meta ", "<metal>", "x" * 3_000, "<scripted>"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_meta_elements_are_those_of_the_head_outside_comments_scripts_and_styles(pieces: list[str]) -> None:
    """The rule in one pattern each, which takes seven times as long."""
    page = "".join(pieces).encode()
    opaque = rb"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)"
    parts = re.finditer(rb"(?is)" + opaque + rb"|(?P<end><(?:/head|body)[\s>])|(?P<meta><meta[\s/][^>]{0,2000})", page)
    head = takewhile(lambda part: part["end"] is None, parts)
    assert list(_metas_of(page)) == [part["meta"] for part in head if part["meta"]]
