"""Learning a site from the pages that an archive contains of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from caliber_crawler.archive import Archive
from caliber_crawler.items import Capture
from caliber_crawler.learning.layout import MIN_PAGES
from caliber_crawler.processes import run_limited
from caliber_crawler.site import Site
from caliber_crawler.site_learning.facts import AGREEMENT, LAYOUT_FACTS, is_healed, lesson_facts
from caliber_crawler.site_learning.teaching import LIMITS, Lesson, learn_pages

SAMPLE_PAGES = 20
"""Pages of a lesson. Fifty pages teach little more than twenty, and cost more than twice as much."""
LESSONS_AT = (5, 10, 20, 50)
"""Numbers of stored articles of a site at which it is learned."""


def plain_site(site: Site) -> Site:
    """A site without what its definition states about pages: its articles are extracted as those of any site."""
    return replace(site, layouts=(), listing=None, learned=None)


def sample_pages(archive: Archive, site: str, count: int = SAMPLE_PAGES) -> list[Capture]:
    """The newest pages of different articles of a site, except those that cannot be read."""
    # A page of a site that is explored was requested as a list, and turned out to be an article.
    return [
        replace(capture, kind="article") for capture in archive.captures.readable(archive.captures.sample(site, count))
    ]


def learn_site(
    archive: Archive, site: Site, now: datetime, *, pages: int = SAMPLE_PAGES, store: bool = True
) -> Lesson | None:
    """Learn a generic site from the archive's pages, in a worker process, and store the facts.

    Returns ``None`` if there are too few pages. Raises the errors of a worker that exceeds its limits.
    """
    captures = sample_pages(archive, site.name, pages)
    if len(captures) < MIN_PAGES:
        return None
    lesson = run_limited(learn_pages, captures, site, now, limits=LIMITS)
    if store:
        store_lesson(archive, site.name, lesson, now)
    return lesson


def store_lesson(archive: Archive, site: str, lesson: Lesson, now: datetime) -> None:
    """Replace the facts of a site's learned layout by those of a lesson. A lesson without facts changes nothing."""
    if facts := lesson_facts(lesson):
        archive.site_facts.replace(site, LAYOUT_FACTS, facts, now)


def lesson_number(stored: int) -> int:
    """The largest number of articles at which a site with ``stored`` ones should have been learned."""
    return max((number for number in LESSONS_AT if number <= stored), default=0)


def is_lesson_due(archive: Archive, site: str, stored: int) -> bool:
    """Whether a site with a number of stored articles should be learned, or learned again."""
    if is_healed(archive, site):
        return False  # its pages have two designs, and the newer one was compared with archived articles
    reached = lesson_number(stored)
    examined = max((row["pages_examined"] for row in archive.site_facts.current(site, AGREEMENT)), default=0)
    return reached > 0 and min(reached, SAMPLE_PAGES) > examined
