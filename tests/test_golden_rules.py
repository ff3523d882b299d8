"""Golden tests of rules that must never change: existing archives, exports and citations depend on them.

The first version of the program produced the expected values. If a test fails here, do not update the value: the change
under test breaks every existing archive.
"""

from __future__ import annotations

import io
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastwarc.warc import ArchiveIterator

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum
from caliber_crawler.archive.texts.text_columns import content_digest
from caliber_crawler.commands.cli import main
from caliber_crawler.extraction.non_articles import classify
from caliber_crawler.items import Capture
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import write_warc
from caliber_crawler.warc.wacz import cdxj, surt
from caliber_crawler.warc.writer import WarcFile
from tests.archive.newsroom import NUMBER_URL, SLUG_URL, Newsroom, article, capture, minutes, start_run

SITE = CaliberSpider.site
HEADLINE = "Café «Баку», Երևանում: й"
TEXT = {
    "headline": HEADLINE,
    "subtitle": "Тема  дня",
    "authors": ("Ə. Əliyev", "Анна Ёлкина"),
    "body": "Первый абзац.\n\nԵրկրորդ պարբերություն։",
}


# Content digests are cited and verify a text.


def test_the_content_digest_of_a_text_is_unchanged() -> None:
    digest = "cec1692264e344ce1d4107e8560aaf467ede60ad26dfcdafde497f0204e514f9"
    assert content_digest(article(**TEXT)) == digest
    assert content_digest(article(**TEXT | {"subtitle": None, "authors": (), "published_at": None})) == (
        "91b40b55d8d888bcb6f1efa3e647dfc3e75fe0ff4ce8f860b665ad3271e0fa4d"
    )


@pytest.mark.parametrize(
    "same",
    [
        {"headline": unicodedata.normalize("NFD", HEADLINE)},
        {"headline": HEADLINE.replace(" ", "\N{NO-BREAK SPACE} ")},
        {"body": "Первый абзац. Երկրորդ պարբերություն։\n"},
        {"views": 12, "section": "politics", "body_markdown": "*", "signature": "Caliber.Az", "cover_image": "a"},
    ],
    ids=["NFD", "white space", "paragraphs", "other fields"],
)
def test_the_content_digest_covers_only_the_words(same: dict[str, Any]) -> None:
    assert content_digest(article(**TEXT | same)) == content_digest(article(**TEXT))


@pytest.mark.parametrize(
    "other",
    [
        {"headline": HEADLINE.lower()},
        {"headline": HEADLINE.replace("й", "и")},
        {"subtitle": None},
        {"authors": ("Анна Ёлкина", "Ə. Əliyev")},
        {"authors": ("Ə. Əliyev Анна Ёлкина",)},
        {"published_at": datetime.fromisoformat("2026-01-06T19:14:00+04:00")},
        {"headline": HEADLINE + " Тема", "subtitle": "дня"},
    ],
)
def test_every_change_of_a_word_or_its_place_changes_the_content_digest(other: dict[str, Any]) -> None:
    assert content_digest(article(**TEXT | other)) != content_digest(article(**TEXT))


# Checksums of rows verify an archive.

ROWS: dict[str, tuple[dict[str, object], int]] = {
    "captures": (
        {
            "run_id": 1,
            "site": "caliber",
            "kind": "article",
            "url": "https://caliber.az/arm/post/%D5%A2",
            "fetched_at": "2026-01-07T12:00:00Z",
            "status": 200,
            "error": None,
            "redirects": "[]",
            "media_type": "text/html",
            "headers": '[["Content-Type", "text/html; charset=utf-8"]]',
            "size": 3,
            "body_digest": "ab" * 32,
        },
        7861096256152302612,
    ),
    "versions": (
        {
            "article_id": 3,
            "number": 2,
            "cause": "edit",
            "headline": HEADLINE,
            "subtitle": None,
            "authors": '["Ə. Əliyev"]',
            "word_count": 3,
            "body": "Первый абзац.",
        },
        8452768328089706802,
    ),
    "view_counts": (
        {
            "article_id": 3,
            "observed_at": "2026-01-07T12:00:00Z",
            "views": 354,
            "shown": "Դիտում՝ 354",
            "capture_id": 7,
        },
        -9033366439184133621,
    ),
    "article_urls": (
        {
            "url": "https://caliber.az/arm/post/%D5%A2",
            "kind": "slug",
            "language": "hy",
            "slug": "բաքու",
            "first_seen_at": "2026-01-07T12:00:00Z",
        },
        7272987494531438488,
    ),
    "images": (
        {
            "article_id": 3,
            "url": "https://caliber.az/a.webp",
            "position": 0,
            "alt": "Порт",
            "first_seen_at": "2026-01-07T12:00:00Z",
        },
        2519233089754646848,
    ),
    "links": (
        {"article_id": 3, "url": "https://пример.рф/а", "position": 1, "host": "пример.рф", "text": "отчёт"},
        6085216825101410174,
    ),
}
CHANGE_LATER: dict[str, dict[str, object]] = {
    "captures": {"id": 7, "article_id": 3, "version_id": 4, "extractor": "caliber_crawler"},
    "versions": {"id": 4, "seen_from": "2026-01-07T12:00:00Z", "seen_until": "2026-01-08T12:00:00Z", "folded": "е"},
    "article_urls": {"article_id": 3},
}
"""Columns that a checksum omits: they change, or depend on the file."""


