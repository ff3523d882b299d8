from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.search.selection import Selection
from caliber_crawler.browse.capture_page import sanitize
from caliber_crawler.items import Capture
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import SEEN

PAGE = """<!DOCTYPE html><html><head><base href="https://evil.example/"><meta charset="windows-1251">
<meta http-equiv="refresh" content="0; url=https://evil.example/"><link rel="preconnect" href="https://evil.example">
<link rel="stylesheet" href="https://evil.example/a.css"><style>@import "https://evil.example/b.css"; p { color: red }
h1 { background: url(https://evil.example/c.png) }</style><script>alert('head')</script></head>
<body onload="alert('load')" background="https://evil.example/d.png"><h1>Заголовок</h1>
<p style="background: url('https://evil.example/e.png')">Text <a href="javascript:alert('link')" ping="https://evil.example">there</a></p>
<img src="https://evil.example/f.png" srcset="https://evil.example/g.png 2x" onerror="alert('img')" alt="A picture">
<iframe src="https://evil.example/h"></iframe><object data="https://evil.example/i"></object>
<form action="https://evil.example/j"><button formaction="javascript:alert('b')">Send</button></form>
<svg><script>alert('svg')</script><a xlink:href="javascript:alert('x')"><text>x</text></a></svg>
<video src="https://evil.example/k" poster="https://evil.example/l"></video></body></html>"""


def keep(path: Path, body: bytes, media_type: str = "text/html; charset=windows-1251", **fields: object) -> None:
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        headers = (("Content-Type", media_type), ("X-Odd", "<script>alert('header')</script>"))
        capture = Capture(
            site="caliber", url="https://caliber.az/en/post/x", fetched_at=SEEN, status=200, headers=headers, body=body
        )
        archive.captures.store(capture, run)


@pytest.fixture
def get(tmp_path: Path) -> object:
    path = tmp_path / "archive.db"
    keep(path, PAGE.encode("windows-1251"))
    with browsing(path) as asked:
        yield asked


def test_a_capture_is_shown_in_a_sandboxed_frame(get: Get) -> None:
    response = get("/archive/-/captures/1")
    frame = Selector(response.text).css("iframe")
    assert frame.attrib["sandbox"] == ""
    assert frame.attrib["src"] == "/archive/-/captures/1/page"
    assert "frame-src 'self'" in response.headers["content-security-policy"]
    assert "script-src" not in response.headers["content-security-policy"]
    assert not Selector(response.text).css("script")


def test_a_captured_page_has_no_scripts_or_external_resources(get: Get) -> None:
    response = get("/archive/-/captures/1/page")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    shown = Selector(response.text)
    assert shown.css("h1::text").get() == "Заголовок"
    assert "color: red" in shown.css("style::text").get("")
    assert not shown.css("script, link, base, iframe, object, meta[http-equiv]")
    attributes = {name for each in shown.xpath("//*") for name in each.attrib}
    assert attributes.isdisjoint({"src", "srcset", "href", "action", "onload", "onerror", "ping", "poster"})
    assert "background" not in attributes
    assert "evil.example/f.png" in shown.css("img::attr(title)").get("")


def test_the_page_source_is_unchanged_plain_text(get: Get) -> None:
    response = get("/archive/-/captures/1/source")
    assert response.text == PAGE
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("sandbox")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("media_type", ["image/svg+xml", "application/pdf", "text/xml", "application/octet-stream"])
def test_other_media_types_are_not_displayed_as_pages(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "archive.db"
    keep(path, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", media_type)
    with browsing(path) as get:
        assert get("/archive/-/captures/1").status_code == 200
        assert get("/archive/-/captures/1/page").status_code == 404
        assert get("/archive/-/captures/1/source").headers["content-type"].startswith("text/plain")


def test_binary_captures_have_no_source(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    keep(path, b"%PDF-1.7 \x00\x01", "application/pdf")
    with browsing(path) as get:
        assert get("/archive/-/captures/1/source").status_code == 404


def test_a_failed_request_shows_its_error(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        failed = Capture(site="caliber", url="https://caliber.az/x", fetched_at=SEEN, error="no answer within 30 s")
        archive.captures.store(failed, run)
    with browsing(path) as get:
        page = get("/archive/-/captures/1").text
        assert "no response: no answer within 30 s" in page
        assert "No page to display." in page


def test_pages_of_a_light_copy_work_without_raw_pages(newspaper: Path, tmp_path: Path) -> None:
    path = tmp_path / "light.db"
    with Archive.open(newspaper) as archive:
        archive.write_light_copy(Selection(), path)
    with browsing(path) as get:
        assert "this copy of the archive has no raw pages" in get("/light/-/captures/1").text
        assert get("/light/-/captures/1/page").status_code == 404
        for page in ("/", "/light/articles/1", "/light/-/edits", "/light/-/health", "/light/-/charts"):
            assert get(page).status_code == 200, page


@given(st.text(st.sampled_from("<>/='\" \x00abscriptonhrefstyle!-[]&;#x01?"), max_size=200))
def test_harmless_cleans_any_page(text: str) -> None:
    shown = Selector(sanitize(text) or "<p>")
    assert not shown.css("script, link, base, iframe, object, embed")
    assert not shown.xpath("//@*[starts-with(name(), 'on')]")
    assert not shown.xpath("//@href | //@src | //@action")
