"""Checks of an extraction before it is stored. Each failed check is a problem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from caliber_crawler.extraction.boilerplate import boilerplate_inside, is_site_boilerplate
from caliber_crawler.extraction.embeds import parse_embed
from caliber_crawler.extraction.mojibake import is_mojibake
from caliber_crawler.extraction.non_articles import MAX_NON_ARTICLE_TEXT
from caliber_crawler.extraction.refreshes import refresh_target
from caliber_crawler.extraction.text import fold, letters_in
from caliber_crawler.extraction.walls import Evidence, wall_evidence
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.quantity import quantity
from caliber_crawler.site import ArticleURL, Site
from caliber_crawler.site.url_words import share_of_words

MIN_BODY_LENGTH = 40
"""Characters. A shorter body means that the page did not load, unless the article has images or embedded posts."""
MAX_LENGTH = 3_000_000
"""Characters of the text of an article: as many as a novel of 1,500 pages has. Storing a longer article would take so
long that the crawl answers nothing meanwhile.
"""
MAX_TITLE_LENGTH = 10_000
"""Characters of the headline and the subtitle, each."""
MAX_REFERENCES = 10_000
"""Number of links and images of an article."""
MOST_WORDS = 0.5
"""Share of the words in a URL with which a text is that of the URL."""
MIN_YEAR = 1995
FUTURE_TOLERANCE = timedelta(days=1)
_NOT_FOUND = re.compile(
    r"(?:404\s*+[-–—:]?\s*+)?(?:page\s+)?not\s+found|страница\s+не\s+найдена|էջը\s+(?:չի\s+գտնվել|գտնված\s+չէ)",
    re.IGNORECASE,
)
_NUMBER_404 = re.compile(r"(?:error\s*)?404\b.{0,40}", re.IGNORECASE)
"""A real article may have such a headline ("404 days of war"), but its text is longer than that of an error page."""


def check(extraction: Extraction, site: Site, now: datetime) -> list[Problem]:
    """The problems of an extraction; a fatal problem refuses it. ``now`` is when the page was fetched, or today.

    A missing date or view counter is reported but not fatal, because the capture can be re-extracted.
    """
    return [
        *(problem for problem in extraction.warnings if problem.stage == "extract"),
        *_check_status(extraction),
        *_check_titles(extraction, site),
        *_check_body(extraction),
        *_check_date(extraction, now),
        *_check_rest(extraction, site),
        *_check_boilerplate(extraction, site),
    ]


def check_length(extraction: Extraction) -> Problem | None:
    """The problem of an article that is too long to be one."""
    article = extraction.article
    length = max(len(article.body), len(article.body_markdown))
    titles = (article.headline, article.subtitle, article.section_label, article.signature, *article.authors)
    title_length = max(len(title or "") for title in titles)
    references = len(article.links) + len(article.images)
    if length > MAX_LENGTH:
        message = f"The text has {quantity(length, 'character')}, more than {MAX_LENGTH:,}."
    elif title_length > MAX_TITLE_LENGTH:
        message = f"A headline or name has {quantity(title_length, 'character')}, more than {MAX_TITLE_LENGTH:,}."
    elif references > MAX_REFERENCES:
        message = f"The article has {quantity(references, 'link')} and images, more than {MAX_REFERENCES:,}."
    else:
        return None
    return _problem("too_long", message, "body", fatal=True)


def check_address(extraction: Extraction, site: Site) -> Problem | None:
    """The problem of a page that is not the article that its URL promises: a wall, an error or a maintenance page.

    Such a page mostly states no date. A redirect led from an article's URL to one that is no article's; or the page
    matches no layout, and contains none of the words in its URL, or the phrases of a wall.
    """
    capture, article = extraction.capture, extraction.article
    if (target := refresh_target(capture)) is not None:
        message = f"{capture.effective_url} is not an article: it sends browsers on to {target}."
        return _problem("not_an_article", message, "url", fatal=True)
    requested = _article_url(capture.url, site)
    if requested is None:
        return None
    is_dated, has_layout = has_own_date(extraction), extraction.layout not in ("unknown", "generic")
    if not is_dated and capture.final_url is not None and _article_url(capture.final_url, site) is None:
        clause = f"redirects to {capture.final_url}, which is not the URL of an article"
        return _problem("unlike_url", f"{capture.url} {clause}, and the page has no date.", "url", fatal=True)
    needed = Evidence.STRONG if is_dated else Evidence.SOME
    is_wall = not has_layout and wall_evidence(article) >= needed
    if has_layout or (is_dated and not is_wall):
        return None
    share = share_of_words(requested.url, f"{article.headline} {article.subtitle or ''} {article.body}")
    if share == 0 and not is_dated:
        clause = "returned a text without a single word of that URL, and the page has no date"
        return _problem("unlike_url", f"{capture.url} {clause}.", "url", fatal=True)
    if is_wall and (share is None or share < MOST_WORDS):
        message = f"{capture.url} returned a wall or an error page: {article.headline!r}."
        return _problem("wall", message, "url", fatal=True)
    return None


def has_own_date(extraction: Extraction) -> bool:
    """Whether the page states a date; a date from its URL says nothing about the page."""
    return extraction.article.published_at is not None and extraction.methods.get("published_at") != "url"


def _article_url(url: str, site: Site) -> ArticleURL | None:
    try:
        return site.article_url(url)
    except ValueError:  # an invalid URL such as http://[
        return None


def _problem(reason: str, message: str, field: str | None = None, *, fatal: bool = False) -> Problem:
    return Problem(stage="check", reason=reason, message=message, field=field, fatal=fatal)


def _check_status(extraction: Extraction) -> Iterator[Problem]:
    status = extraction.capture.status
    if status is not None and not 200 <= status < 300:
        yield _problem(f"http_{status}", f"The server answered {status}, so the page is not an article.", fatal=True)


def _check_titles(extraction: Extraction, site: Site) -> Iterator[Problem]:
    headline, body = extraction.article.headline, extraction.article.body
    if not headline:
        yield _problem("no_headline", "The page has no headline.", "headline", fatal=True)
    elif fold(headline).strip(".") == fold(site.title):
        yield _problem("site_title", f"The headline is only the site's name, {headline!r}.", "headline", fatal=True)
    elif _NOT_FOUND.fullmatch(headline) or (len(body) < MAX_NON_ARTICLE_TEXT and _NUMBER_404.fullmatch(headline)):
        yield _problem("not_found", f"The page says that it does not exist: {headline!r}.", "headline", fatal=True)


def _check_body(extraction: Extraction) -> Iterator[Problem]:
    article = extraction.article
    length = 0
    for line in article.body.splitlines():
        length += letters_in(line) if parse_embed(line) is None else 0
        if length >= MIN_BODY_LENGTH:
            return
    has_media = bool(article.images or article.links)
    reason = "short_body" if length else "no_body"
    found = (
        f"The text has {quantity(length, 'character')}, fewer than {MIN_BODY_LENGTH}"
        if length
        else "The page has no text"
    )
    yield _problem(reason, f"{found}{', only images or links' if has_media else ''}.", "body", fatal=not has_media)


def _check_date(extraction: Extraction, now: datetime) -> Iterator[Problem]:
    published_at = extraction.article.published_at
    if published_at is None:
        yield _problem("no_date", "The page has no recognizable publication date.", "published_at")
    elif published_at > now + FUTURE_TOLERANCE:
        message = f"The publication date {published_at:%Y-%m-%d %H:%M} is more than a day after {now:%Y-%m-%d %H:%M}."
        yield _problem("future_date", message, "published_at", fatal=True)
    elif published_at.year < MIN_YEAR:
        message = f"The publication year {published_at.year} is before the web existed."
        yield _problem("impossible_date", message, "published_at", fatal=True)


def _check_rest(extraction: Extraction, site: Site) -> Iterator[Problem]:
    article = extraction.article
    if article.views is None and any(layout.views for layout in site.layouts):
        yield _problem("no_views", "The page shows no view count.", "views")
    if article.section is None:
        if article.section_label:
            message = f"The site definition has no section with the label {article.section_label!r}."
            yield _problem("unknown_section", message, "section")
        elif any(layout.section for layout in site.layouts):
            yield _problem("no_section", "The page names no section.", "section")
    if extraction.layout == "unknown":
        yield _problem(
            "unknown_layout", "The page matches no layout of the site definition; it was extracted without one."
        )
    for field in ("headline", "subtitle", "body"):
        text = getattr(article, field) or ""
        if is_mojibake(text):
            yield _problem(
                "mojibake", f"The {field} was published with decoding errors that cannot be repaired.", field
            )
        if broken := text.count("\ufffd"):
            yield _problem(
                "broken_characters",
                f"The {field} has {quantity(broken, 'character')} that could not be decoded.",
                field,
            )


def _check_boilerplate(extraction: Extraction, site: Site) -> Iterator[Problem]:
    article = extraction.article
    for field in ("headline", "subtitle"):
        text = getattr(article, field)
        if text and (is_site_boilerplate(text, site) or boilerplate_inside(text, site)):
            yield _problem(
                f"boilerplate_in_{field}", f"The {field} is boilerplate: {text!r}.", field, fatal=field == "headline"
            )
    if found := boilerplate_inside(article.body, site):
        # An article may quote such a sentence, so it is reported but kept.
        yield _problem("boilerplate_in_body", f"The text contains a line of boilerplate: {found!r}.", "body")
