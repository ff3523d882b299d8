"""A recorded page, used as a test fixture: the page as it was served, and a draft of the expected result."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.errors import InputError, NotAPage, SiteError
from caliber_crawler.extraction.text import slug
from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem, Teaser
from caliber_crawler.known_sites import known_sites, known_spiders, project_settings
from caliber_crawler.site import Site
from caliber_crawler.trial_crawl import GivenPages, Progress, page_entry, trial_crawl

MAX_NAME_LENGTH = 60
DRAFT = "Compare every field with the page, correct it, then delete this line."
UNRECORDED_HEADERS = ("connection", "content-disposition", "content-length", "date", "set-cookie", "transfer-encoding")
"""Headers that do not describe the page: transport, the name of a saved file, cookies of one visitor."""


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """A page and the draft of its ``expected.json``."""

    capture: Capture
    name: str
    expected: dict[str, Any]

    def write(self, pages: Path) -> Path:
        """Write both to a new folder and return it. Raises :class:`InputError` if the folder exists."""
        folder = pages / self.capture.site / self.name
        if folder.exists():
            raise InputError(f"{folder} exists already and is never overwritten; delete it first.")
        folder.mkdir(parents=True)
        ending = "txt" if self.capture.media_type == "text/plain" else "html"
        (folder / f"page.{ending}").write_bytes(self.capture.body)
        text = json.dumps(self.expected, ensure_ascii=False, indent=2) + "\n"
        (folder / "expected.json").write_text(text, encoding="utf-8")
        return folder


def site_of_page(url: str | None, name: str = "") -> Site:
    """The site of a page, by its name or, without a name, by the URL of the page.

    A page of a named site on another host belongs to a mirror of the site. Raises :class:`SiteError` if no site
    definition matches.
    """
    sites = known_sites()
    if name:
        site = sites.named(name)
        return (
            site if url is None or site.owns(url) else site.served_at("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        )
    owner = sites.owner(url) if url else None
    if owner is None:
        raise SiteError(f"No site definition covers {url}; write caliber_crawler/spiders/<site>.py first.")
    return owner


def fetch_page(
    url: str, site: Site, memory: Path, *, delay: float | None = None, progress: Progress = lambda crawls: None
) -> Capture:
    """Fetch one page as in a crawl. ``memory`` is the path of the user's archive, which may be missing.

    Raises the errors of :meth:`Trial.page <caliber_crawler.trial_crawl.Trial.page>`.
    """
    spider = known_spiders(project_settings())[site.name]
    known = spider.site
    # The page is recorded as it is served, not as a browser renders it. Nothing else is discovered.
    listing = replace(known.listing, scroll="") if known.listing else None
    one_page = type("OnePageSpider", (spider,), {"site": replace(known, sources=(), listing=listing)})
    entry = page_entry(site, url, kind="listing" if site.article_url(url) is None else "article")
    options = CrawlOptions(base_url="" if site.base_url == known.base_url else site.base_url)
    with trial_crawl(one_page, GivenPages([entry]), memory, options=options, delay=delay, progress=progress) as trial:
        return trial.page(entry.url)


def recorded_page(capture: Capture, site: Site) -> RecordedPage:
    """The draft of a page: what the current code extracts. Raises :class:`NotAPage` if that is nothing."""
    served = _capture_fields(capture)
    if capture.url.startswith("http") and site.article_url(capture.effective_url) is None:
        listing = extract_isolated(replace(capture, kind="listing"), site, capture.fetched_at)
        if isinstance(listing, Listing) and listing.teasers:
            name = f"listing-{slug(capture.url.rpartition('/')[2])}"
            teasers = [_teaser_fields(teaser) for teaser in listing.teasers]
            expected = {"draft": DRAFT, "capture": served | {"kind": "listing"}, "teasers": teasers}
            return RecordedPage(capture, name, _as_json(expected))
    extraction = extract_isolated(replace(capture, kind="article"), site, capture.fetched_at)
    if not isinstance(extraction, Extraction):
        raise NotAPage(extraction.message if isinstance(extraction, Problem) else f"{capture.url} lists articles.")
    article = asdict(extraction.article)
    article["body"] = extraction.article.body.split("\n\n")
    article_url = site.article_url(extraction.article.url) if extraction.article.url.startswith("http") else None
    name = article_url.slug if article_url and article_url.slug else slug(extraction.article.headline)
    expected = {"draft": DRAFT, "capture": served, "layout": extraction.layout, "article": article}
    return RecordedPage(capture, name[:MAX_NAME_LENGTH], _as_json(expected))


def _teaser_fields(teaser: Teaser) -> dict[str, Any]:
    fields = asdict(teaser)
    return fields if teaser.request_url else {name: fields[name] for name in fields if name != "request_url"}


def _capture_fields(capture: Capture) -> dict[str, Any]:
    served: dict[str, Any] = {"url": capture.url}
    if capture.final_url:
        served["final_url"] = capture.final_url
    if capture.redirects:
        served["redirects"] = list(capture.redirects)
    headers = [[name, value] for name, value in capture.headers if name.lower() not in UNRECORDED_HEADERS]
    return served | ({"headers": headers} if headers else {})


def _as_json(value: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(value, default=lambda time: time.isoformat()))
    return plain
