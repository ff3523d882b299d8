"""Lists of URLs: one per line, and recorded responses of the two public CDX services."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.discovery.url_lists import parse_urls
from caliber_crawler.errors import InputError
from caliber_crawler.lists.cdx_lines import parse_cdx

WAYBACK = """[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],
["az,caliber)/en/post/100","20230102030405","https://caliber.az:443/en/post/100/","text/html","200","AAAA","1234"],
["az,caliber)/en/post/101","20230102030405","http://caliber.az/en/post/101/","text/html","404","BBBB","99"],
["az,caliber)/post/a","20240102030405","https://caliber.az/post/a?fbclid=1","text/html","-","CCCC","1234"]]
""".splitlines()
COMMON_CRAWL = [
    f'{{"urlkey": "az,caliber)/en/post/{slug}", "timestamp": "20250102030405",'
    f' "url": "https://caliber.az/en/post/{slug}", "mime": "text/html", "status": "{status}"}}'
    for slug, status in (("a", 200), ("b", 301))
]
PLAIN = """ CDX N b a m s k r M S V g
az,caliber)/en/post/100 20230102030405 https://caliber.az/en/post/100/ text/html 200 AAAA - - 1234 55 x.warc.gz
az,caliber)/en/post/a 20250102030405 {"url": "https://caliber.az/en/post/a", "status": "200"}
""".splitlines()


def test_a_list_has_one_url_per_line() -> None:
    lines = ["\ufeffhttps://caliber.az/en/post/a\r\n", "", "# a comment", "  /en/post/b  "]
    assert list(parse_urls(lines)) == ["https://caliber.az/en/post/a", "/en/post/b"]


def test_the_format_of_the_wayback_machine_is_parsed() -> None:
    assert list(parse_cdx(WAYBACK)) == ["https://caliber.az:443/en/post/100/", "https://caliber.az/post/a?fbclid=1"]


def test_the_format_of_common_crawl_is_parsed() -> None:
    assert list(parse_cdx(COMMON_CRAWL)) == ["https://caliber.az/en/post/a"]


def test_plain_cdx_is_parsed() -> None:
    assert list(parse_cdx(PLAIN)) == ["https://caliber.az/en/post/100/", "https://caliber.az/en/post/a"]


@pytest.mark.parametrize("nothing", [[], ["[]"], ["[["], [""]])
def test_an_empty_response_has_no_urls(nothing: list[str]) -> None:
    assert list(parse_cdx(nothing)) == []


@pytest.mark.parametrize("line", ["<html>", '{"error": "no captures"}', "{broken", "a b c"])
def test_an_invalid_line_is_reported_with_its_number(line: str) -> None:
    with pytest.raises(InputError, match="Line 2"):
        list(parse_cdx(["", line]))


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_is_parsed_or_refused_with_a_message(lines: list[str]) -> None:
    with suppress(InputError):
        assert all(isinstance(url, str) for url in parse_cdx(lines))
