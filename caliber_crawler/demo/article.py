"""An article without its body: its constant fields, and those that change with time (headline, counter)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from caliber_crawler.demo.editions import Edition, Section

EditKind = Literal["headline", "paragraph_added", "paragraph_changed", "typo_fixed"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change after publication: time, kind, and paragraph (as a share of the body)."""

    at: datetime
    kind: EditKind
    where: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article. Times are aware, in Baku time."""

    k: int
    edition: Edition
    section_key: str
    theme: str
    published_at: datetime
    post_number: int | None
    """Only for articles before mid-2024, on which the site shows it."""
    slug: str
    first_headline: str
    second_headline: str
    """The headline after a headline edit."""
    subtitle: str | None
    subtitle_author: str | None
    """The author in the subtitle (``Analysis by …``)."""
    byline: str | None
    """The author in the last line of the body (``By …``)."""
    old_bylines: tuple[str, ...]
    """The lines under the date, only in the old layout."""
    old_author: str | None
    signature: str
    cover: str
    """32 hexadecimal digits."""
    readers: int
    half_life: float
    """Hours in which half of the early readers arrive."""
    story: int | None = None
    """The English article whose story it tells; its own number if articles of other editions tell it."""
    most_views: int | None = None
    """Maximum of the counter."""
    edits: tuple[Edit, ...] = ()

    @property
    def section(self) -> Section:
        return self.edition.sections[self.section_key]

    @property
    def path(self) -> str:
        """Path of its best URL, not percent-encoded."""
        return f"{self.edition.prefix}/post/{self.slug}"

    @property
    def authors(self) -> tuple[str, ...]:
        """The authors named in the new layout."""
        return tuple(name for name in (self.subtitle_author, self.byline) if name)

    def edits_by(self, moment: datetime) -> tuple[Edit, ...]:
        """The edits made by then, in order."""
        return tuple(edit for edit in self.edits if edit.at <= moment)

    def edits_after(self, moment: datetime) -> tuple[Edit, ...]:
        """The edits made after then."""
        return tuple(edit for edit in self.edits if edit.at > moment)

    def headline(self, moment: datetime) -> str:
        """The headline at that time, with double blanks."""
        retitled = any(edit.kind == "headline" for edit in self.edits_by(moment))
        return self.second_headline if retitled else self.first_headline

    def views(self, moment: datetime) -> int:
        """The counter at a given time; it never decreases.

        ``readers · (t / (t + half_life) + 0.08 · ln(1 + t / 30 days))``: half of the early readers arrive within
        ``half_life`` hours, then a decreasing number for ever.
        """
        hours = max(0.0, (moment - self.published_at) / timedelta(hours=1))
        rush, trickle = hours / (hours + self.half_life), 0.08 * math.log1p(hours / 720)
        views = int(self.readers * (rush + trickle))
        return views if self.most_views is None else min(views, self.most_views)

    def views_shown(self, moment: datetime) -> str:
        """The counter as printed: ``Views: 354``."""
        return f"{self.edition.views_label}: {self.views(moment)}"
