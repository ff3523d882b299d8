"""Extraction of an article from a clean page: each field from the most reliable method that finds it."""

from __future__ import annotations

from datetime import datetime, time

from caliber_crawler.extraction import structured_data as structured
from caliber_crawler.extraction.article_methods import ArticleMethods
from caliber_crawler.extraction.boilerplate import without_boilerplate, without_related
from caliber_crawler.extraction.bylines import authors_of_subtitle, cut_byline, cut_signature, names_in, unique
from caliber_crawler.extraction.candidates import Candidate, Explanation
from caliber_crawler.extraction.cleaning import clean_page
from caliber_crawler.extraction.counts import count_in_any_language, is_counter, parse_count, with_count
from caliber_crawler.extraction.dates import find_date, parse_date, parse_iso_date
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.extraction.headline import split_heading, subtitle_below
from caliber_crawler.extraction.identity import best_url, with_requested_url
from caliber_crawler.extraction.languages import language_of_letters
from caliber_crawler.extraction.learned import METHOD
from caliber_crawler.extraction.lines import Line, extract_lines, images_of, links_of, paragraphs
from caliber_crawler.extraction.markdown import write_markdown
from caliber_crawler.extraction.page import Page, open_page
from caliber_crawler.extraction.slots import MAX_DATE, SlotDate, date_at, dates_in, only_day, parse_rule
from caliber_crawler.extraction.text import clean_inline, slug
from caliber_crawler.extraction.tree import Unreadable, text_of
from caliber_crawler.extraction.urls import (
    PageURLs,
    absolute,
    absolute_images,
    absolute_links,
    background_image,
    section_linked,
)
from caliber_crawler.items import Article, Capture, Extraction, Problem
from caliber_crawler.site import Site
from caliber_crawler.site.learned import HEALED

FIELD_OF = dict.fromkeys(("published_at_precision", "published_at_zone", "published_at_role"), "published_at")
FIELD_OF |= {"form": "body"}
"""What is recorded beside the methods about a field: how exact the date is, where its offset comes from, and what the
article is if it is not only text."""


def extract_page(capture: Capture, site: Site) -> Extraction:
    """Open, clean and extract a page in one step. Raises :class:`Unreadable`."""
    return extract_article(clean_page(open_page(capture, site)))


def extract_article(page: Page, explanation: Explanation | None = None) -> Extraction:
    """Extract every field of the article on a cleaned page. Raises :class:`Unreadable` if it is not an article.

    A headline that is missing from the page stays empty; :func:`check` then rejects the extraction. ``explanation``
    collects the candidates of every field, also of a page that is not an article.
    """
    reader = _ArticleExtractor(page, explanation)
    if page.layout is None and reader.parts is None and reader.generic is None:
        reader.complete_explanation()
        missing = reader.refusal or "no date, headline and text were found"
        raise Unreadable("not_an_article", f"{page.capture.effective_url} is not an article: {missing}.")
    article = reader.read()
    if explanation is not None:
        reader.explain(article)
    if not article.headline and not article.body:
        raise Unreadable(
            "not_an_article", f"{page.capture.effective_url} is not an article: it has neither headline nor text."
        )
    is_healed = reader.layout.name == HEALED
    return Extraction(
        capture=page.capture,
        article=article,
        layout=reader.layout_name,
        extractor=extractor_of(page.site),
        request_urls=reader.request_urls,
        methods={
            field: METHOD if is_healed and method == "selector" else method
            for field, method in reader.methods.items()
            if getattr(article, FIELD_OF.get(field, field)) not in (None, "", ())
        },
        warnings=reader.warnings,
        stated_urls=tuple(known.url for known, method in reader.article_urls[1:] if method == "structured_data"),
    )


