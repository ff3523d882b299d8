"""Healing: after a redesign, the new layout of a site is learned from articles that the archive knows already.

Their known headline, date and text must be found again in the new markup. So pages of other articles teach nothing. On
a site without a definition, a page of a known article that its trusted layout does not fit is put aside until then: its
text may only seem changed. On a site with one, so is a page from which the layout that replaced the stated one extracts
another text than the known one: the few pages that taught it may lack a block that others have.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.extraction.learned import METHOD
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.learning import Learned
from caliber_crawler.learning.layout import MIN_PAGES, Fact, Part
from caliber_crawler.learning.markup import has_other_design
from caliber_crawler.quantity import quantity
from caliber_crawler.site import LearnedLayout, Site
from caliber_crawler.site.learned import HEALED
from caliber_crawler.site_learning.aside import AsidePages, is_changed, lacks_layout
from caliber_crawler.site_learning.facts import (
    EARLIER,
    FACT_OF,
    LAYOUT_FACTS,
    earlier_rules,
    layout_facts,
    learned_layout,
    site_facts,
)
from caliber_crawler.site_learning.field_healing import FIELDS, LEARNED_FIELDS, FieldWatch
from caliber_crawler.site_learning.relearning import KnownArticle, Relearned

WINDOW, MAX_FAILED = 10, 5
"""A stated layout has failed if it finds nothing on so many of the last pages."""
MAX_KEPT = 20
MAX_ASIDE = timedelta(days=3)
"""How long the text of a page that the layout does not fit must stay before it counts as an edit."""
LAYOUT_CHANGED = "layout_changed"
NOT_OF_A_DEFINITION = ("boilerplate_line", "layout_agreement")
"""Facts that a definition's layout does not need."""
OTHER_PAGES = frozenset(("soft_404", "login", "consent", "challenge", "empty", "not_text", "not_html", "too_long"))
"""Refusals that say nothing about the layout."""


