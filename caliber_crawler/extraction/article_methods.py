"""The methods that find an article's fields: selectors, structured data, lines of text, the generic extractor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from lxml import etree

from caliber_crawler.extraction import structured_data as structured
from caliber_crawler.extraction.candidates import Candidate, Explanation
from caliber_crawler.extraction.identity import article_urls_of
from caliber_crawler.extraction.learned import learned_layout_of
from caliber_crawler.extraction.lines import extract_lines, length_of
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.slots import parse_rule
from caliber_crawler.extraction.text_page import TextParts, find_parts
from caliber_crawler.extraction.tree import text_of
from caliber_crawler.extraction.trusted import extract_trusted
from caliber_crawler.site import ArticleURL, Layout

if TYPE_CHECKING:
    from caliber_crawler.extraction.generic import GenericExtraction

T = TypeVar("T")
NO_LAYOUT = Layout(name="", article="")
SHORT_TEXT, LONG_TEXT = 200, 500
"""Characters. A body below the first is doubtful if the generic extractor finds one above the second."""


_EXPLAINED = {"section_label": "section", "views_shown": "views"}
"""Fields that are explained under the name of another one."""
_SELECTORS = {"published_at": "date", "section_label": "section", "views_shown": "views", "cover_image": "cover"}
"""The selectors of a layout whose name is not the field's."""
_SOURCES = {"structured_data": "metadata", "text": "lines of the page", "url": "URL", "generic": "generic extractor"}
OUTRANKED = "a more reliable method found a value"


