"""Healing: a new layout of a site with a definition is learned from articles that the archive knows already.

Their known headline, date and text must be found again in the new markup. So pages of other articles teach nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from caliber_crawler.archive import Archive
from caliber_crawler.extraction.counts import is_counter
from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.extraction.learned import METHOD
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.tree import Unreadable, text_of
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.learning import Learned, Sample, learn_layout
from caliber_crawler.learning.layout import MIN_PAGES, Fact
from caliber_crawler.site import Site
from caliber_crawler.site_learning.facts import LAYOUT_FACTS, learned_layout, site_facts

WINDOW, MAX_FAILED = 10, 5
"""A stated layout has failed if it finds nothing on so many of the last pages."""
MAX_KEPT = 20
MAX_CHILDREN, MAX_COUNTER = 3, 60
"""Children, and characters, of an element that is a view counter."""
NOT_OF_A_DEFINITION = ("boilerplate_line", "layout_agreement")
"""Facts that a definition's layout does not need."""
OTHER_PAGES = frozenset(("soft_404", "login", "consent", "challenge", "empty", "not_text", "not_html", "too_long"))
"""Refusals that say nothing about the layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """What the archive knows of the article on a page."""

    capture: Capture
    headline: str
    day: date | None
    body: str
    section: str = ""
    """The label of its section, as it was printed."""


def learn_from_known(known: Sequence[KnownArticle], view_labels: tuple[str, ...] = ()) -> Learned:
    """Learn the layout of pages whose articles are known. Runs in a worker process.

    ``view_labels``: the labels of the site's view counters. Counts change, so their label stands for them.
    """
    samples = []
    for article in known:
        try:
            page = Document(decode_source(article.capture))
        except Unreadable:
            continue
        samples.append(
            Sample(
                page=page,
                url=article.capture.effective_url,
                headline=article.headline,
                day=article.day,
                body=article.body,
                section=article.section,
                views_shown=_counter_on(page, view_labels),
            )
        )
    return learn_layout(samples, from_archive=True)


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


class Healing:
    """Watches the article pages of a crawl, and replaces a stated layout that has failed."""

    def __init__(self, archive: Archive, site: Site) -> None:
        self._archive, self._defined = archive, site
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._failed: deque[Capture] = deque(maxlen=MAX_KEPT)
        self._failed_ids: list[int] = []
        self._tried = 0
        layout = learned_layout(archive, site.name) if site.has_layouts else None
        self.site = site if layout is None else site.with_learned(layout)

    def note(self, capture: Capture, outcome: object) -> list[KnownArticle]:
        """Note the outcome of a page; return the known articles to learn from if the layout has failed by now."""
        if capture.status != 200:
            return []
        failed = self._has_failed(outcome)
        if failed is None:
            return []
        self._recent.append(failed)
        if failed:
            self._failed.append(capture)
            self._failed_ids += [] if capture.id is None else [capture.id]
        if not failed or sum(self._recent) < MAX_FAILED or len(self._failed) < self._tried + MAX_FAILED:
            return []
        self._tried = len(self._failed) if len(self._failed) < MAX_KEPT else 0
        known = [article for page in self._failed if (article := self._known(page)) is not None]
        return known if len(known) >= MIN_PAGES else []

    def _has_failed(self, outcome: object) -> bool | None:
        """Whether no layout fits a page that should be an article; ``None`` if the page says nothing about layouts."""
        if not self._defined.has_layouts:
            layout = self.site.learned
            is_current = isinstance(outcome, Extraction) and outcome.extractor == extractor_of(self.site)
            if layout is None or not layout.is_trusted or not is_current:
                return None
            return isinstance(outcome, Extraction) and outcome.methods.get("body") != METHOD
        if isinstance(outcome, Problem):
            return None if outcome.reason in OTHER_PAGES or outcome.stage == "fetch" else True
        if not isinstance(outcome, Extraction) or outcome.layout == "text":
            return None
        article = outcome.article
        stated = next((layout for layout in self.site.layouts if layout.name == outcome.layout), None)
        if stated is None:
            return True
        is_dated = article.published_at is not None or not stated.date  # a layout need not state a date
        return not (article.headline and article.body and is_dated)

    def _known(self, capture: Capture) -> KnownArticle | None:
        id = self._archive.articles.find(capture.url)
        layouts = [layout.name for layout in self._defined.layouts] or ["generic"]
        method = "selector" if self._defined.has_layouts else METHOD
        row = self._archive.articles.text_by_layout(id, layouts, method) if id is not None else None
        if row is None:
            return None
        printed = row["published_local"] or row["published_at"]
        return KnownArticle(
            capture=capture,
            headline=row["headline"],
            day=datetime.fromisoformat(printed).date() if printed else None,
            body=row["body"],
            section=self._archive.articles.show(row["article_id"])["section_label"] or "",
        )

    def apply(self, learned: Learned, now: datetime) -> Problem | None:
        """Use and store a learned layout. Returns the report, or ``None`` if headline and text were not found again."""
        layout = learned.layout
        if not (layout.headline and layout.body):
            return None
        # Its texts were compared with the known ones, so they can be used without those of the generic extraction.
        layout = replace(layout, weak=(), is_trusted=not self._defined.has_layouts)
        facts = [fact for fact in site_facts(learned, 0, 0) if fact.fact not in NOT_OF_A_DEFINITION]
        self._archive.site_facts.replace(self._defined.name, LAYOUT_FACTS, facts, now)
        self.site = self._defined.with_learned(layout)
        fitting = len(self._recent) - sum(self._recent)
        message = (
            f"The known layouts of {self._defined.title} fit {fitting} of the last {len(self._recent)} pages."
            f" Used instead: {self._evidence(learned)}."
        )
        if self._defined.has_layouts:
            message += f" Run `caliber doctor {self._defined.name}` for the corrected definition."
        self._recent.clear()
        return Problem(stage="run", reason="fact_replaced", message=message)

    def _evidence(self, learned: Learned) -> str:
        best: dict[str, Fact] = {}
        for fact in learned.facts:
            if fact.part in ("headline", "date", "body"):
                best.setdefault(fact.part, fact)
        return ", ".join(
            f"{part} {fact.value} (found again on {fact.confirming} of {fact.examined} known articles)"
            for part, fact in best.items()
        )

    def failed_pages(self) -> list[int]:
        """The IDs of the pages that failed so far, to be extracted again; they are then forgotten."""
        ids, self._failed_ids = self._failed_ids, []
        self._failed.clear()
        self._tried = 0
        return ids