class Healing:
    """Watches the article pages of a crawl, and replaces a stated layout that has failed."""

    def __init__(self, archive: Archive, site: Site) -> None:
        self._archive, self._defined = archive, site
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._failed: deque[Capture] = deque(maxlen=MAX_KEPT)
        self._failed_ids: list[int] = []
        self._tried = 0
        self._fields = FieldWatch(FIELDS) if site.has_layouts else FieldWatch(LEARNED_FIELDS, METHOD)
        self.part: Part | None = None
        """The part of the layout that the last noted page shows to have failed; ``None`` for all of it."""
        layout = learned_layout(archive, site.name) if site.has_layouts else None
        self.site = site if layout is None else site.with_learned(layout)
        self._aside = AsidePages()
        since = datetime.now(UTC) - MAX_ASIDE
        aside = archive.captures.put_aside(site.name, LAYOUT_CHANGED, since)[-MAX_KEPT:]
        for capture in archive.captures.readable(aside):
            page = replace(capture, kind="article")
            if site.has_layouts:
                self._aside.add(page)
            else:
                self._add_failed(page)
                self._recent.append(True)

    def note(self, capture: Capture, outcome: object) -> list[KnownArticle]:
        """Note the outcome of a page; return the known articles to learn from if the layout has failed by now."""
        if capture.status != 200:
            return []
        failed = self._has_failed(capture, outcome)
        if failed is None:
            return []
        self._recent.append(failed)
        self.part = None
        if not failed and isinstance(outcome, Extraction):
            if self._is_by_replacement(outcome):
                return self._note_replacement(capture, outcome)
            return self._note_fields(capture, outcome)
        if failed:
            self._add_failed(capture)
        if not failed or sum(self._recent) < MAX_FAILED or len(self._failed) < self._tried + MAX_FAILED:
            return []
        self._tried = len(self._failed) if len(self._failed) < MAX_KEPT else 0
        known = [article for page in self._failed if (article := self._known(page)) is not None]
        return known if len(known) >= MIN_PAGES else []

    def _note_fields(self, capture: Capture, extraction: Extraction) -> list[KnownArticle]:
        """Note the fields of a page that the layout fits; return what to learn from if one's selector failed."""
        is_stated = any(layout.name == extraction.layout for layout in self._defined.layouts)
        row = self._text_of(capture) if is_stated or self._is_trusted else None
        part = None if row is None else self._fields.note(extraction, json.loads(row["methods"]))
        if part is None:
            return []
        known = [
            replace(article, earlier=None)
            for page in self._fields.pages(part)
            if (article := self._known(page)) is not None
        ]
        if len(known) < MIN_PAGES:
            return []
        self.part = part
        return known

    def _is_by_replacement(self, extraction: Extraction) -> bool:
        """Whether the learned layout that replaced a stated one gave an extraction."""
        return self._defined.has_layouts and extraction.layout == HEALED

    def _note_replacement(self, capture: Capture, extraction: Extraction) -> list[KnownArticle]:
        """Note a page of the layout that replaced a stated one; return what to learn from if it leaves too much in."""
        if self.doubt(extraction) is not None:
            self._aside.add(capture)
        elif (row := self._text_of(capture)) is not None and not is_changed(row, extraction.article):
            self._aside.add_fitting(capture)
            return []
        if not self._aside.is_due():
            return []
        self.part = "drop"
        known = (self._known(page, self._newest_text(page)) for page in self._aside)
        return [replace(article, earlier=None) for article in known if article is not None]

    def _add_failed(self, capture: Capture) -> None:
        self._failed.append(capture)
        self._failed_ids += [] if capture.id is None else [capture.id]

    def _has_failed(self, capture: Capture, outcome: object) -> bool | None:
        """Whether no layout fits a page that should be an article; ``None`` if the page says nothing about layouts."""
        if not self._defined.has_layouts:
            if isinstance(outcome, Extraction):
                if outcome.extractor != extractor_of(self.site):
                    return None
                if not self._is_trusted:
                    return True if self._is_changed_by_design(outcome) else None
                return outcome.methods.get("body") != METHOD
            is_other = isinstance(outcome, Problem) and (outcome.reason in OTHER_PAGES or outcome.stage == "fetch")
            return None if is_other or self._archive.articles.at_url(capture.url) is None else True
        if isinstance(outcome, Problem):
            return None if outcome.reason in OTHER_PAGES or outcome.stage == "fetch" else True
        if not isinstance(outcome, Extraction) or outcome.layout == "text":
            return None
        article = outcome.article
        is_stated = any(layout.name == outcome.layout for layout in self.site.layouts)
        # Without its date alone, a page still fits: see FieldWatch.
        has_date = article.published_at or outcome.methods.get("headline") == "selector"
        return not (is_stated and article.headline and article.body and has_date)

    def doubt(self, extraction: Extraction) -> Problem | None:
        """Why a page of a known article must be put aside: its text differs from the known one, and its design too.

        The text may only seem changed by what another design adds or lacks. On a site with a trusted layout, a page
        that it does not fit is of another design. On a site with a definition, only the layout that replaced a stated
        one is doubted.
        """
        capture = extraction.capture
        if self._defined.has_layouts and not self._is_by_replacement(extraction):
            return None
        if self._is_trusted and self._is_fitting(extraction):
            return None
        if not self._is_changed_by_design(extraction):
            return None
        before = capture.fetched_at - MAX_ASIDE
        first = self._archive.captures.put_aside(capture.site, LAYOUT_CHANGED, self._seen_until(capture), capture.url)
        if (earliest := self._stored(first)) is not None and earliest.fetched_at <= before:
            return None
        known = "learned layout" if self._is_trusted or self._defined.has_layouts else "earlier design"
        message = f"The {known} of {self._defined.title} does not fit {capture.effective_url}."
        return Problem(stage="check", reason=LAYOUT_CHANGED, message=message, fatal=True)

    def doubt_again(self, extraction: Extraction) -> Problem | None:
        """:meth:`doubt` of a page that failed, with the new layout of a definition: it may not fit all such pages."""
        problem = self.doubt(extraction) if self._defined.has_layouts else None
        if problem is not None:
            self._aside.add(extraction.capture)
        return problem

    def _is_fitting(self, extraction: Extraction) -> bool:
        """Whether the trusted layout found the text of a page, and its authors where it found them before."""
        if extraction.methods.get("body") != METHOD:
            return False
        if not extraction.article.authors or extraction.methods.get("authors") == METHOD:
            return True
        row = self._text_of(extraction.capture)
        return row is None or json.loads(row["methods"]).get("authors") != METHOD

    @property
    def trusted_layout(self) -> LearnedLayout | None:
        """The trusted layout of a site without a definition."""
        layout = None if self._defined.has_layouts else self.site.learned
        return layout if layout is not None and layout.is_trusted else None

    @property
    def _is_trusted(self) -> bool:
        return self.trusted_layout is not None

    def _is_changed_by_design(self, extraction: Extraction) -> bool:
        """Whether a page of a known article has another text than the known one, and may have another design."""
        row = self._newest_text(extraction.capture)
        if row is None or not is_changed(row, extraction.article):
            return False
        if self._is_trusted:
            return True
        if self._defined.has_layouts:
            # An edit that was found without a layout, before the new one was known, is a version already.
            current = self._archive.articles.show(row["article_id"])
            if (current["headline"], current["body"]) == (extraction.article.headline, extraction.article.body):
                return False
        # A page of the new design with the known text shows that the layout leaves nothing in it.
        pages = self._archive.captures.of_version(row["article_id"], row["id"])
        earlier = self._stored((*pages, row["capture_id"]))
        if earlier is None or not earlier.body:
            return False
        replacement = (layout for layout in self.site.layouts if layout.name == HEALED)
        return any(lacks_layout(earlier.body, layout) for layout in replacement) or has_other_design(
            extraction.capture.body, earlier.body
        )

    def _newest_text(self, capture: Capture) -> VersionRow | None:
        """The text of a known article; on a site with a definition, also as the layout that replaced its own gave it.

        So an edit that counts by now is not doubted again.
        """
        known = self._text_of(capture)
        if known is None or not self._defined.has_layouts:
            return known
        healed = self._archive.articles.text_by_layout(known["article_id"], [HEALED], METHOD, None)
        return healed if healed is not None and healed["seen_until"] >= known["seen_until"] else known

    def _seen_until(self, capture: Capture) -> datetime:
        """Until when the known text was seen: a page that was put aside before then says nothing about a new one."""
        row = self._newest_text(capture)
        return capture.fetched_at if row is None else datetime.fromisoformat(row["seen_until"])

    def _stored(self, ids: Sequence[int]) -> Capture | None:
        """The first of these captures whose page can be read."""
        return next(self._archive.captures.readable(ids), None)

    def _text_of(self, capture: Capture) -> VersionRow | None:
        """The text of a known article as its layout gave it; of a learned site also from before it was learned."""
        articles = self._archive.articles
        if (id := articles.at_url(capture.url)) is None:
            return None
        if self._defined.has_layouts:
            return articles.text_by_layout(id, [layout.name for layout in self._defined.layouts], "selector", None)
        if not self._is_trusted:
            return articles.text_by_layout(id, ["generic"], "", "")
        return articles.text_by_layout(id, ["generic"], METHOD, extractor_of(self.site))

    def _known(self, capture: Capture, row: VersionRow | None = None) -> KnownArticle | None:
        """What is known of the article on a page, by default its text of :meth:`_text_of`."""
        row = row or self._text_of(capture)
        if row is None:
            return None
        printed = row["published_local"] or row["published_at"]
        return KnownArticle(
            capture=capture,
            headline=row["headline"],
            day=datetime.fromisoformat(printed).date() if printed else None,
            body=row["body"],
            authors=tuple(json.loads(row["authors"])),
            section=self._archive.articles.show(row["article_id"])["section_label"] or "",
            earlier=None if self._defined.has_layouts else self._stored([row["capture_id"]]),
        )

    def apply(self, relearned: Relearned, part: Part | None, now: datetime) -> Problem | None:
        """Use and store a learned layout. Returns the report, or ``None`` if headline and text were not found again."""
        learned = relearned.now
        if part == "drop":
            return self._add_dropped(learned, now)
        if part is not None and self._defined.has_layouts:
            return self._apply_part(part, learned, now)
        if part is not None:
            return self._add_rules((part,), learned, now, self._fields.fitting(part))
        if relearned.failed:
            problem = self._add_rules(relearned.failed, learned, now, self._fitting)
            if problem is not None:
                self._recent.clear()
            return problem
        layout = learned.layout
        if not (layout.headline and layout.body):
            return None
        # Its texts were compared with the known ones, so they can be used without those of the generic extraction.
        name = self._defined.name
        if self._defined.has_layouts:
            facts = [fact for fact in site_facts(learned) if fact.fact not in NOT_OF_A_DEFINITION]
            self._archive.site_facts.replace(name, LAYOUT_FACTS, facts, now)
            self.site = self._defined.with_learned(replace(layout, weak=()))
            self._aside = AsidePages()
        else:
            facts = site_facts(learned)
            before = relearned.earlier
            facts += earlier_rules(site_facts(before) if before else layout_facts(self._archive, name))
            self._archive.site_facts.replace(name, (*LAYOUT_FACTS, EARLIER), facts, now)
            self.site = replace(self._defined, learned=learned_layout(self._archive, name))
        fitting, pages = self._fitting
        message = (
            f"The known layouts of {self._defined.title} fit {fitting} of the last {quantity(pages, 'page')}."
            f" Used instead: {self._evidence(learned)}."
        )
        if self._defined.has_layouts:
            message += f" Run `caliber doctor {self._defined.name}` for the corrected definition."
        self._recent.clear()
        return Problem(stage="run", reason="fact_replaced", message=message)

    def _apply_part(self, part: Part, learned: Learned, now: datetime) -> Problem | None:
        """Use and store the learned selector of a single part."""
        found = [fact for fact in learned.facts if fact.part == part]
        if not found:
            return None
        name = self._defined.name
        facts = [fact for fact in site_facts(learned) if fact.fact == FACT_OF[part]]
        self._archive.site_facts.replace(name, [FACT_OF[part]], facts, now)
        if (layout := learned_layout(self._archive, name)) is not None:
            self.site = self._defined.with_learned(layout)
        fitting, pages = self._fields.fitting(part)
        message = (
            f"The selector of `{part}` of {self._defined.title} fits {fitting} of the last"
            f" {quantity(pages, 'page')}. Used instead:"
            f" {found[0].value} (found again on {found[0].confirming} of"
            f" {quantity(found[0].examined, 'known article')})."
            f" Run `caliber doctor {name}` for the corrected definition."
        )
        return Problem(stage="run", reason="fact_replaced", message=message)

    def _add_dropped(self, learned: Learned, now: datetime) -> Problem | None:
        """Add what the pages put aside have beside their text to the layout that replaced a stated one."""
        name = self._defined.name
        before = learned_layout(self._archive, name)
        known = before.drop if before is not None else ()
        facts = [fact for fact in site_facts(learned) if fact.fact == FACT_OF["drop"] and fact.value not in known]
        if not facts:
            return None
        self._archive.site_facts.confirm(name, facts, now)
        if (layout := learned_layout(self._archive, name)) is not None:
            self.site = self._defined.with_learned(layout)
        found = ", ".join(f"{fact.value} (on {quantity(fact.pages_confirming, 'known article')})" for fact in facts)
        message = (
            f"The layout that replaced that of {self._defined.title} left elements in the text that are not part of"
            f" it. Dropped from now on: {found}. Run `caliber doctor {name}` for the corrected definition."
        )
        return Problem(stage="run", reason="fact_replaced", message=message)

    @property
    def _fitting(self) -> tuple[int, int]:
        """How many of the last pages the layout fits."""
        return len(self._recent) - sum(self._recent), len(self._recent)

    def _add_rules(
        self, parts: Sequence[Part], learned: Learned, now: datetime, fitting: tuple[int, int]
    ) -> Problem | None:
        """Add learned rules of single parts to a trusted layout: the earlier pages still have the others."""
        name = self._defined.name
        if not all(any(fact.part == part for fact in learned.facts) for part in parts):
            return None
        names = [FACT_OF[part] for part in parts]
        self._archive.site_facts.confirm(name, [fact for fact in site_facts(learned) if fact.fact in names], now)
        self.site = replace(self._defined, learned=learned_layout(self._archive, name))
        selectors = " and ".join(f"`{part}`" for part in parts)
        message = (
            f"The learned selector of {selectors} of {self._defined.title} fits {fitting[0]} of the last"
            f" {quantity(fitting[1], 'page')}."
            f" Used instead: {self._evidence(learned, parts)}."
        )
        return Problem(stage="run", reason="fact_replaced", message=message)

    def _evidence(self, learned: Learned, parts: Sequence[Part] = ("headline", "date", "body")) -> str:
        best: dict[str, Fact] = {}
        for fact in learned.facts:
            if fact.part in parts:
                best.setdefault(fact.part, fact)
        return ", ".join(
            f"{part} {fact.value} (found again on {fact.confirming} of {quantity(fact.examined, 'known article')})"
            for part, fact in best.items()
        )

    def failed_pages(self, part: Part | None) -> list[int]:
        """The IDs of the pages that failed so far, to be extracted again; they are then forgotten."""
        if part == "drop":
            return self._aside.take()
        if part is not None:
            ids = [page.id for page in self._fields.pages(part) if page.id is not None]
            self._fields.forget(part)
            return ids
        ids, self._failed_ids = self._failed_ids, []
        self._failed.clear()
        self._tried = 0
        return ids
