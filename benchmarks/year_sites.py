"""The twenty sites of ``benchmarks/year.py``: seasons, deletions, outages and redesigns, all computed from the seed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from caliber_crawler.demo import DemoSite, Response
from caliber_crawler.demo.article import Article
from caliber_crawler.demo.dice import dice
from caliber_crawler.demo.editions import EDITIONS, Edition
from caliber_crawler.demo.timeline import Timeline
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Layout, ListingLayout, Site
from caliber_crawler.spiders.caliber import CaliberSpider

START = datetime(2025, 1, 1, tzinfo=UTC)
SINCE_DAY = "2024-12-25"
SINCE = datetime.fromisoformat(SINCE_DAY).replace(tzinfo=ZoneInfo(CaliberSpider.site.timezone))
"""The beginning of this day at the sites: articles published earlier are out of scope."""
ARTICLES = 12_000
"""Articles of each site in 4.6 years and three languages: 3 a day in the language that is crawled."""
LANGUAGES = ("en", "ru")

WAVES = ((20.0, 365.0), (0.3, 7.0), (0.05, 1.0))
"""Seasons, weeks and days: by how many days publication is early or late, and the length of the wave in days."""

DELETED_SHARE, RETURNING_SHARE = 0.02, 0.3
MEAN_GAP = timedelta(days=18)
"""Mean time between two outages of a site."""
HOURS = (2, 14)
"""Shortest and longest outage."""
BAN = timedelta(hours=30)
"""A robots.txt that disallows everything stays longer than the day for which rules are cached."""
KINDS = (
    "error",
    "busy",
    "down",
    "hanging",
    "robots_failure",
    "robots_ban",
    "lost_listing",
    "maintenance",
    "lost_articles",
)
PLAIN = (("content-type", "text/plain; charset=utf-8"),)
HTML = (("content-type", "text/html; charset=utf-8"),)

ARTICLE_NAMES = {
    "post_title": "story-head",
    "post_categoty": "story-rubric",
    "post_time": "story-when",
    "post_body": "story-text",
    "post_signature": "story-end",
    "post_hits": "story-count",
    "post_cover": "story-picture",
    "post": "story",
}
LIST_NAMES = {
    "float_block_title": "tile-head",
    "float_block_category": "tile-rubric",
    "float_block_time": "tile-when",
    "float_block_image": "tile-picture",
    "float_block": "tile",
}


class SeasonalTimeline(Timeline):
    """Articles at a rate that varies with the season, the day of the week and the hour."""

    def published_at(self, k: int) -> datetime:
        even = super().published_at(k)
        days = (even - START) / timedelta(days=1)
        shift = sum(length * math.sin(2 * math.pi * days / period) for length, period in WAVES)
        return even + timedelta(minutes=round(shift * 1440))


@dataclass(frozen=True, slots=True)
class Outage:
    """What is wrong with a site from ``start`` until ``end``."""

    kind: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Redesign:
    """A new design from ``at`` on. At ``fixed_at`` its definition follows, or somebody acknowledges the alarm."""

    site: int
    at: datetime
    fixed_at: datetime
    lists: bool
    """Whether the listing changes too."""
    by_definition: bool

    @property
    def names(self) -> dict[str, str]:
        """The new names of classes by the old ones."""
        return ARTICLE_NAMES | (LIST_NAMES if self.lists else {})


def redesigns(days: int, sites: int) -> list[Redesign]:
    """Three redesigns, of different sites if there are three; their times are shares of the whole time."""

    def at(share: float) -> datetime:
        return START + timedelta(hours=round(share * days * 24))

    planned = [
        Redesign(0, at(0.2), at(0.35), lists=False, by_definition=True),
        Redesign(1, at(0.45), at(0.6), lists=False, by_definition=False),
        Redesign(2, at(0.7), at(0.85), lists=True, by_definition=True),
    ]
    return [each for each in planned if each.site < sites]


class YearSite(DemoSite):
    """One site. Its state at any time follows from its number and the seed of the year."""

    def __init__(self, number: int, days: int, sites: int, port: int, seed: int = 1) -> None:
        super().__init__(
            ARTICLES,
            seed=1_000 * seed + number,
            sections=("analytics",),
            base_url=f"http://127.19.0.{number + 1}:{port}",
        )
        self.number, self.days = number, days
        self.first_kind = number + seed - 1
        self.newsroom.timeline = SeasonalTimeline(ARTICLES, self.seed)
        self.language = LANGUAGES[number % len(LANGUAGES)]
        self.edition = next(each for each in EDITIONS if each.language == self.language)
        self._articles: dict[str, int | None] = {}
        self.name = f"demo-{number:02}"
        self.redesign = next((each for each in redesigns(days, sites) if each.site == number), None)

    @cached_property
    def outages(self) -> tuple[Outage, ...]:
        """Every outage of the time, in order; they do not overlap."""
        found: list[Outage] = []
        chance = dice(self.seed, "outages")
        at = START + timedelta(days=1, hours=chance.randrange(120))
        while at < START + timedelta(days=self.days):
            kind = KINDS[(self.first_kind + len(found)) % len(KINDS)]
            length = BAN if kind == "robots_ban" else timedelta(hours=chance.randint(*HOURS))
            found.append(Outage(kind, at, at + length))
            # The alarm of one outage is over before the next begins.
            at += length + timedelta(days=3) + timedelta(hours=round(chance.expovariate(1 / MEAN_GAP.days) * 24))
        return tuple(found)

    def outage(self, now: datetime) -> Outage | None:
        """What is wrong at a time."""
        return next((each for each in self.outages if each.start <= now < each.end), None)

    def absence(self, k: int) -> tuple[datetime, datetime] | None:
        """From when until when an article is deleted."""
        chance = dice(self.seed, k, "deletion")
        if chance.random() >= DELETED_SHARE:
            return None
        start = self.newsroom.timeline.published_at(k) + timedelta(hours=round(2 ** (chance.random() * 10)))
        returns = chance.random() < RETURNING_SHARE
        return start, start + timedelta(days=10) if returns else START + timedelta(days=10_000)

    def is_absent(self, k: int, now: datetime) -> bool:
        """Whether an article is deleted at a time."""
        absence = self.absence(k)
        return absence is not None and absence[0] <= now < absence[1]

    def respond(self, target: str, now: datetime | None = None) -> Response:
        now = now or self.clock()
        outage = self.outage(now)
        spoiled = None if outage is None else spoil(outage.kind, target)
        if spoiled is not None:
            return spoiled
        response = super().respond(target, now)
        if self.redesign is not None and self.redesign.at <= now:
            return replace(response, body=redesigned(response.body, self.redesign))
        return response

    def visible(
        self, at: datetime | None = None, edition: str | None = None, section: str | None = None
    ) -> Iterator[Article]:
        now = at or self.clock()
        return (article for article in super().visible(now, edition, section) if not self.is_absent(article.k, now))

    def _batch(self, edition: Edition, key: str | None, page: int, now: datetime) -> list[Article]:
        return [each for each in super()._batch(edition, key, page, now) if not self.is_absent(each.k, now)]

    def _post(self, *, prefix: str | None, name: str, slash: str, now: datetime, query: str) -> Response | None:
        k = self.article_at(f"{prefix or ''}/post/{name}")
        if k is not None and self.is_absent(k, now):
            return None
        return super()._post(prefix=prefix, name=name, slash=slash, now=now, query=query)

    def article_at(self, path: str) -> int | None:
        """The article of the crawled language at a path, online or not."""
        if path not in self._articles:
            prefix, post, slug = path.partition("/post/")
            is_own = bool(post) and prefix == self.edition.prefix and not slug.isdecimal()
            self._articles[path] = self.newsroom.with_slug(self.edition, unquote(slug)) if is_own else None
        return self._articles[path]


def redesigned(page: bytes, redesign: Redesign) -> bytes:
    """Rename the classes of a page."""
    names = redesign.names

    def rename(match: re.Match[bytes]) -> bytes:
        return b'class="' + names.get(match[1].decode(), match[1].decode()).encode() + b'"'

    return re.sub(rb'class="([a-z_]+)"', rename, page)


def spoil(kind: str, target: str) -> Response | None:
    """The response during an outage; ``None`` where the site answers as usual."""
    is_robots, is_article, is_list = target == "/robots.txt", "/post/" in target, "/category/" in target
    match kind:
        case "error":
            return Response(500, HTML, b"<h1>Internal server error</h1>")
        case "busy":
            return Response(503, (*HTML, ("retry-after", "7200")), b"<h1>Service unavailable</h1>")
        case "robots_failure" if is_robots:
            return Response(503, PLAIN, b"Service unavailable")
        case "robots_ban" if is_robots:
            return Response(200, PLAIN, b"User-agent: *\nDisallow: /\n")
        case "lost_listing" if is_list:
            return Response(404, HTML, b"<h1>Not found</h1>")
        case "lost_articles" if is_article:
            return Response(404, HTML, b"<h1>Not found</h1>")
        case "maintenance" if not is_robots:
            return Response(200, HTML, b"<html><body><h1>We are updating our site</h1></body></html>")
    return None


def spiders(sites: Sequence[YearSite], now: datetime) -> list[type[NewsSpider]]:
    """The spiders of the sites, with the definitions of a time: some are changed after a redesign."""
    return [spider(site, has_new_definition(site, now)) for site in sites]


@cache
def spider(site: YearSite, is_new: bool) -> type[NewsSpider]:
    """The spider of a site with its first definition or its new one."""
    return type("YearSpider", (CaliberSpider,), {"name": site.name, "site": definition(site, is_new=is_new)})


def has_new_definition(site: YearSite, now: datetime) -> bool:
    """Whether the definition of a site has followed its redesign."""
    return site.redesign is not None and site.redesign.by_definition and site.redesign.fixed_at <= now


def definition(site: YearSite, *, is_new: bool) -> Site:
    """The definition of a site, of its first design or of both."""
    # Without the host that they share: sites with a common host are crawled one after the other.
    known = replace(CaliberSpider.site, name=site.name, title=f"Demo {site.number}", hosts=())
    defined = known.served_at(site.base_url)
    redesign = site.redesign
    if redesign is None or not is_new:
        return defined
    assert defined.listing is not None
    return replace(
        defined,
        layouts=(*(renamed(layout, redesign.names, "newest") for layout in defined.layouts), *defined.layouts),
        listing=renamed(defined.listing, redesign.names),
    )


Defined = TypeVar("Defined", Layout, ListingLayout)


def renamed(layout: Defined, names: dict[str, str], name: str = "") -> Defined:
    """A layout with the new names of classes."""
    changes: dict[str, Any] = {
        field.name: re.sub(r"\.([a-z_]+)", lambda match: "." + names.get(match[1], match[1]), value)
        for field in fields(layout)
        if isinstance(value := getattr(layout, field.name), str)
    }
    return replace(layout, **changes | ({"name": name} if name else {}))
