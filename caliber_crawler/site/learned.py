"""What was learned about a site's pages from those that are stored; the archive has the evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from caliber_crawler.site.layouts import Layout

SINGLE = ("headline", "date", "authors", "section", "views")
"""Parts whose selector can be replaced alone."""
HEALED = "learned"
"""The name of the layout that replaces those of a definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLayout:
    """Rules for the parts of an article page: CSS selectors, with ``@name`` at the end for an attribute.

    Several rules of one part are tried in order: a site may have more than one template. A rule counts on a page only
    if all its matches there give one value.
    """

    headline: tuple[str, ...] = ()
    headline_tail: str = ""
    """What most titles of the site end with, such as ``| Example News``."""
    date: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    """Elements inside the body that are not part of the text."""
    lines: tuple[str, ...] = ()
    """Lines on many pages of the site that are not part of an article: sidebars, notices, biographies."""
    language: str | None = None
    """The language of most pages, which decides how their dates are read."""
    is_monolingual: bool = False
    """Whether that was the language of every page of many."""
    text_language: str | None = None
    """The language of most texts where the pages declare another one or none: that of a text too short to tell."""
    date_format: str | None = None
    """How dates are printed, as for ``strptime``: it tells day and month apart where a page does not."""
    date_language: str | None = None
    """The language of the months in dates."""
    date_zone: str | None = None
    """The offset of printed clocks, such as ``UTC+04:00``, where a page states none."""
    is_undated: bool = False
    """Whether no page of the site has a date, so that an article need not have one."""
    weak: tuple[str, ...] = ()
    """Parts whose rules agree on less than 95 % of the pages: they only fill a gap, and overrule nothing."""
    is_trusted: bool = False
    """Whether these rules alone give what they give together with the generic extraction, which is then skipped."""
    untrusted: tuple[str, ...] = ()
    """Fields for which that does not hold, of a trusted layout: these are extracted as on any page."""
    is_unsigned: bool = False
    """Whether a page on which the rules of the authors find none names none: not every article has a byline."""
    earlier: LearnedLayout | None = None
    """The trusted layout before a redesign, for the pages that were fetched until then."""

    @property
    def as_layout(self) -> Layout | None:
        """The same selectors as a layout of a definition; ``None`` without a headline or a text."""
        if not (self.headline and self.body):
            return None
        first = {
            name: next(iter(getattr(self, name)), "").removesuffix("::headline")
            for name in ("headline", "date", "authors", "section", "views", "body")
        }
        return Layout(name=HEALED, article=first["body"], drop=self.drop, **first)

    def corrected(self, stated: Layout) -> Layout:
        """A stated layout whose selectors of single parts were learned again: the earlier pages still have theirs."""
        changes = {}
        for part in SINGLE:
            old, new = getattr(stated, part), next(iter(getattr(self, part)), "").removesuffix("::headline")
            if old and new and new != old:
                css, mark, attribute = new.partition("@")
                old_css, _, old_attribute = old.partition("@")
                changes[part] = f"{old_css}, {css}{mark}{attribute}" if attribute == old_attribute else new
        return replace(stated, **changes)  # type: ignore[arg-type]

    @property
    def is_month_first(self) -> bool | None:
        """Whether the month comes before the day in dates of numbers; ``None`` if that is unknown."""
        if self.date_format is None or "%m" not in self.date_format:
            return None
        return self.date_format.index("%m") < self.date_format.index("%d")

    @property
    def zone(self) -> tzinfo | None:
        """The zone of printed clocks; ``None`` if it is unknown."""
        return datetime.strptime(self.date_zone.removeprefix("UTC") or "Z", "%z").tzinfo if self.date_zone else None

    @property
    def is_empty(self) -> bool:
        return not (self.headline or self.date or self.authors or self.body)
