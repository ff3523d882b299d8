"""Is what was read on a page fit to be kept? Every rule here says what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from caliber_crawler.extraction.boilerplate import boilerplate_inside, is_site_boilerplate
from caliber_crawler.extraction.embeds import named_in
from caliber_crawler.extraction.mojibake import is_mojibake
from caliber_crawler.extraction.non_articles import MAX_NON_ARTICLE_TEXT
from caliber_crawler.extraction.text import fold
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.site import Site

MIN_BODY_LENGTH = 40
"""Characters. A body below this is a page that did not load, unless the article shows pictures or posts instead."""
MIN_YEAR = 1995
FUTURE_TOLERANCE = timedelta(days=1)
_NOT_FOUND = re.compile(
    r"(?:404\s*[-–—:]?\s*)?(?:page\s+)?not\s+found|страница\s+не\s+найдена|էջը\s+(?:չի\s+գտնվել|գտնված\s+չէ)",
    re.IGNORECASE,
)
_NUMBER_404 = re.compile(r"(?:error\s*)?404\b.{0,40}", re.IGNORECASE)
"""Such a headline may be that of an article ("404 days of war"), whose text is longer than that of an error page."""


def check(extraction: Extraction, site: Site, now: datetime) -> list[Problem]:
    """What is wrong with a reading; a fatal problem means: refuse it. ``now`` is when the page was fetched, or today.

    A missing date or view counter is worth a look and no reason to lose an article: the capture can be read again.
    """
    return [
        *_check_status(extraction),
        *_check_titles(extraction, site),
        *_check_body(extraction),
        *_check_date(extraction, now),
        *_check_rest(extraction, site),
        *_check_boilerplate(extraction, site),
    ]


def _problem(reason: str, message: str, field: str | None = None, *, fatal: bool = False) -> Problem:
    return Problem(stage="check", reason=reason, message=message, field=field, fatal=fatal)


def _check_status(extraction: Extraction) -> Iterator[Problem]:
    status = extraction.capture.status
    if status is not None and not 200 <= status < 300:
        yield _problem(f"http_{status}", f"The server answered {status}, which no article comes with.", fatal=True)


def _check_titles(extraction: Extraction, site: Site) -> Iterator[Problem]:
    headline, body = extraction.article.headline, extraction.article.body
    if not headline:
        yield _problem("no_headline", "The page has no headline.", "headline", fatal=True)
    elif fold(headline).strip(".") == fold(site.title):
        yield _problem("site_title", f"The headline is only the site's name, {headline!r}.", "headline", fatal=True)
    elif _NOT_FOUND.fullmatch(headline) or (len(body) < MAX_NON_ARTICLE_TEXT and _NUMBER_404.fullmatch(headline)):
        yield _problem("not_found", f"The page says it is not there: {headline!r}.", "headline", fatal=True)


def _check_body(extraction: Extraction) -> Iterator[Problem]:
    article = extraction.article
    length = sum(len(line) for line in article.body.splitlines() if named_in(line) is None)
    if length >= MIN_BODY_LENGTH:
        return
    shows = bool(article.images or article.links)
    reason = "short_body" if length else "no_body"
    found = f"The text has {length} characters, fewer than {MIN_BODY_LENGTH}" if length else "The page has no text"
    yield _problem(reason, f"{found}{', only pictures or links' if shows else ''}.", "body", fatal=not shows)


def _check_date(extraction: Extraction, now: datetime) -> Iterator[Problem]:
    moment = extraction.article.published_at
    if moment is None:
        yield _problem("no_date", "The page has no date that could be read.", "published_at")
    elif moment > now + FUTURE_TOLERANCE:
        message = f"It says it was published on {moment:%Y-%m-%d %H:%M}, more than a day ahead of {now:%Y-%m-%d %H:%M}."
        yield _problem("future_date", message, "published_at", fatal=True)
    elif moment.year < MIN_YEAR:
        message = f"It says it was published in {moment.year}, before there was news on the web."
        yield _problem("impossible_date", message, "published_at", fatal=True)


def _check_rest(extraction: Extraction, site: Site) -> Iterator[Problem]:
    article = extraction.article
    if article.views is None and any(layout.views for layout in site.layouts):
        yield _problem("no_views", "The page shows no view count.", "views")
    if article.section is None:
        if article.section_label:
            message = f"No section of the site's file is labelled {article.section_label!r}."
            yield _problem("unknown_section", message, "section")
        elif any(layout.section for layout in site.layouts):
            yield _problem("no_section", "The page names no section.", "section")
    if extraction.layout == "unknown":
        yield _problem("unknown_layout", "The page has no layout the site's file describes; it was read without one.")
    for field in ("headline", "subtitle", "body"):
        text = getattr(article, field) or ""
        if is_mojibake(text):
            yield _problem(
                "mojibake", f"The {field} was decoded wrongly before it got here and cannot be put right.", field
            )
        if broken := text.count("\ufffd"):
            yield _problem(
                "broken_characters", f"The {field} has {broken} characters that could not be decoded.", field
            )


def _check_boilerplate(extraction: Extraction, site: Site) -> Iterator[Problem]:
    article = extraction.article
    for field in ("headline", "subtitle"):
        text = getattr(article, field)
        if text and (is_site_boilerplate(text, site) or boilerplate_inside(text, site)):
            yield _problem(
                f"boilerplate_in_{field}", f"The {field} is page furniture: {text!r}.", field, fatal=field == "headline"
            )
    if found := boilerplate_inside(article.body, site):
        # An article may quote such a sentence, so this one is reported and kept.
        yield _problem("boilerplate_in_body", f"The text holds a line of page furniture: {found!r}.", "body")