@pytest.mark.parametrize("table", PRIMARY_KEYS)
def test_the_checksum_of_a_row_is_unchanged(table: str) -> None:
    row, stored = ROWS[table]
    assert checksum(table, row) == stored
    assert checksum(table, row | CHANGE_LATER.get(table, {})) == stored
    assert checksum(table, dict(reversed(row.items()))) == stored, "columns may be in any order"
    assert checksum(table, row | {"a_column_of_later": None}) == stored, "a column may be added"


@pytest.mark.parametrize("table", PRIMARY_KEYS)
def test_every_stored_column_is_in_the_checksum(table: str) -> None:
    row, stored = ROWS[table]
    for name, value in row.items():
        assert checksum(table, row | {name: f"{value}!"}) != stored, name


# Web archives: existing indexes refer to records by these keys.

ARMENIAN = "https://caliber.az/arm/post/բաքու"
ENCODED = "https://caliber.az/arm/post/%D5%A2%D5%A1%D6%84%D5%B8%D6%82"
PAGE = "<h1>Բաքու</h1>".encode()
HTML = ("Content-Type", "text/html; charset=utf-8")
DIGEST = "sha1:BL7XXR7HRD3XDRNHZMBAAGGHCGJYSOG5"
EXCHANGES = (
    capture(url=ARMENIAN, body=PAGE, headers=(HTML, ("X-Title", "Բաքու"), ("Content-Encoding", "gzip"))),
    capture(minutes(1), url=ARMENIAN, body=PAGE),
    capture(minutes(2), url="https://xn--e1afmkfd.xn--p1ai/а б", status=304, body=b""),
    capture(
        minutes(3),
        url="https://caliber.az/post/баку",
        final_url="https://caliber.az/post/баку-2",
        redirects=("https://caliber.az/r",),
        body="тест".encode(),
    ),
)


def records() -> list[dict[str, str]]:
    """The record headers of the exchanges, without random and length headers."""
    file = io.BytesIO()
    write_warc(EXCHANGES, file, name="x.warc.gz")
    random = ("WARC-Record-ID", "WARC-Concurrent-To", "WARC-Filename", "Content-Length")
    headers = [dict(record.headers.items()) for record in ArchiveIterator(io.BytesIO(file.getvalue()))]
    return [{name: value for name, value in each.items() if name not in random} for each in headers[1:]]


