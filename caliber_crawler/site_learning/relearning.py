"""Learning a new layout from articles that the archive knows, and the layout before it from their earlier pages.

Both are learned from what the two designs have in common: the lines of the known text that stand on the new page too.
So a line that only one of the designs puts beside the text, such as the weather, belongs to neither text, and an
article that did not change has the same text in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from caliber_crawler.extraction.counts import is_counter
from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.slots import DateForm, date_at, headline_at, names_at
from caliber_crawler.extraction.tree import Unreadable, text_of
from caliber_crawler.items import Capture
from caliber_crawler.learning import Learned, Sample, learn_layout
from caliber_crawler.learning.common_text import body_inside, common_body
from caliber_crawler.learning.layout import MIN_PAGES, Part
from caliber_crawler.site import LearnedLayout

FITTING, FAILED = 0.9, 0.5
"""Shares of the pages: a text that fits so many was not redesigned, and a rule that finds less has failed."""
MAX_CHILDREN, MAX_COUNTER = 3, 60
"""Children, and characters, of an element that is a view counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """What the archive knows of the article on a page."""

    capture: Capture
    headline: str
    day: date | None
    body: str
    authors: tuple[str, ...] = ()
    section: str = ""
    """The label of its section, as it was printed."""
    earlier: Capture | None = None
    """The page before the redesign, from which the known text is; ``None`` if its layout need not be learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relearned:
    """The layouts after and before a redesign."""

    now: Learned
    earlier: Learned | None
    """``None`` if it was not asked for, or has no text."""
    failed: tuple[Part, ...] = ()
    """The only parts of the trusted layout whose rules failed; empty if its text does not fit either."""


def learn_from_known(
    known: Sequence[KnownArticle], view_labels: tuple[str, ...] = (), trusted: LearnedLayout | None = None
) -> Relearned:
    """Learn the layout of pages whose articles are known. Runs in a worker process.

    ``view_labels``: the labels of the site's view counters. Counts change, so their label stands for them.
    ``trusted``: the layout of a site without a definition that was trusted until now.
    """
    samples, before = [], []
    for article in known:
        if (page := _document(article.capture)) is None:
            continue
        earlier = _document(article.earlier) if article.earlier is not None else None
        body = article.body if article.earlier is None else common_body(article.body, page.root)
        sample = Sample(
            page=page,
            url=article.capture.effective_url,
            headline=article.headline,
            day=article.day,
            stated_day=article.day,
            authors=article.authors,
            body=body,
            section=article.section,
            views_shown=_counter_on(page, view_labels),
        )
        samples.append(sample)
        if earlier is not None:
            before.append((sample, earlier))
    now = learn_layout(samples, from_archive=True)
    failed = failed_parts([sample.page for sample in samples], trusted) if trusted is not None else ()
    if failed:
        return Relearned(now=now, earlier=None, failed=failed)
    if len(before) < MIN_PAGES or not now.layout.body:
        return Relearned(now=now, earlier=None)
    learned = learn_layout(
        [
            replace(sample, page=page, body=body_inside(sample.page.root, now.layout.body, sample.body), views_shown="")
            for sample, page in before
        ],
        from_archive=True,
    )
    return Relearned(now=now, earlier=learned if learned.layout.body else None)


def failed_parts(pages: Sequence[Document], layout: LearnedLayout) -> tuple[Part, ...]:
    """The parts whose rules find nothing on most pages, if those of the text fit nearly all of them."""

    def share(found: Callable[[Document], object]) -> float:
        return sum(bool(found(page)) for page in pages) / max(1, len(pages))

    if share(lambda page: any(len(page.outermost(rule)) == 1 for rule in layout.body)) < FITTING:
        return ()
    shares: dict[Part, float] = {
        "headline": share(lambda page: any(headline_at(page, rule, layout.headline_tail) for rule in layout.headline)),
        "date": share(
            lambda page: any(date_at(page, rule, DateForm(language=layout.language)) for rule in layout.date)
        ),
        "authors": share(lambda page: any(names_at(page, rule) for rule in layout.authors)),
    }
    return tuple(part for part, of_part in shares.items() if getattr(layout, part) and of_part < FAILED)


def _document(capture: Capture) -> Document | None:
    try:
        return Document(decode_source(capture))
    except Unreadable:
        return None


def _counter_on(page: Document, labels: tuple[str, ...]) -> str:
    """The only text on a page that is a labelled view counter; empty if there is none."""
    body = page.root.find("body")
    found = {
        text
        for element in (body.iter("*") if body is not None else ())
        if len(element) <= MAX_CHILDREN and (text := text_of(element)) and len(text) <= MAX_COUNTER
        if is_counter(text, labels)
    }
    return found.pop() if len(found) == 1 else ""
