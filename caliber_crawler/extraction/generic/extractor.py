"""Generic extraction of a news page: every field of its article, and the method that found it.

    tree, URL ── linked data, titles, timestamps, authors, facts ── pruned tree ── body

Pure: no network, no clock, no state between pages.
"""

from __future__ import annotations

import copy
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.candidates import Candidate, Explanation
from caliber_crawler.extraction.embeds import parse_embed
from caliber_crawler.extraction.generic import explanations
from caliber_crawler.extraction.generic.authorship import rank_authors
from caliber_crawler.extraction.generic.body import extract_body
from caliber_crawler.extraction.generic.elements import find_properties
from caliber_crawler.extraction.generic.fields import (
    declared_locale,
    declared_locales,
    extract_language,
    find_images,
    find_sections,
    find_subtitles,
)
from caliber_crawler.extraction.generic.outline import MIN_SAMPLE, Outline
from caliber_crawler.extraction.generic.page_kind import (
    LONG_TEXT,
    declares_article,
    form_of,
    has_dated_path,
    is_list_of_teasers,
    is_static,
    other_kind,
)
from caliber_crawler.extraction.generic.page_language import language_of_text
from caliber_crawler.extraction.generic.publication_dates import rank_dates
from caliber_crawler.extraction.generic.titles import rank_titles, site_names
from caliber_crawler.extraction.generic.view_counters import ViewCounters
from caliber_crawler.extraction.identity import article_urls_of
from caliber_crawler.extraction.learned import dropped_lines, learned_layout_of, read_page, second_opinion
from caliber_crawler.extraction.lines import Line, extract_lines, is_picture, links_of
from caliber_crawler.extraction.linked_data import LinkedData, parse_linked_data
from caliber_crawler.extraction.omissions import Omissions
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.text import letters_in
from caliber_crawler.extraction.tree import text_of
from caliber_crawler.items import Link
from caliber_crawler.quantity import quantity

MIN_PROSE_LENGTH = 80
# A page that neither declares itself an article nor has an article's URL must be at least this long.
MIN_UNDECLARED_LENGTH = 500
MIN_DATED_LENGTH = 300
MIN_LENGTH_AT_DATED_PATH = 40
"""Letters of a text at a URL with a year, a month and a title."""
MAX_LINKED_SHARE = 0.5
MIN_SAME_SAMPLE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericExtraction:
    """The extraction from a page of unknown layout. A field that was not found is ``None`` or empty."""

    headline: str | None = None
    subtitle: str | None = None
    published_at: datetime | None = None
    """With the page's offset; naive if it gives none; midnight if it gives only a day."""
    date_details: Mapping[str, str] = field(default_factory=dict)
    """How exact the date is, and where its offset comes from."""
    authors: tuple[str, ...] = ()
    section: str | None = None
    """As named by the page or its URL."""
    language: str | None = None
    """ISO 639 code, two or three letters."""
    body: tuple[Line, ...] = field(default=(), repr=False)
    """One line per paragraph."""
    cover_image: str | None = None
    views: int | None = None
    views_shown: str | None = None
    methods: Mapping[str, str] = field(default_factory=dict)
    """Field → method: ``structured_data``, ``text``, ``generic`` (a library) or ``url``."""
    declared: bool | None = None
    """Whether the page declares itself an article; ``None`` if it does not say."""
    form: Mapping[str, str] = field(default_factory=dict)
    """The form of an article that is not only text, to be recorded with the methods."""
    disagreement: str | None = None
    """What the readings of the body disagree on, as a clause."""
    other: str | None = None
    """What the page is instead of an article, as a clause; ``None`` if nothing says so."""


class NotAnArticle(NamedTuple):
    """The reason why a page is not an article, as a clause."""

    reason: str