class _ArticleExtractor(ArticleMethods):
    """Extracts each field of the article with the first method that finds it."""

    def read(self) -> Article:
        headline, subtitle = self.extract_titles()
        body, byline, signature = self.extract_body()
        section_label = self.try_methods(
            "section_label",
            ("selector", lambda: self.text_at(self.layout.section)),
            self.metadata_method("section", structured.extract_section_label),
            ("text", lambda: self.from_parts(lambda parts: parts.section_label) if self.names_sections else None),
            self.generic_method("section"),
        )
        published_at = self.extract_published_at()
        views_shown = self.extract_views_shown()
        views = self.count(views_shown) if views_shown else None
        if views is not None:
            self.methods["views"] = self.methods["views_shown"]
        language = self.extract_language(section_label, views_shown, headline)
        urls = PageURLs(self.page)
        links = links_of(body)
        best = best_url(self.article_urls)
        article = Article(
            site=self.site.name,
            language=language,
            url=best[0].url if best else "",
            urls=tuple([known.url for known, _ in self.article_urls]),
            headline=headline,
            subtitle=subtitle,
            body=paragraphs(body),
            body_markdown=write_markdown(body, urls.link, urls.picture),
            published_at=published_at,
            authors=self.extract_authors(byline, subtitle),
            section=self.extract_section(section_label, language),
            section_label=section_label,
            views=views,
            views_shown=views_shown,
            signature=signature,
            cover_image=self.extract_cover(),
            images=absolute_images(images_of(body), urls.picture),
            links=absolute_links(links, urls.target),
        )
        for link in links:
            if (target := urls.target(link.url)) is not None and target.request_url is not None:
                self.request_urls.setdefault(target.url, target.request_url)
        for field in ("images", "links"):
            self.methods[field] = self.methods.get("body", "selector")
        if best is None:
            article, method = with_requested_url(article, self.page)
        else:
            method = best[1]
        self.methods["url"] = self.methods["urls"] = method
        return article

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful about the extraction, whatever it contains."""
        if self.generic is None or self.generic.disagreement is None:
            return ()
        message = f"The readings of the text disagree: {self.generic.disagreement}."
        return (Problem(stage="extract", reason="readers_disagree", message=message, field="body"),)

    def explain(self, article: Article) -> None:
        """Complete the explanation by what no single method chose."""
        if self.explanation is not None and self.generic is None:
            layout = self.layout_name
            why = (
                "the layout's selector matches" if self.page.layout is not None else "its lines have an article's parts"
            )
            self.explanation.add("kind", [Candidate("article", f"layout {layout}", "selector", why, is_chosen=True)])
            self.record("body", article.body, self.methods.get("body", "selector"), is_chosen=True)
            if article.authors:
                method = self.methods.get("authors", "selector")
                self.record("authors", "; ".join(article.authors), method, is_chosen=True)
        self.complete_explanation()

    def extract_titles(self) -> tuple[str, str | None]:
        heading = self.part(self.layout.headline)
        headline, subtitle = split_heading(heading) if heading is not None else ("", None)
        headline = (
            self.try_methods(
                "headline",
                ("selector", lambda: headline),
                self.metadata_method("headline", structured.extract_title),
                ("text", lambda: self.from_parts(lambda parts: parts.headline)),
                self.generic_method("headline"),
            )
            or ""
        )
        subtitle = self.try_methods(
            "subtitle",
            ("selector", lambda: subtitle or self.text_at(self.layout.subtitle) or subtitle_below(heading)),
            ("text", lambda: self.from_parts(lambda parts: parts.subtitle) if self.page.layout is None else None),
            self.generic_method("subtitle"),
        )
        return headline, subtitle

    def extract_body(self) -> tuple[list[Line], tuple[str, ...], str | None]:
        """Return the lines of the body, the authors of its byline, and the outlet's signature."""
        body, own_signature = cut_signature(self.body_lines(), self.site)
        body, byline = cut_byline(body)
        signature = self.try_methods(
            "signature",
            ("selector", lambda: self.text_at(self.layout.signature) or own_signature),
            ("text", lambda: self.from_parts(lambda parts: parts.signature) if self.page.layout is None else None),
        )
        if body and (body[0].text or any(line.text or line.pictures or line.links for line in body)):
            self.methods["body"] = self.methods["authors"] = "selector"
            return body, byline, signature
        if self.generic is not None:
            self.methods |= {field: self.generic.methods.get(field, "generic") for field in ("body", "authors")}
            self.methods |= self.generic.form
            return list(self.generic.body), self.generic.authors, signature
        if self.parts is None:
            return [], byline, signature
        self.methods["body"] = self.methods["authors"] = "text"
        return list(self.parts.body), self.parts.authors, signature

    def body_lines(self) -> list[Line]:
        if not self.layout.body or self.page.article is None:
            return []
        # A body may be split over sibling containers; nested ones are extracted once.
        found = self.page.selection.select(self.layout.body)
        outermost = found
        if len(found) > 1:
            outermost = [each for each in found if not any(ancestor in found for ancestor in each.iterancestors())]
        # The body may contain a signature or the authors, which are not part of the text.
        layout = self.layout
        others = (
            layout.headline,
            layout.subtitle,
            layout.section,
            self.date_css,
            layout.authors,
            layout.signature,
            layout.views,
        )
        named = [part for css in others if (part := self.part(css)) is not None]
        if len(outermost) == 1:
            lines = extract_lines(outermost[0], without=named)
        else:
            lines = [line for element in outermost for line in extract_lines(element, without=named)]
        return without_related(without_boilerplate(lines, self.site), self.is_own_article)

    def is_own_article(self, href: str) -> bool:
        """Return whether a link leads to another article of the site."""
        url = absolute(href, self.page)
        target = self.site.article_url(url) if url is not None else None
        return target is not None and all(target.url != known.url for known, _ in self.article_urls)

    def extract_published_at(self) -> datetime | None:
        published_at = self.try_methods(
            "published_at",
            ("selector", self.selected_date),
            self.metadata_method("published_at", structured.extract_published_at),
            ("text", lambda: self.from_parts(lambda parts: parts.published_at)),
        )
        if published_at is None:
            published_at = self.try_methods("published_at", self.generic_method("published_at"))
            if published_at is not None and self.generic is not None:
                self.methods |= self.generic.date_details
        elif "published_at_precision" not in self.methods:
            is_bare = published_at.time() == time()
            self.methods |= {"published_at_precision": "day" if is_bare else "minute", "published_at_zone": "site"}
        return published_at

    def selected_date(self) -> datetime | None:
        element = self.part(self.date_css)
        if element is None:
            return None
        attribute = parse_rule(self.layout.date).attribute
        line = clean_inline(element.get(attribute) or "") if attribute else text_of(element)
        if found := find_date(line, self.site):
            precision = "minute" if found.has_clock else "day"
            self.methods |= {"published_at_precision": precision, "published_at_zone": "site"}
            return found.timestamp
        if printed := parse_date(line, self.site):
            return printed
        stamped = next((node.get("datetime") for node in element.iter() if node.get("datetime")), None)
        if at := parse_iso_date(stamped, self.site) if stamped else None:
            return at
        return self.only_date_in(line, is_stamp=bool(attribute)) or self.only_date_at(self.layout.date)

    def only_date_in(self, line: str, *, is_stamp: bool) -> datetime | None:
        """The only day in a short line, in any language; not every site prints dates in its own."""
        return self.unambiguous(only_day(dates_in(line, None, is_stamp=is_stamp) if len(line) <= MAX_DATE else []))

    def only_date_at(self, rule: str) -> datetime | None:
        """The only day in all matches of a selector, on a page with one article."""
        document = self.page.document
        return self.unambiguous(date_at(document, rule)) if document is not None else None

    def unambiguous(self, best: SlotDate | None) -> datetime | None:
        """A date with its zone; ``None`` if day and month cannot be told apart."""
        if best is None:
            return None
        if best.other is not None and best.other != best.at.date():
            return None  # day and month cannot be told apart
        precision, zone = "day" if best.is_bare else "minute", "page" if best.at.tzinfo else "site"
        self.methods |= {"published_at_precision": precision, "published_at_zone": zone}
        return best.at if best.at.tzinfo else best.at.replace(tzinfo=self.site.zone)

    @property
    def date_css(self) -> str:
        """The selector of the date, without its attribute."""
        return parse_rule(self.layout.date).css

    def extract_views_shown(self) -> str | None:
        """Return the counter as printed; ``None`` if it contains no number."""
        return self.try_methods(
            "views_shown",
            ("selector", lambda: with_count(self.text_at(self.layout.views))),
            (
                "text",
                lambda: self.from_parts(lambda parts: with_count(parts.views_shown)) if self.names_counter else None,
            ),
            self.generic_method("views_shown"),
        )

    def count(self, views_shown: str) -> int | None:
        if self.generic is not None and self.generic.views_shown == views_shown:
            return self.generic.views
        if (count := count_in_any_language(views_shown)) is not None:
            return count
        named = next((article_url.language for article_url, _ in self.article_urls if article_url.language), None)
        language = self.language_of_labels(None, views_shown) or named
        if language is None and self.parts is not None:  # last, because it reads all lines of the page
            language = self.parts.month_language
        return parse_count(views_shown, language)

    def extract_authors(self, byline: tuple[str, ...], subtitle: str | None) -> tuple[str, ...]:
        named = self.text_at(self.layout.authors)
        selected = (names_in(named) or (named,)) if named else ()
        if selected:
            self.methods["authors"] = "selector"
        elif (
            not byline
            and "authors" in self.site.trusted_metadata
            and (selected := structured.extract_authors(self.page))
        ):
            self.methods["authors"] = "structured_data"
        return unique((*selected, *byline, *(authors_of_subtitle(subtitle, self.site) if self.generic is None else ())))

    def extract_section(self, label: str | None, language: str) -> str | None:
        by_label = self.methods.get("section_label", "text")
        return self.try_methods(
            "section",
            (by_label, lambda: self.site.section_named(label, self.site.edition(language)) if label else None),
            (by_label, lambda: self.site.section_named(label) if label else None),
            ("selector", self.linked_section),
            (by_label, lambda: slug(label) if label and not self.site.has_layouts else None),
        )

    def linked_section(self) -> str | None:
        """Return the section whose listing the label links to."""
        element = self.part(self.layout.section)
        return section_linked(element, self.page) if element is not None else None

    def extract_language(self, section_label: str | None, views_shown: str | None, headline: str) -> str:
        return (
            self.try_methods(
                "language",
                (
                    "url",
                    lambda: next(
                        (article_url.language for article_url, _ in self.article_urls if article_url.language), None
                    ),
                ),
                ("text", lambda: self.language_of_labels(section_label, views_shown)),
                ("text", self.language_of_date),
                ("structured_data", self.declared_language),
                ("text", lambda: language_of_letters(headline, self.site)),
                self.generic_method("language"),
            )
            or "und"
        )

    def language_of_labels(self, section_label: str | None, views_shown: str | None) -> str | None:
        for edition in self.site.editions:
            if section_label and self.site.section_named(section_label, edition):
                return edition.language
            if views_shown and is_counter(views_shown, edition.view_labels):
                return edition.language
        return None

    def language_of_date(self) -> str | None:
        if self.parts is not None and self.parts.month_language:
            return self.parts.month_language
        printed = find_date(self.text_at(self.date_css) or "", self.site)
        return printed.language if printed else None

    def declared_language(self) -> str | None:
        # Without editions, what the page declares is not searched for.
        edition = self.site.edition(structured.extract_language(self.page) or "") if self.site.editions else None
        return edition.language if edition else None

    def extract_cover(self) -> str | None:
        return self.try_methods(
            "cover_image",
            ("selector", lambda: background_image(self.part(self.layout.cover), self.page)),
            self.metadata_method("cover_image", structured.extract_image),
            self.generic_method("cover_image"),
        )
