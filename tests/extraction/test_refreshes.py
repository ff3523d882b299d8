"""A page that sends browsers on is not the article at its URL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caliber_crawler.extraction.refreshes import refresh_target, target_of
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Problem
from caliber_crawler.site.generic import generic_site

AT = datetime(2026, 1, 7, tzinfo=UTC)
URL = "https://news.test/2026/01/07/bridge-rebuilt"
OTHER = "https://news.test/consent?return=1"


def page(meta: str, media_type: str = "text/html") -> Capture:
    text = "<p>The council met on Tuesday and agreed to rebuild the old bridge before winter, officials said.</p>" * 9
    body = f"<html><head><title>Bridge rebuilt</title>{meta}</head><body><article><h1>Bridge rebuilt</h1>{text}"
    headers = (("Content-Type", media_type),)
    return Capture(site="news.test", url=URL, fetched_at=AT, status=200, headers=headers, body=body.encode())


@pytest.mark.parametrize(
    "meta",
    [
        f'<meta http-equiv="refresh" content="0; url={OTHER}">',
        f"<META CONTENT='0;URL=\"{OTHER}\"' HTTP-EQUIV=Refresh />",
        '<meta http-equiv="refresh" content="3, /consent?return=1">',
        '<meta http-equiv=refresh content="0.5;url=../../../consent?return=1">',
        f'<noscript><img src="x"></noscript><!-- a --><meta http-equiv="refresh" content="0;{OTHER}">',
        f'<meta charset="utf-8"><meta id=a http-equiv = "refresh" content = "0 ; URL = {OTHER}">',
    ],
)
def test_a_page_that_sends_browsers_on_is_refused(meta: str) -> None:
    assert refresh_target(page(meta)) == OTHER
    outcome = extract_page(page(meta), generic_site(URL), AT)
    assert isinstance(outcome, Problem)
    assert (outcome.reason, OTHER in outcome.message) == ("not_an_article", True)


@pytest.mark.parametrize(
    "meta",
    [
        "",
        '<meta http-equiv="refresh" content="300">',
        f'<meta http-equiv="refresh" content="300; url={OTHER}">',
        f'<meta http-equiv="refresh" content="0; url={URL}?again=1">',
        '<meta http-equiv="refresh" content="0; url=http://[bad">',
        f'<noscript><meta http-equiv="refresh" content="0; url={OTHER}"></noscript>',
        f'<!-- <meta http-equiv="refresh" content="0; url={OTHER}"> -->',
        f'<script>x = \'<meta http-equiv="refresh" content="0; url={OTHER}">\'</script>',
        '<meta http-equiv="content-type" content="text/html"><meta name="refresh" content="0; url=/other">',
        '<meta http-equiv="refresh">',
        '<meta http-equiv="refresh" content="soon">',
    ],
)
def test_other_refreshes_change_nothing(meta: str) -> None:
    assert refresh_target(page(meta)) is None


def test_plain_text_is_not_searched() -> None:
    assert refresh_target(page(f'<meta http-equiv="refresh" content="0; url={OTHER}">', "text/plain")) is None


SHELL = "<html><head>{}</head><body><script>{}</script>{}</body></html>"
CANONICAL = f'<link rel="canonical" href="{OTHER}">'


@pytest.mark.parametrize(
    "shell",
    [
        SHELL.format(CANONICAL, f'window.location.href = "{OTHER}";', ""),
        SHELL.format(CANONICAL, f"location.replace('{OTHER}')", "<p>This page has moved.</p>"),
        SHELL.format("", "location='/consent?return=1'", '<a href="/consent?return=1">Continue</a>'),
    ],
)
def test_an_empty_page_with_a_script_that_sends_browsers_on(shell: str) -> None:
    assert target_of(shell.encode(), URL, "text/html") == OTHER


@pytest.mark.parametrize(
    "shell",
    [
        SHELL.format(CANONICAL, "", ""),
        SHELL.format("", f'location.href = "{OTHER}"', ""),
        SHELL.format(CANONICAL, f'location.href = "{OTHER}"', "<p>" + "word " * 100),
        SHELL.format(f'<link rel="canonical" href="{URL}">', f'location.href = "{URL}"', ""),
    ],
)
def test_a_canonical_link_or_a_script_alone_sends_nobody_on(shell: str) -> None:
    assert target_of(shell.encode(), URL, "text/html") is None


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_the_charset_makes_no_difference(charset: str) -> None:
    html = f'<html><head><title>Мост</title><META CONTENT="1;URL={OTHER}" HTTP-EQUIV=Refresh></head></html>'
    assert target_of(html.encode(charset), URL, "text/html") == OTHER
