"""A small newspaper with a site definition that is written for each test, for cases that the demo site lacks."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from caliber_crawler.demo import Response, running
from tests.conftest import Result

SITE = """
from datetime import timedelta

from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import *

class GazetteSpider(NewsSpider):
    name = "gazette"
    site = Site(
        name="gazette", title="The Gazette", base_url="https://gazette.example", timezone="Europe/Paris",
        article_path=r"/story/(?P<number>\\d+)|/(?P<slug>[a-z0-9-]+)\\.html",
        date_formats=("%d %B %Y, %H:%M",),
        default_sections=({keys}),
        editions=(Edition(language="en", name="en", view_labels=("Read",), sections={{
            {sections}
        }}),),
        layouts=(Layout(name="new", article="article", headline="h1", date="time", body=".text", views=".views"),),
        listing=ListingLayout(teaser="article.teaser", link="a", headline="h2", date="time", {listing}),
        {facts}
    )
"""
HTML = (("content-type", "text/html; charset=utf-8"),)
PAGE = 10
"""Teasers on a page."""

Query = dict[str, str]
Answer = Response | Callable[["Gazette", Query], Response]


def html(text: str, status: int = 200, **headers: str) -> Response:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, (*HTML, *named), f"<html><body>{text}</body></html>".encode())


def as_json(data: Any) -> Response:
    return Response(200, (("content-type", "application/json"),), json.dumps(data).encode())


@dataclass
class Gazette:
    """Answers every request. ``pages`` overrides paths, without their query."""

    sections: dict[str, list[int]] = field(default_factory=lambda: {"world": list(range(25, 0, -1))})
    """The stories of each section, newest first."""
    pages: dict[str, Answer] = field(default_factory=dict)
    dated: bool = True
    """Whether teasers have dates."""
    base_url: str = ""

    def respond(self, target: str, now: datetime | None = None) -> Response:
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        answer = self.pages.get(path)
        if answer is not None:
            return answer(self, query) if callable(answer) else answer
        kind, _, name = path.strip("/").partition("/")
        if path == "/robots.txt":
            return Response(200, (("content-type", "text/plain"),), b"User-agent: *\nAllow: /\n")
        if kind == "story" and any(name == str(story) for stories in self.sections.values() for story in stories):
            return self.story(int(name))
        if path.strip("/") in self.sections:
            return self.listing(self.part(path.strip("/"), int(query.get("page", "1"))))
        return html("<h1>Not found</h1>", 404)

    def part(self, section: str, page: int, size: int = PAGE) -> list[int]:
        return self.sections[section][(page - 1) * size : page * size]

    def listing(self, stories: list[int], sidebar: str = "") -> Response:
        return html(f"<main>{''.join(map(self.teaser, stories))}</main>{sidebar}")

    def teaser(self, number: int) -> str:
        date = f"<time>{printed(number)}</time>" if self.dated else ""
        return f'<article class="teaser"><a href="/story/{number}"><h2>Story {number}</h2></a>{date}</article>'

    def story(self, number: int, head: str = "", views: int = 100) -> Response:
        text = "".join(
            f"<p>Paragraph {n} of story {number} is about the council, the harbour and the price of bread.</p>"
            for n in range(6)
        )
        return Response(
            200,
            HTML,
            f"<html><head><title>Story {number}</title>{head}</head><body><article><h1>Story {number} of the town</h1>"
            f"<time>{printed(number)}</time><div class=text>{text}</div><span class=views>Read: {views}</span>"
            "</article></body></html>".encode(),
        )


def printed(number: int) -> str:
    """The publication date of a story: one story a day, from 1 January 2024 on."""
    return (date(2024, 1, 1) + timedelta(days=number)).strftime("%d %B %Y, 10:00")


@dataclass(frozen=True)
class Stand:
    """The running server of the Gazette, and an archive of it."""

    gazette: Gazette
    base_url: str
    folder: Path
    caliber: Callable[..., Result]

    @property
    def archive(self) -> Path:
        return self.folder / "gazette.db"

    def crawl(self, *arguments: object) -> Result:
        """Run ``caliber crawl gazette`` without delays."""
        path = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        return self.caliber(
            *("crawl", "gazette", "--base-url", self.base_url, "--archive", self.archive, "--delay", 0, *arguments),
            CALIBER_SPIDERS="gazette_of_a_test",
            PYTHONPATH=path,
        )

    def asked(self, since: int = 0) -> list[str]:
        """The requested paths in order, without those that every crawl requests."""
        paths = [request["path"] for request in self.log(since)]
        return [path for path in paths if path not in ("/robots.txt", "/.well-known/tdmrep.json")]

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        """The server's log after the first ``since`` requests."""
        lines = (self.folder / "requests.jsonl").read_text().splitlines()[since:]
        return [json.loads(line) for line in lines]

    def requests(self) -> int:
        """The number of requests so far."""
        return len(self.log())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.archive)) as connection, connection:
            return connection.execute(sql).fetchall()

    def make_due(self) -> None:
        """Make every page due that is scheduled for a visit, in another second: times are exact to the second."""
        time.sleep(1.0 - time.time() % 1.0)
        self.rows("UPDATE frontier SET due_at = '2024-01-01T00:00:00Z' WHERE due_at IS NOT NULL")


@contextmanager
def sold(
    gazette: Gazette,
    folder: Path,
    caliber: Callable[..., Result],
    *,
    listing: str = 'more="?page={page}"',
    facts: str = "",
    sections: Mapping[str, str] | None = None,
) -> Iterator[Stand]:
    """Serve the Gazette, and write its site definition. ``sections`` adds fields to each section."""
    extra = sections or {}
    text = SITE.format(
        keys="".join(f"{key!r}, " for key in gazette.sections),
        sections="".join(
            f'"{key}": Section(path="/{key}", labels=("{key.title()}",), {extra.get(key, "")}),'
            for key in gazette.sections
        ),
        listing=listing,
        facts=facts,
    )
    (folder / "gazette_of_a_test.py").write_text(text, encoding="utf-8")
    with running(gazette, log=folder / "requests.jsonl") as base_url:
        yield Stand(gazette, base_url, folder, caliber)