class ArticleMethods:
    """Tries the methods for each field: the layout's selectors, the page's structured data, its lines of text.

    The generic extractor runs last: if there is no layout, and the page's lines yield no article or one so short that
    its position is doubtful.
    """

    def __init__(self, page: Page, explanation: Explanation | None = None) -> None:
        self.page = page
        self.explanation = explanation
        self.generic_explanation = Explanation() if explanation is not None else None
        self.site = page.site
        self.layout = page.layout or NO_LAYOUT
        self.methods: dict[str, str] = {}
        self.refusal: str | None = None
        """Why the generic extractor found no article, as a clause."""
        self.request_urls: dict[str, str] = {}
        self.found: dict[str, etree._Element | None] = {}
        self.in_article: dict[str, etree._Element | None] = {}
        """The parts that the layout's class selectors find in the article."""
        if page.layout is not None and page.article is not None:
            self.in_article = page.selection.firsts(_selectors_of(page.layout))

    @cached_property
    def generic(self) -> GenericExtraction | None:
        if self.page.document is None or self.page.layout is not None:
            return None
        text_length = length_of(self.parts.body) if self.parts is not None else 0
        if text_length >= SHORT_TEXT:
            return None
        # Imported here: these libraries take longer to load than most pages take to extract.
        from caliber_crawler.extraction.generic import NotAnArticle, extract_generic

        learned = learned_layout_of(self.page)
        if self.generic_explanation is None and learned is not None and learned.is_trusted:
            for layout in (learned, learned.earlier):
                if layout is not None and (trusted := extract_trusted(self.page, layout)) is not None:
                    return trusted
        extraction = extract_generic(self.page, self.generic_explanation)
        if isinstance(extraction, NotAnArticle):
            self.refusal = extraction.reason
            return None
        if self.parts is None:
            return extraction
        return extraction if length_of(extraction.body) >= max(LONG_TEXT, 3 * text_length) else None

    @property
    def names_sections(self) -> bool:
        """Whether the site definition has the labels of sections."""
        return any(section.labels for edition in self.site.editions for section in edition.sections.values())

    @property
    def names_counter(self) -> bool:
        """Whether the site definition has the label of the view counter; on a site without one, any may be it."""
        return not self.site.has_layouts or any(edition.view_labels for edition in self.site.editions)

    @cached_property
    def parts(self) -> TextParts | None:
        if not self.site.has_layouts:
            return self.plain_parts() if self.page.document is None else None
        if self.page.parts is not None or self.page.article is None:
            return self.page.parts or find_parts(self.page.lines, self.site)
        return find_parts(extract_lines(self.page.article), self.site, structured.extract_title(self.page))

    def plain_parts(self) -> TextParts | None:
        """The parts of a page of plain text, by the generic extractor."""
        from caliber_crawler.extraction.generic import find_plain_parts

        parts = find_plain_parts(self.page)
        self.refusal = parts if isinstance(parts, str) else None
        return parts if isinstance(parts, TextParts) else None

    @cached_property
    def article_urls(self) -> list[tuple[ArticleURL, str]]:
        return article_urls_of(self.page)

    @property
    def layout_name(self) -> str:
        if self.page.layout is not None:
            return self.page.layout.name
        if self.page.document is None:
            return "text"
        if not self.site.has_layouts:
            return "generic"
        return (self.parts.layout if self.parts is not None else None) or "unknown"

    def try_methods(self, field: str, *methods: tuple[str, Callable[[], T | None]]) -> T | None:
        """Return the first value that a method finds, and record the method under the field's name.

        The other methods are tried only for an explanation.
        """
        found: T | None = None
        for name, read in methods:
            value = read()
            if value in (None, "", ()):
                continue
            is_first = found is None
            if is_first:
                found, self.methods[field] = value, name
            if self.explanation is None:
                return found
            # The generic extractor explains its fields in detail; the section of a generic site is its label's slug.
            if not isinstance(read, _GenericField) and (field != "section" or self.site.has_layouts):
                self.record(field, str(value), name, is_chosen=is_first)
        return found

    def record(self, field: str, value: str, method: str, *, is_chosen: bool) -> None:
        """Add a value to the explanation, if there is one."""
        if self.explanation is None:
            return
        css = getattr(self.layout, _SELECTORS.get(field, field), "") if method == "selector" else ""
        source = f"selector {css}" if css else _SOURCES.get(method, method)
        why = "the first method that found a value" if is_chosen else OUTRANKED
        self.explanation.add(_EXPLAINED.get(field, field), [Candidate(value, source, method, why, is_chosen)])

    def complete_explanation(self) -> None:
        """Add the candidates of the generic extractor, below those of better methods."""
        if self.explanation is None or self.generic_explanation is None:
            return
        if not any(candidate.is_chosen for candidate in self.explanation.fields.get("body", ())):
            self.explanation.left_out = self.generic_explanation.left_out
        for field, candidates in self.generic_explanation.fields.items():
            if any(candidate.is_chosen for candidate in self.explanation.fields.get(field, ())):
                self.generic_explanation.rank_below(field, OUTRANKED)
                candidates = self.generic_explanation.fields[field]
            self.explanation.add(field, candidates)

    def from_parts(self, read: Callable[[TextParts], T]) -> T | None:
        return read(self.parts) if self.parts is not None else None

    def metadata_method(self, field: str, read: Callable[[Page], T | None]) -> tuple[str, Callable[[], T | None]]:
        """The method "structured data" for a field, used if the site definition trusts it for that field."""
        return "structured_data", lambda: read(self.page) if field in self.site.trusted_metadata else None

    def generic_method(self, field: str) -> tuple[str, Callable[[], Any]]:
        """The generic extractor's method for a field, under the name of the source it used."""
        if self.page.layout is not None or self.generic is None:
            return _NO_GENERIC_METHOD
        return self.generic.methods.get(field, "generic"), _GenericField(self.generic, field)

    def part(self, css: str) -> etree._Element | None:
        """Return the first element of the article for a selector; of the whole page only if it contains one article."""
        if css not in self.found:
            self.found[css] = self.find(css)
        return self.found[css]

    def find(self, css: str) -> etree._Element | None:
        page = self.page
        if not css or page.article is None or page.document is None:
            return None
        found = self.in_article[css] if css in self.in_article else page.selection.first(css)
        if found is None and page.layout is not None:
            return page.document.find_beside(page.layout, css)
        return found

    def text_at(self, css: str) -> str | None:
        element = self.part(css)
        return text_of(element) or None if element is not None else None


@lru_cache(maxsize=64)
def _selectors_of(layout: Layout) -> tuple[str, ...]:
    """The selectors of the parts of an article."""
    return (
        *(layout.headline, layout.subtitle, layout.section, parse_rule(layout.date).css, layout.authors),
        *(layout.signature, layout.views, layout.cover),
    )


class _GenericField:
    """Reads a field of the generic extraction."""

    def __init__(self, generic: GenericExtraction | None, field: str) -> None:
        self._generic = generic
        self._field = field

    def __call__(self) -> Any:
        return getattr(self._generic, self._field) if self._generic is not None else None


_NO_GENERIC_METHOD: tuple[str, Callable[[], Any]] = ("generic", _GenericField(None, ""))