def extract_generic(page: Page, explanation: Explanation | None = None) -> GenericExtraction | NotAnArticle:
    """Extract an article from an open page, or say why there is none.

    Takes the tree of a page of a generic site, and copies that of other pages, which the caller may still need. On a
    site with a definition only visible dates count: its metadata may give the date of a rebuild. Timestamps without an
    offset are in the site's time zone. ``explanation`` collects the candidates of every field.
    """
    if page.document is None:
        return NotAnArticle("it is plain text")
    has_layouts = page.site.has_layouts
    root = copy.deepcopy(page.document.root) if has_layouts else page.document.take_root()
    extraction = extract_tree(
        root,
        page.base_url,
        stamps=not has_layouts,
        now=page.capture.fetched_at,
        explanation=explanation,
    )
    refusal = _refusal(extraction, page)
    if (learned := learned_layout_of(page)) is not None and page.document is not None:
        readings = read_page(page, learned)
        if refusal is None or article_urls_of(page) or extraction.declared or page.is_linked:
            corrected = second_opinion(extraction, refusal, readings, learned, dropped_lines(page, learned))
            if explanation is not None and corrected is not None:
                explanation.left_out += explanations.explain_repetition(extraction.body, corrected.body)
            extraction, refusal = corrected or extraction, None if corrected else refusal
    if explanation is not None:
        kind = (
            "not an article" if refusal else f"article ({form})" if (form := extraction.form.get("form")) else "article"
        )
        why = refusal or ("it declares itself one" if extraction.declared else "nothing says that it is another page")
        explanation.add("kind", [Candidate(kind, "the page as a whole", "generic", why, is_chosen=True)])
    if refusal:
        return NotAnArticle(refusal)
    date = extraction.published_at
    if date is not None and date.tzinfo is None:
        extraction = replace(extraction, published_at=date.replace(tzinfo=page.site.zone))
    if page.site.has_layouts:
        known = extraction.language if page.site.edition(extraction.language or "") else None
        extraction = replace(extraction, language=known, section=None)
    return extraction


def extract_tree(
    root: etree._Element,
    url: str,
    *,
    stamps: bool = True,
    now: datetime | None = None,
    explanation: Explanation | None = None,
) -> GenericExtraction:
    """Extract an article from a parsed page. Removes everything else from the tree.

    ``stamps``: whether machine-readable dates count; ``now``: when the page was fetched; ``explanation``: where the
    candidates of every field are recorded.
    """
    data = parse_linked_data(root, url)
    properties = find_properties(root)
    titles = rank_titles(root, data, url, properties)
    headline = next(iter(titles.ranked), None)
    title = headline.text if headline else None
    outline, locale = Outline(root, title), declared_locale(root, data)
    language = extract_language(locale, outline.sample)
    code = language.text if language else None
    complete = explanation is not None
    dates = rank_dates(outline, data, url, code, stamps=stamps, locale=locale, now=now, complete=complete)
    date = dates.best
    signers = rank_authors(root, data, site_names(data, url), title, complete=complete)
    authors = next(iter(signers), None)
    names = authors.names if authors else ()
    subtitle = next(find_subtitles(root, data, title, names), None)
    counters = ViewCounters(outline, data, code, properties)
    views = counters.own
    section, image = (
        next(find_sections(data, url, title, properties), None),
        next(find_images(data, url), None),
    )
    if explanation is not None:
        explanation.add("headline", explanations.explain_titles(titles))
        explanation.add("published_at", explanations.explain_dates(dates))
        explanation.add("authors", explanations.explain_authors(signers))
        explanation.add("subtitle", explanations.explain_values(find_subtitles(root, data, title, names)))
        explanation.add("views", explanations.explain_views(counters))
        explanation.add("section", explanations.explain_values(find_sections(data, url, title, properties)))
        explanation.add("cover_image", explanations.explain_values(find_images(data, url)))
        declared = [*declared_locales(root, data)]
    other, is_certain = other_kind(root, data, url, title), declares_article(root, data, url)
    omissions = Omissions() if complete else None
    counters.remove(omissions)
    samples = outline.samples
    outline.release()
    form = form_of(root, data)
    # The body of a page that is not an article is not needed, and costs most.
    body = extract_body(root, title, url, names, omissions) if other is None else None
    paragraphs = body.paragraphs if body else ()
    if other is None and not is_certain and is_list_of_teasers(root, url, title, paragraphs):
        other = "most of its text is teasers of other pages"
    text = " ".join(paragraphs)
    if language is None or not _has_most_of(text, samples):
        language = extract_language(locale, text) or language
    if explanation is not None:
        of_text = language_of_text(text or outline.sample)
        explanation.add("language", explanations.explain_language(language, declared, of_text))
        explanation.add("body", explanations.explain_body(body))
        if omissions is not None and body is not None:
            explanation.left_out = [*explanations.explain_omissions(omissions, body.paragraphs)]
    found = {
        "headline": headline, "subtitle": subtitle, "published_at": date, "authors": authors, "section": section,
        "language": language, "cover_image": image, "views": views, "views_shown": views,
    }  # fmt: skip
    methods = {name: fact.method for name, fact in found.items() if fact is not None}
    if paragraphs:
        methods["body"] = "generic"
    return GenericExtraction(
        headline=title,
        subtitle=subtitle.text if subtitle else None,
        published_at=date.at if date else None,
        date_details=date.details if date else {},
        authors=authors.names if authors else (),
        section=section.text if section else None,
        language=language.text if language else None,
        body=tuple(_as_lines(paragraphs, root)),
        cover_image=image.text if image else None,
        views=views.views if views else None,
        views_shown=views.shown if views else None,
        methods=methods,
        declared=is_certain or _is_declared(data),
        disagreement=body.disagreement if body else None,
        other=other,
        form={"form": form} if form and other is None else {},
    )