def test_record_headers_are_unchanged() -> None:
    http = {"Content-Type": "application/http; msgtype=response"}
    first, request, again, _, unchanged, _, moved, _ = records()
    assert first == http | {
        "WARC-Type": "response",
        "WARC-Date": "2026-01-07T12:00:00Z",
        "WARC-Target-URI": ENCODED,
        "WARC-Payload-Digest": DIGEST,
        "WARC-Block-Digest": "sha1:AO7T7VVBKVYV2BZY4IANRA7RAKLTQGB3",
    }
    assert request["WARC-Target-URI"] == ENCODED
    assert request["WARC-Block-Digest"] == "sha1:2KC53HMLWZKKA3MVN3IFXPOB7JK3AHWQ"
    assert again == http | {
        "WARC-Type": "revisit",
        "WARC-Date": "2026-01-07T12:01:00Z",
        "WARC-Target-URI": ENCODED,
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To-Target-URI": ENCODED,
        "WARC-Refers-To-Date": "2026-01-07T12:00:00Z",
        "WARC-Payload-Digest": DIGEST,
        "WARC-Block-Digest": "sha1:CZ6E5LXK37HHABZFKRF4PMJFHUGAGIOG",
    }
    assert unchanged["WARC-Target-URI"] == "https://xn--e1afmkfd.xn--p1ai/%D0%B0%20%D0%B1"
    assert unchanged["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert moved["WARC-Target-URI"] == "https://caliber.az/post/%D0%B1%D0%B0%D0%BA%D1%83-2"
    assert "https://caliber.az/post/%D0%B1%D0%B0%D0%BA%D1%83 https://caliber.az/r" in moved.values()


def test_index_keys_are_unchanged() -> None:
    warc = WarcFile(io.BytesIO(), "x.warc.gz")
    entries = [warc.add(each) for each in EXCHANGES]
    keys = [cdxj(entry, "x.warc.gz").split(" ", 2)[:2] for entry in entries if entry is not None]
    assert keys == [
        ["az,caliber)/arm/post/%d5%a2%d5%a1%d6%84%d5%b8%d6%82", "20260107120000"],
        ["az,caliber)/arm/post/%d5%a2%d5%a1%d6%84%d5%b8%d6%82", "20260107120100"],
        ["xn--p1ai,xn--e1afmkfd)/%d0%b0%20%d0%b1", "20260107120200"],
        ["az,caliber)/post/%d0%b1%d0%b0%d0%ba%d1%83-2", "20260107120300"],
    ]
    assert [entry.digest for entry in entries if entry is not None][:3] == [DIGEST, DIGEST, "-"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://caliber.az/post/баку", "az,caliber)/post/баку"),
        ("https://Пример.рф/а?б=2&а=1", "рф,пример)/а?%d0%b0=1&%d0%b1=2"),
        ("https://xn--e1afmkfd.xn--p1ai/%D0%B0?b=%D1%8F&a=", "xn--p1ai,xn--e1afmkfd)/%d0%b0?a=&b=%d1%8f"),
        ("https://caliber.az/en/post/cafe\u0301", "az,caliber)/en/post/cafe\u0301"),
    ],
)
def test_the_key_of_a_non_ascii_url_is_unchanged(url: str, key: str) -> None:
    assert surt(url) == key


# The life of an article.


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "archive.db"
    Archive.open(path, mode="write").close()
    return path


@contextmanager
def new_newsroom(blank: Path, path: Path) -> Iterator[Newsroom]:
    shutil.copy(blank, path)
    with Archive.open(path, mode="write") as archive:
        yield Newsroom(archive, start_run(archive))


def mark_gone(newsroom: Newsroom, minute: float) -> None:
    """Record a 410 response of the article's page."""
    entry = Entry(url=SLUG_URL, site="caliber", kind="article", discovered_via="listing")
    newsroom.archive.frontier.add([entry], newsroom.run_id)
    response = capture(minutes(minute), url=SLUG_URL, status=410, body=b"<h1>Gone</h1>")
    newsroom.archive.captures.store(response, newsroom.run_id)
    newsroom.archive.frontier.mark_gone(SLUG_URL, minutes(minute), status=410)


def gone_at(newsroom: Newsroom) -> list[Any]:
    return newsroom.values("SELECT gone_at FROM articles WHERE duplicate_of IS NULL")


def test_an_article_is_gone_since_the_first_time_it_was_missing(blank: Path, tmp_path: Path) -> None:
    with new_newsroom(blank, tmp_path / "a.db") as newsroom:
        newsroom.save(article_urls=(SLUG_URL,))
        for minute in (10, 20, 30):
            mark_gone(newsroom, minute)
            assert gone_at(newsroom) == ["2026-01-07T12:10:00Z"]
        newsroom.save(minutes(40), article_urls=(SLUG_URL,))
        assert gone_at(newsroom) == [None]
        mark_gone(newsroom, 50)
        mark_gone(newsroom, 60)
        assert gone_at(newsroom) == ["2026-01-07T12:50:00Z"]


