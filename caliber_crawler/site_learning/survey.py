"""A survey of a site: everything that the stored pages show about it, as the fields of a site definition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from caliber_crawler.archive import Archive
from caliber_crawler.archive.search.selection import ArticleRow
from caliber_crawler.extraction.page import open_page
from caliber_crawler.extraction.text import slug
from caliber_crawler.extraction.tree import Unreadable, select, text_of
from caliber_crawler.items import Capture
from caliber_crawler.learning.page_index import PageIndex
from caliber_crawler.learning.teasers import TeaserRule, key_of, learn_teasers
from caliber_crawler.learning.url_patterns import URLPattern, learn_article_path, path_of
from caliber_crawler.processes import run_limited
from caliber_crawler.processes.limits import Limits
from caliber_crawler.site import LearnedLayout, Site
from caliber_crawler.site_learning.teaching import Lesson
from caliber_crawler.site_learning.view_labels import view_labels

MAX_LISTS = 12
MAX_LISTED = 50
"""Listings of a survey."""
MAX_ARTICLES = 2_000
MAX_SECTIONS = 8
LIMITS = Limits(cpu_seconds=30.0, wall_seconds=120.0)


@dataclass(frozen=True, slots=True)
class Evidenced:
    """A value, and how many pages of how many show it."""

    value: str
    confirming: int
    examined: int

    @property
    def note(self) -> str:
        return f"{self.confirming} of {self.examined}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a worker process finds on pages: the names of the site and links to sections."""

    titles: Sequence[str] = ()
    sections: Sequence[tuple[str, str]] = ()
    """Label and path of the section that each article links to."""
    teasers: TeaserRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The facts of a site."""

    site: Site
    lesson: Lesson
    articles: int
    title: Evidenced
    languages: Sequence[Evidenced]
    prefixes: dict[str, str]
    """The first segment of the paths of each language; empty if a language has none of its own."""
    timezone: Evidenced | None
    article_path: URLPattern | None
    sections: Sequence[tuple[Evidenced, str]]
    """Labels with their evidence, and paths."""
    view_labels: Sequence[Evidenced]
    feeds: Sequence[Evidenced]
    """The paths of the feeds that a crawl fetched, with the articles that each named first."""
    has_sitemap: bool
    teasers: TeaserRule | None
    lists: Sequence[Evidenced] = ()
    """The URLs of the listings with articles, with the articles that each named first."""
    urls: Sequence[str] = ()
    """The URLs of the articles."""

    @property
    def missing(self) -> list[str]:
        """The parts of a definition that were not found."""
        parts = [
            part
            for part in ("headline", "date", "authors", "section", "body", "views")
            if not getattr(self.layout, part)
        ]
        parts += ["article_path"] if self.article_path is None else []
        parts += ["timezone"] if self.timezone is None else []
        parts += ["listing"] if self.teasers is None else []
        return parts

    @property
    def layout(self) -> LearnedLayout:
        return self.lesson.learned.layout


def survey_site(archive: Archive, site: Site, lesson: Lesson, articles: Sequence[Capture]) -> Survey:
    """What an archive's pages show about a site. Parses pages in a worker process, within limits."""
    rows = list(archive.articles(site=[site.name], limit=MAX_ARTICLES))
    lists = list(archive.captures.readable(archive.captures.sample_lists(site.name, MAX_LISTS)))
    known = frozenset(key_of(row["url"]) for row in rows)
    found = run_limited(facts_on_pages, list(articles), lists, known, lesson.learned.layout, site, limits=LIMITS)
    languages = _counted(row["language"] for row in rows)
    titles = _counted(found.titles)
    return Survey(
        site=site,
        lesson=lesson,
        articles=len(rows),
        title=titles[0] if titles else Evidenced(site.title, 0, len(articles)),
        languages=[language for language in languages if language.value != "und"][:4],
        prefixes=_prefixes(rows),
        timezone=_timezone(rows),
        article_path=learn_article_path(
            [row["url"] for row in rows], [capture.url for capture in lists if capture.kind == "listing"]
        ),
        sections=_sections(found.sections),
        view_labels=_counted(view_labels(archive, site.name).elements()),
        feeds=[
            Evidenced(path, min(named, len(rows)), len(rows))
            for url, named in archive.candidates.lists(site.name, "feed")
            if is_same_host(url, site.base_url) and (path := _path_with_query(url))
        ],
        lists=[
            Evidenced(url, min(named, len(rows)), len(rows))
            for url, named in archive.candidates.lists(site.name, "listing")[:MAX_LISTED]
            if named
        ],
        has_sitemap=any(capture.kind == "sitemap" and capture.status == 200 for capture in lists),
        teasers=found.teasers,
        urls=[row["url"] for row in rows],
    )


