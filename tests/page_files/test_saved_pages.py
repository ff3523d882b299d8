"""Saved pages: MHTML, and the comments of the programs that save pages."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.errors import NotAPage
from caliber_crawler.ingest.saved_pages import capture_of_any_site, find_pages
from caliber_crawler.page_files import form_of, read_saved_page, saved_page
from caliber_crawler.page_files.mhtml import NoPage, mhtml_page
from caliber_crawler.page_files.savers import date_in, origins_of, without_opaque
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.page_files.samples import URL, article, mhtml

SITES = SiteRegistry([CaliberSpider.site])
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize(
    ("charset", "content_type"),
    [("utf-8", "text/html"), ("cp1251", 'text/html;\r\n\tcharset="windows-1251"')],
)
def test_the_page_of_mhtml_is_decoded(encoding: str, charset: str, content_type: str) -> None:
    text = '<p class="a=b">Гавань открылась вновь</p><img src="cid:image-1@mhtml.blink">'
    page = mhtml_page(mhtml(text.encode(charset), encoding=encoding, content_type=content_type))
    assert page.body.decode(charset).rstrip() == text.replace(
        "cid:image-1@mhtml.blink", "https://news.example/pier.png"
    )
    assert (page.url, page.saved_at) == (URL, NOON)
    assert page.content_type.partition(";")[0] == "text/html"
    assert ("windows-1251" in page.content_type) is (charset == "cp1251")


def test_mhtml_without_a_frame_is_the_message_itself() -> None:
    content = b"MIME-Version: 1.0\nContent-Type: text/html\nContent-Location: " + URL.encode() + b"\n\n<p>x</p>"
    page = mhtml_page(content)
    assert (page.body, page.url, page.saved_at) == (b"<p>x</p>", URL, None)


def test_the_root_of_mhtml_is_the_part_that_the_message_names() -> None:
    content = (
        b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b; start="<two>"\n\n'
        b"--b\nContent-Type: text/html\nContent-ID: <one>\n\n<p>one</p>\n"
        b"--b\nContent-Type: text/html\nContent-ID: <two>\n\n<p>two</p>\n--b--\n"
    )
    assert mhtml_page(content).body == b"<p>two</p>"


@pytest.mark.parametrize(
    "content",
    [
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: image/png\n\nx\n--b--\n",
        b"MIME-Version: 1.0\nContent-Type: text/plain\n\nx",
        b"MIME-Version: 1.0\n" + b"Content-Type: multipart/related; boundary=b\n\n--b\n" * 50,
    ],
)
def test_mhtml_without_html_has_no_page(content: bytes) -> None:
    with pytest.raises(NoPage):
        mhtml_page(content)


@given(st.binary(max_size=300))
def test_any_message_has_a_page_or_none(noise: bytes) -> None:
    for content in (noise, mhtml(b"<p>x</p>")[:500] + noise, mhtml(noise, encoding="base64x")):
        with suppress(NoPage):
            assert isinstance(mhtml_page(content).body, bytes)


def test_a_page_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    with path.open("wb") as sparse:
        sparse.truncate(5 * 1024**3)
    with pytest.raises(NotAPage, match="larger than 32 MiB"):
        read_saved_page(path)
    monkeypatch.setattr(saved_page, "MAX_MHTML_BYTES", 100)
    path.write_bytes(mhtml(b"<p>x</p>"))
    with pytest.raises(NotAPage, match="maximum size of a page"):
        read_saved_page(path)


SINGLE_FILE = (
    "<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: {} \n"
    " saved date: Wed Jan 07 2026 16:00:00 GMT+0400 (Azerbaijan Standard Time)\n--><meta charset=utf-8>"
)


@pytest.mark.parametrize(
    ("page", "url", "saved_at"),
    [
        (f"<!-- saved from url=(0051){URL} --><p>", URL, None),
        (f"<!DOCTYPE html>\r\n<!-- saved from url=(0051){URL} -->\r\n<p>", URL, None),
        (f"<!--saved from url=(0051){URL}--><p>", URL, None),
        (SINGLE_FILE.format(URL), URL, NOON),
        (f"<!-- Saved from {URL} at 2026-01-07T12:00:00Z using monolith v2.8.3 --><p>", URL, NOON),
        (f'<html><head><meta name="savepage-url" content="{URL}">', URL, None),
        (f'<html data-scrapbook-source="{URL}" data-scrapbook-create="1">', URL, None),
        (
            "<!-- Mirrored from news.example/a.html by HTTrack Website Copier/3.x [XR&CO'2014], "
            "Wed, 07 Jan 2026 12:00:00 GMT -->",
            "https://news.example/a.html",
            NOON,
        ),
        (f'<link rel="canonical" href="{URL}">', URL, None),
        (f"<link href='{URL}' rel='Canonical nofollow'/>", URL, None),
        (f"<link rel=canonical href={URL}>", URL, None),
        (f'<meta property="og:url" content="{URL}?a=1&amp;b=2">', f"{URL}?a=1&b=2", None),
        ("<!-- saved from url=(0014)about:internet --><p>", None, None),
        (f"<!-- saved from url=(0014)about:internet --><link rel=canonical href={URL}>", URL, None),
        ("<!-- saved from url=(0022)file:///C:/a.html -->", None, None),
        ('<link rel="canonical" href="/relative">', None, None),
        ('<link rel="stylesheet" href="https://a.example/x.css">', None, None),
        ("<p>no word of its origin</p>", None, None),
    ],
)  # fmt: skip
def test_a_page_names_its_origin(page: str, url: str | None, saved_at: datetime | None) -> None:
    first = next(origins_of(page.encode()), None)
    assert (first.url if first else None, first.saved_at if first else None) == (url, saved_at)


def test_the_comment_of_a_browser_comes_before_the_links_of_the_page() -> None:
    page = f'<!-- saved from url=(0051){URL} --><meta property="og:url" content="https://b.example/"><link rel="canonical" href="https://a.example/">'  # noqa: E501
    assert [origin.url for origin in origins_of(page.encode())] == [URL, "https://a.example/", "https://b.example/"]


@pytest.mark.parametrize("text", ["", "x", "Wed Foo 99 2026 99:00:00 GMT+0400", "Mon, 99 Foo 2026", "9" * 90])
def test_a_date_that_is_none_is_ignored(text: str) -> None:
    assert date_in(text) is None


@pytest.mark.parametrize(
    "noise", [b"<link " * 50_000, b"<meta a=" * 40_000, b"<!-- saved from url=(1)" + b"x" * 300_000]
)
def test_pages_of_any_kind_are_searched_in_no_time(noise: bytes) -> None:
    assert list(origins_of(noise)) == []


@pytest.mark.parametrize(
    ("content", "site", "url"),
    [
        (article(before="<!-- saved from url=(0043)https://caliber.az/en/post/a -->"), "caliber", "https://caliber.az/en/post/a"),
        (article(before=f"<!-- saved from url=(0051){URL} -->"), "news.example", URL),
        (article(head=f'<link rel="canonical" href="{URL}">'), "news.example", URL),
        (mhtml(article().encode()).decode(), "news.example", URL),
        (article(head='<link rel="canonical" href="http://[bad">'), "unknown", None),
        (article(before="<!-- saved from url=(0014)about:internet -->"), "unknown", None),
        (article(), "unknown", None),
        ("ANALYTICS\n\nA headline\n\nA text.\n\nCaliber.Az\nViews: 3\n", "caliber", None),
        ("A headline\n\nA text about Caliber.Az.\n", "unknown", None),
    ],
)  # fmt: skip
def test_a_saved_page_belongs_to_the_site_that_it_names(
    tmp_path: Path, content: str, site: str, url: str | None
) -> None:
    path = tmp_path / "page"
    path.write_text(content)
    capture = capture_of_any_site(path, SITES)
    assert capture.site == site
    assert capture.url == url or (url is None and capture.url.startswith("urn:sha256:"))
    definition = SITES.definition_for(capture)
    assert definition is not None
    assert definition.name == site


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.warc.xz", b"\xfd7zXZ\0...", "xz -d"),
        ("a.warc.bz2", b"BZh91AY&SY...", "bunzip2"),
        ("a.tar", b"a" * 257 + b"ustar", "tar -xf"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "extract it"),
        ("a.rar", b"Rar!\x1a\x07\x00", "extract it"),
        ("a.zim", b"ZIM\x04", "zimdump"),
        ("a.webarchive", b"bplist00...", "Safari"),
        ("a.webarchive", b'<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "">', "Safari"),
        ("a.warc.Z", b"\x1f\x9d\x90", "gzip -d"),
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        ("a.db", b"SQLite format 3\0", "caliber merge"),
        ("a.html", b"\x89PNG", "image"),
        ("a.json", b'{"posts": []}', "not a HAR"),
        ("a.json", b"[1, 2]", "not a HAR"),
        ("a.cdxj", b"az,caliber)/ 20260107120000 {}", "index"),
    ],
)
def test_a_form_without_pages_is_refused_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAPage, match=words) as raised:
        form_of(path)
    assert str(raised.value).startswith(f"{path} is ")
    assert str(raised.value).count(".") >= 1
    assert "\n" not in str(raised.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_any_file_has_a_form_or_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with suppress(NotAPage):
        assert form_of(path) in ("warc", "har", "mhtml", "page")


OTHER = "https://elsewhere.example/2026/01/07/another-story-here"


@pytest.mark.parametrize(
    ("page", "url"),
    [
        (f'<head><!-- <link rel="canonical" href="{OTHER}"> --><link rel="canonical" href="{URL}">', URL),
        (f'<head><script>a=\'<link rel="canonical" href="{OTHER}">\'</script><link rel=canonical href={URL}>', URL),
        (f"<template><link rel=canonical href={OTHER}></template><link rel=canonical href={URL}>", URL),
        (f'<link rel="canonical" href="{URL.removeprefix("https:")}">', URL),
        (f'<base href="https://news.example/2026/"><link rel="canonical" href="{URL[20:]}">', URL),
        (f"<!-- SAVED FROM URL=(0051){URL} --><p>", URL),
        (f'<link rel="canonical" href="http://[bad"><meta property="og:url" content="{URL}">', URL),
        ('<link rel="canonical" href="/2026/01/07/x">', None),
        ("<!-- saved from url=(0030)file:///C:/page.html -->", None),
        (f"<!-- <link rel=canonical href={URL}>", None),
        (f"<script><link rel=canonical href={URL}>", None),
    ],
)
def test_a_link_names_the_origin_only_as_markup(page: str, url: str | None) -> None:
    for content in (page.encode(), page.encode("utf-16")):
        assert [origin.url for origin in origins_of(content)][:1] == ([url] if url else [])


@given(
    st.lists(st.sampled_from(["<!--", "-->", "<script>", "</script>", "<style", "</style>", "<p>", "x"]), max_size=40)
)
def test_what_is_not_markup_is_removed_in_any_order(parts: list[str]) -> None:
    rest = without_opaque("".join(parts).encode())
    assert b"<!--" not in rest
    assert b"<script" not in rest


def test_mhtml_with_a_byte_order_mark_is_mhtml(tmp_path: Path) -> None:
    path = tmp_path / "page.mht"
    path.write_bytes(b"\xef\xbb\xbf" + mhtml(article().encode()))
    assert form_of(path) == "mhtml"
    assert read_saved_page(path).body.endswith(b"</html>")


def test_mhtml_that_ends_in_the_page_has_no_page() -> None:
    content = mhtml(article().encode())
    assert mhtml_page(content).body
    with pytest.raises(NoPage, match="ends in the middle"):
        mhtml_page(content[: content.index(b"Harbour opens again</h1>")])


def test_an_encoded_location_of_mhtml_is_decoded() -> None:
    content = mhtml(b"<p>x</p>").replace(
        f"Snapshot-Content-Location: {URL}".encode(),
        b"Snapshot-Content-Location: =?utf-8?Q?" + URL.replace("/", "=2F").encode() + b"?=",
    )
    assert mhtml_page(content).url == URL


def test_a_pipe_or_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.html")
    for path in (tmp_path / "page.html", Path("/dev/zero"), tmp_path):
        with pytest.raises(NotAPage, match="a device or a pipe"):
            form_of(path)


def test_pipes_and_links_to_nothing_in_a_folder_are_counted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.html")
    (tmp_path / "link.html").symlink_to("nothing")
    (tmp_path / "page.html").write_text(article())
    (tmp_path / "notes.doc").write_text("x")
    ignored: list[Path] = []
    assert [path.name for path in find_pages([tmp_path], ignored)] == ["page.html"]
    assert [path.name for path in ignored] == ["link.html", "notes.doc", "pipe.html"]
