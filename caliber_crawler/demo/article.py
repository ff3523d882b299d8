"""What an article is, apart from its body: everything that stays, and what changes with time (headline, counter)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from caliber_crawler.demo.editions import Edition, Section

EditKind = Literal["headline", "paragraph_added", "paragraph_changed", "typo_fixed"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change the newspaper makes after publication: when, which, and on which paragraph (a share of the body)."""

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
    """Only where the site shows one: articles before mid-2024."""
    slug: str
    first_headline: str
    second_headline: str
    """What a headline edit makes of the first one."""
    subtitle: str | None
    subtitle_author: str | None
    """Whom the subtitle names (``Analysis by …``)."""
    byline: str | None
    """Who signs the last line of the body (``By …``)."""
    old_bylines: tuple[str, ...]
    """The lines under the date that only the old layout still shows."""
    old_author: str | None
    signature: str
    cover: str
    """32 hexadecimal digits."""
    readers: int
    half_life: float
    """Hours in which half of the first rush of readers comes."""
    most_views: int | None = None
    """Where the counter stops."""
    edits: tuple[Edit, ...] = ()

    @property
    def section(self) -> Section:
        return self.edition.sections[self.section_key]

    @property
    def path(self) -> str:
        """Path of its best address, not percent-encoded."""
        return f"{self.edition.prefix}/post/{self.slug}"

    @property
    def authors(self) -> tuple[str, ...]:
        """Who is named as author on the new layout."""
        return tuple(name for name in (self.subtitle_author, self.byline) if name)

    def edits_by(self, moment: datetime) -> tuple[Edit, ...]:
        """The edits made by then, first to last."""
        return tuple(edit for edit in self.edits if edit.at <= moment)

    def edits_after(self, moment: datetime) -> tuple[Edit, ...]:
        """The edits still to come."""
        return tuple(edit for edit in self.edits if edit.at > moment)

    def headline(self, moment: datetime) -> str:
        """The headline as it stood then, double blanks and all."""
        retitled = any(edit.kind == "headline" for edit in self.edits_by(moment))
        return self.second_headline if retitled else self.first_headline

    def views(self, moment: datetime) -> int:
        """The counter at a moment; it never falls.

        ``readers · (t / (t + half_life) + 0.08 · ln(1 + t / 30 days))``: a rush that half the readers join within
        ``half_life`` hours, then a trickle that grows thinner for ever.
        """
        hours = max(0.0, (moment - self.published_at) / timedelta(hours=1))
        rush, trickle = hours / (hours + self.half_life), 0.08 * math.log1p(hours / 720)
        views = int(self.readers * (rush + trickle))
        return views if self.most_views is None else min(views, self.most_views)

    def views_shown(self, moment: datetime) -> str:
        """The counter as printed: ``Views: 354``."""
        return f"{self.edition.views_label}: {self.views(moment)}"