def facts_on_pages(
    articles: Sequence[Capture], lists: Sequence[Capture], known: frozenset[str], layout: LearnedLayout, site: Site
) -> PageFacts:
    """Find facts on pages. Runs in a worker process."""
    titles, sections = [], []
    for capture in articles:
        try:
            document = open_page(capture, site).document
        except Unreadable:
            continue
        if document is None:
            continue
        name = document.metadata.metas.get("og:site_name", "").strip()
        titles += [name] if name else []
        for css in layout.section[:1]:
            sections += [
                (text_of(element), path_of(urljoin(capture.effective_url, target)))
                for element in select(document.root, css)[:1]
                if (target := _target_of(element))
            ]
    pages = []
    for capture in lists:
        if capture.kind != "listing" or capture.status != 200:
            continue
        try:
            document = open_page(capture, site).document
        except Unreadable:
            continue
        if document is not None:
            pages.append((capture.effective_url, PageIndex(document.root)))
    return PageFacts(titles=titles, sections=sections, teasers=learn_teasers(pages, known))


def _target_of(element: etree._Element) -> str:
    """The URL to which an element or the link around it leads; empty without one."""
    link = next((each for each in (element, *element.iterancestors()) if each.tag == "a"), None)
    return link.get("href") or "" if link is not None else ""


def is_same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc.removeprefix("www.") == urlsplit(other).netloc.removeprefix("www.")


def _path_with_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _counted(values: object) -> list[Evidenced]:
    counts = Counter(values)  # type: ignore[call-overload]
    return [Evidenced(value, count, counts.total()) for value, count in counts.most_common()]


def _prefixes(rows: Sequence[ArticleRow]) -> dict[str, str]:
    """The first segment of each language, if it tells the languages apart."""
    firsts: dict[str, Counter[str]] = {}
    for row in rows:
        segments = path_of(row["url"]).split("/")
        firsts.setdefault(row["language"], Counter())[segments[1] if len(segments) > 2 else ""] += 1
    most = {language: counts.most_common(1)[0][0] for language, counts in firsts.items() if counts}
    is_short = {language: re.fullmatch(r"[a-z]{2,3}", first) is not None for language, first in most.items()}
    return {language: f"/{first}" if is_short[language] else "" for language, first in most.items()}


def _timezone(rows: Sequence[ArticleRow]) -> Evidenced | None:
    """The offset that most articles print, as a zone without rules; daylight saving time is unknown."""
    offsets = Counter(row["published_local"][-6:] for row in rows if row["published_local"])
    if not offsets:
        return None
    offset, count = offsets.most_common(1)[0]
    hours = int(offset[:3])
    if offset[4:] != "00" or not -12 <= hours <= 14:
        return None
    # The signs of these zones are reversed: Etc/GMT-4 is four hours before Greenwich.
    return Evidenced("UTC" if hours == 0 else f"Etc/GMT{-hours:+d}", count, offsets.total())


def _sections(found: Sequence[tuple[str, str]]) -> list[tuple[Evidenced, str]]:
    counts = Counter(found)
    return [
        (Evidenced(label, count, counts.total()), path)
        for (label, path), count in counts.most_common(MAX_SECTIONS)
        if label and slug(label)
    ]
