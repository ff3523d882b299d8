from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.browse.dates import brief_moment, local_moment, utc_moment
from caliber_crawler.browse.urls import is_web_url, readable_url


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_readable_preserves_the_url(path: str) -> None:
    url = "https://caliber.az/" + quote(path)
    assert unquote(readable_url(url)) == unquote(url)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_readable_url_has_printable_characters_only(path: str) -> None:
    assert readable_url("https://caliber.az/" + quote(path)).isprintable()


def test_readable_decodes_letters() -> None:
    assert readable_url("https://caliber.az/post/%D0%BC%D0%B8%D1%80") == "https://caliber.az/post/мир"
    assert readable_url("https://caliber.az/post/%FF") == "https://caliber.az/post/%FF"
    assert readable_url("https://caliber.az/post/a%20b") == "https://caliber.az/post/a%20b"
    assert readable_url("https://caliber.az/post/50%2525") == "https://caliber.az/post/50%2525"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "urn:caliber:1",
        "//caliber.az",
        "https://",
        "https://[",
        "https://caliber.az/\u202egnp",
        "/en",
        "",
        None,
        5,
    ],
)
def test_other_urls_are_not_links(url: object) -> None:
    assert not is_web_url(url)


def test_http_urls_are_links() -> None:
    assert is_web_url("https://caliber.az/en/post/formula?a=1#b")
    assert is_web_url("http://127.0.0.1:8000/post/1")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-01-06T19:13:00+04:00", "6 January 2026, 19:13 (UTC+4)"),
        ("2026-11-30T00:01:00+05:30", "30 November 2026, 00:01 (UTC+5:30)"),
        ("2026-01-06T09:13:00-11:00", "6 January 2026, 09:13 (UTC-11)"),
        ("2026-01-06T09:13:00+00:00", "6 January 2026, 09:13 (UTC+0)"),
    ],
)
def test_a_local_time_has_its_offset(text: str, shown: str) -> None:
    assert local_moment(text) == shown


def test_a_utc_time_is_labelled() -> None:
    assert utc_moment("2026-01-06T15:13:00Z") == "6 January 2026, 15:13 UTC"
    assert brief_moment("2026-01-06T15:13:00Z") == "6 Jan 2026, 15:13 UTC"