def _has_most_of(text: str, samples: Sequence[str]) -> bool:
    """Return whether a text has most of the sample that told the language of its page: then it is in that language."""
    inside = sum(len(sample) for sample in samples if sample in text)
    return inside >= max(MIN_SAMPLE, MIN_SAME_SAMPLE * sum(map(len, samples)))


def _refusal(extraction: GenericExtraction, page: Page) -> str | None:
    """Return why a page is not an article, as a clause; ``None`` if it is one.

    Lists also have headlines and teasers, so what the page is by its classes, structured data and URL comes first. A
    page that only may be an article needs a date, an article's URL or much text.
    """
    body = extraction.body
    if extraction.other is not None:
        return extraction.other
    if not body:
        return "no text was found"
    if extraction.declared:
        return None
    dated = extraction.published_at is not None and extraction.methods.get("published_at") != "url"
    has_url = bool(article_urls_of(page))
    if not dated and is_static(page.base_url, extraction.headline):
        return "it is about the site, by its title or URL, and has no date"
    length = sum(letters_in(line.text) for line in body)
    linked = sum(letters_in(link.text or "") for link in links_of(body))
    if linked > MAX_LINKED_SHARE * length:
        return f"{linked} of {quantity(length, 'character')} of its text are links"
    if page.is_linked or (has_dated_path(page.base_url) and length >= MIN_LENGTH_AT_DATED_PATH):
        return None
    prose = sum(count for line in body if (count := letters_in(line.text)) >= MIN_PROSE_LENGTH)
    needed = MIN_PROSE_LENGTH if dated and has_url else MIN_DATED_LENGTH if dated else MIN_UNDECLARED_LENGTH
    if prose < needed:
        missing = "" if dated else "no date and "
        return f"it has {missing}{quantity(prose, 'character')} in paragraphs, fewer than {needed}"
    if extraction.declared is False and not (has_url or dated or prose >= LONG_TEXT):
        return "it declares itself to be no article, and has neither a date nor an article's URL"
    return None


def _is_declared(data: LinkedData) -> bool | None:
    kind = (data.meta("og:type") or "").lower()
    return True if data.article.get("headline") or "article" in kind else False if kind else None


def _as_lines(paragraphs: Sequence[str], root: etree._Element) -> Iterator[Line]:
    """Convert paragraphs to lines, with links, emphasis, list markers and pictures from the page.

    A paragraph takes these from the page's line with the same text.
    """
    own = extract_lines(_around(paragraphs, root))
    positions = {line.text: position for position, line in enumerate(own) if line.text}
    pictures = [position for position, line in enumerate(own) if _has_only_pictures(line)]
    last = len(own)
    for paragraph in paragraphs:
        line = Line(paragraph)
        if (position := positions.get(paragraph)) is not None:
            between = slice(bisect(pictures, last), bisect(pictures, position))
            if between.start < between.stop:
                yield from (own[picture]._replace(links=()) for picture in pictures[between])
                del pictures[between]  # each once, also where paragraphs are repeated
            line, last = own[position], position
        yield _embed_line(paragraph) or line._replace(gap=True)


def _has_only_pictures(line: Line) -> bool:
    """Return whether a line contains only pictures. Pictures that link to another page belong to a teaser."""
    return bool(line.pictures) and not line.text and all(is_picture(link.url) for link in line.links)


def _embed_line(paragraph: str) -> Line | None:
    embed = parse_embed(paragraph)
    return Line(paragraph, gap=True, links=(Link(url=embed[1]),)) if embed else None


def _around(paragraphs: Sequence[str], root: etree._Element) -> etree._Element:
    """The smallest element that contains the first and the last of these paragraphs found in a ``p``."""
    wanted = set(paragraphs)
    elements = list(root.iter("p"))
    first = next((element for element in elements if text_of(element) in wanted), None)
    last = next((element for element in reversed(elements) if text_of(element) in wanted), None)
    if first is None or last is None:
        return root
    holders = {first, *first.iterancestors()}
    return next(element for element in (last, *last.iterancestors()) if element in holders)
