"""A page of a site whose learned rules are trusted: its article without the generic extraction.

Only what the page says of itself and the places that the rules name are read. A page that is not clearly an article of
the learned layout is left to the generic extraction. So is a single field that is not trusted on this site, and the
byline of a page on which its rule is silent, unless earlier pages have shown that such articles have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliber_crawler.extraction.counts import parse_count
from caliber_crawler.extraction.identity import article_urls_of
from caliber_crawler.extraction.learned import (
    METHOD,
    in_zone,
    is_as_usual,
    is_finer,
    is_other_date,
    language_of_site,
    read_page,
)
from caliber_crawler.extraction.linked_data import parse_linked_data
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.slots import parse_rule
from caliber_crawler.site.learned import LearnedLayout

if TYPE_CHECKING:
    from caliber_crawler.extraction.generic import GenericExtraction


def extract_trusted(page: Page, layout: LearnedLayout) -> GenericExtraction | None:
    """The article on a page by the learned rules alone; ``None`` if the page is not clearly one."""
    # Imported here: the package is slow to load.
    from caliber_crawler.extraction.generic.authorship import extract_authors
    from caliber_crawler.extraction.generic.elements import find_properties
    from caliber_crawler.extraction.generic.extractor import GenericExtraction
    from caliber_crawler.extraction.generic.fields import (
        FieldValue,
        declared_locale,
        extract_language,
        find_images,
        find_sections,
        find_subtitles,
    )
    from caliber_crawler.extraction.generic.outline import Outline
    from caliber_crawler.extraction.generic.page_kind import declares_article, form_of, other_kind
    from caliber_crawler.extraction.generic.publication_dates import extract_published_at, has_declared_date
    from caliber_crawler.extraction.generic.titles import site_names
    from caliber_crawler.extraction.generic.view_counters import ViewCounters

    document = page.document
    if document is None:
        return None
    # First of all, because the page's metadata is then read from this small tree.
    head = document.excerpt([parse_rule(rule).css for rule in (*layout.headline, *layout.date)])
    url = page.base_url
    readings = read_page(page, layout)
    is_clear = readings.has_text if layout.is_undated else readings.is_article
    if not is_clear:
        return None
    data = parse_linked_data(head, url)
    is_declared = declares_article(head, data, url)
    is_article = is_declared or page.is_linked or bool(article_urls_of(page))
    if not is_article or other_kind(head, data, url, readings.headline) is not None:
        return None
    locale = declared_locale(head, data)
    texts = [line.text for line in readings.body]
    text, primary = " ".join(texts), (locale or "")[:2].lower()
    if is_as_usual(primary, text, layout):
        language: FieldValue | None = FieldValue(primary, "structured_data")
    else:
        language = extract_language(locale, text)
    declared, method = (language.text, language.method) if language else (None, None)
    if (of_site := language_of_site(declared, method, texts, layout)) != declared and of_site:
        language = FieldValue(of_site, METHOD)
    untrusted = layout.untrusted
    around = document.root if "subtitle" in untrusted else head
    subtitle = next(find_subtitles(around, data, readings.headline), None)
    image = next(find_images(data, url), None)
    properties = find_properties(document.root if "section" in untrusted else head)
    section = next(find_sections(data, url, readings.headline, properties), None)
    authors, authors_method = readings.authors, METHOD
    is_weak, is_doubtful = "authors" in layout.weak, "authors" in untrusted
    if (is_weak and is_doubtful) or (not authors and (is_doubtful or (layout.authors and not layout.is_unsigned))):
        named = extract_authors(document.root, data, site_names(data, url), readings.headline)
        authors, authors_method = (named.names, named.method) if named else (authors, METHOD)
    published_at, details = readings.published_at, readings.date_details
    stated = None
    if layout.is_undated or has_declared_date(data, layout.language):
        # Without a date for machines, the learned place has the best one.
        outline = Outline(head, readings.headline)
        stated = extract_published_at(outline, data, url, layout.language, locale=locale, now=page.capture.fetched_at)
    if stated is not None and layout.is_undated:
        return None  # a page unlike those that were learned
    if (
        stated is not None
        and (date := readings.date) is not None
        and not is_other_date(date, stated.at, stated.details)
        and not is_finer(date, stated.at, stated.details)
    ):
        published_at, details = stated.at, dict(stated.details)
        if published_at.tzinfo is None and readings.zone is not None:
            published_at, details["published_at_zone"] = in_zone(published_at, readings.zone), METHOD
    if published_at is not None and published_at.tzinfo is None:
        published_at = published_at.replace(tzinfo=page.site.zone)
    form = form_of(head, data)
    counter = None
    if "views" in untrusted and ("views" in layout.weak or readings.views_shown is None):
        code = language.text if language else None
        root = document.root
        counter = ViewCounters(Outline(root, readings.headline), data, code, find_properties(root)).own
    shown = counter.shown if counter else readings.views_shown
    views = counter.views if counter else parse_count(shown, layout.language) if shown else None
    methods = {"headline": METHOD, "body": METHOD}
    methods |= {"published_at": METHOD} if published_at else {}
    methods |= {"authors": authors_method} if authors else {}
    methods |= {
        name: fact.method
        for name, fact in (("cover_image", image), ("language", language), ("subtitle", subtitle))
        if fact
    }
    if subtitle is None and readings.subtitle:
        methods["subtitle"] = METHOD
    if views is not None:
        methods["views"] = methods["views_shown"] = counter.method if counter else METHOD
    if section is not None or readings.section:
        methods["section"] = section.method if section else METHOD
    return GenericExtraction(
        headline=readings.headline,
        subtitle=subtitle.text if subtitle else readings.subtitle,
        published_at=published_at,
        date_details=details,
        authors=authors,
        section=section.text if section else readings.section,
        language=language.text if language else None,
        body=readings.body,
        cover_image=image.text if image else None,
        views=views,
        views_shown=shown,
        methods=methods,
        form={"form": form} if form else {},
    )