@pytest.mark.parametrize("here_first", [True, False])
def test_a_merge_keeps_the_first_time_an_article_was_gone(blank: Path, tmp_path: Path, here_first: bool) -> None:
    for name, minute in (("here", 10 if here_first else 20), ("there", 20 if here_first else 10)):
        with new_newsroom(blank, tmp_path / f"{name}.db") as newsroom:
            newsroom.save(article_urls=(SLUG_URL,))
            mark_gone(newsroom, minute)
    done = CliRunner().invoke(main, ["merge", str(tmp_path / "there.db"), "--archive", str(tmp_path / "here.db")])
    assert done.exit_code == 0, done.output
    with Archive.open(tmp_path / "here.db") as archive:
        assert archive.article(SLUG_URL)["gone_at"] == "2026-01-07T12:10:00Z"


def test_two_editions_are_two_articles_even_if_one_page_has_the_urls_of_both(blank: Path, tmp_path: Path) -> None:
    russian = "https://caliber.az/post/baku-s-formula"
    with new_newsroom(blank, tmp_path / "a.db") as newsroom:
        newsroom.save(article_urls=(SLUG_URL, NUMBER_URL))
        newsroom.save(minutes(1), article_urls=(russian,), language="ru")
        assert newsroom.save(minutes(2), article_urls=(russian, SLUG_URL, NUMBER_URL), language="ru").article_id == 2
        assert newsroom.save(minutes(3), article_urls=(SLUG_URL, russian)).article_id == 1
        languages = "SELECT language FROM articles WHERE duplicate_of IS NULL ORDER BY id"
        assert newsroom.values(languages) == ["en", "ru"]
        assert newsroom.values("SELECT url FROM article_urls WHERE article_id = 2") == [russian]


# Articles and non-article pages.

WORDS = "<p>" + "The ministers met in Baku and spoke for hours about roads and rails. " * 40 + "</p>"
LOGIN_BOX = b'<form action="/login"><input name="user"><input type="password" name="word"></form>'


def page(title: str = "The corridor", words: str = WORDS) -> bytes:
    return (
        f'<html><title>{title}</title><div class="post"><h1 class="post_title">{title}</h1>'
        f'<time class="post_time">06 January 2026 - 19:13</time><div class="post_body">{words}</div></div>'
    ).encode()


LONG = {
    "login box": page() + LOGIN_BOX,
    "login box first": LOGIN_BOX + page(),
    "404 in its title": page("404 days of war: what was not found"),
    "Russian 404": page("Ответ не найден: 404 дня"),
    "scripts before the text": b"<html><head><script>'g-recaptcha'" + b";" * 300_000 + b"</script></head>" + page(),
    "captcha": page() + b'<div class="g-recaptcha"></div><script src="/cdn-cgi/challenge-platform/h/a.js"></script>',
}
SHORT = {
    "login_wall": b"<html><title>Sign in</title>" + LOGIN_BOX,
    "soft_404": b"<html><title>404: page not found</title><p>Sorry.</p>",
    "bot_challenge": b'<html><title>Just a moment...</title><div class="g-recaptcha"></div>',
}


@pytest.mark.slow
@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_a_long_page_stays_an_article(tmp_path: Path, body: bytes) -> None:
    served = capture(url=SLUG_URL, body=body, final_url=None)
    assert classify(served, SITE) is None
    assert ingest(tmp_path, served) == (1, [])


@pytest.mark.parametrize("reason", SHORT)
def test_a_short_page_with_the_same_marks_is_not_an_article(tmp_path: Path, reason: str) -> None:
    served = capture(url=SLUG_URL, body=SHORT[reason], final_url=None)
    problem = classify(served, SITE)
    assert problem is not None
    assert problem.reason == reason
    assert ingest(tmp_path, served)[0] == 0


def ingest(folder: Path, served: Capture) -> tuple[int, list[str]]:
    """Ingest a WARC file with this page; return the number of articles and the reasons of fatal problems."""
    with (folder / "a.warc.gz").open("wb") as file:
        write_warc([served], file, name="a.warc.gz")
    arguments = ["ingest", str(folder / "a.warc.gz"), "--archive", str(folder / "a.db"), "--jobs", "1"]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code in (0, 3), done.output
    with Archive.open(folder / "a.db") as archive:
        fatal = archive.db.execute("SELECT reason FROM problems WHERE fatal = 1").fetchall()
        return archive.status()["articles"], [reason for (reason,) in fatal]
