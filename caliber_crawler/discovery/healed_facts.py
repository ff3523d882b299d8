"""What discovery uses instead of facts of a site definition that failed, as the archive keeps it for later runs.

A healed fact holds while the definition still states the fact that failed, for :data:`RECHECKED_AFTER`. Then the stated
one is tried again, because it may have been a failure of one day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from caliber_crawler.archive import Archive, SiteFact

if TYPE_CHECKING:
    from caliber_crawler.site import Site

HealedName = Literal["healed_feed", "healed_listing", "healed_pagination", "healed_sitemap"]
NAMES: tuple[HealedName, ...] = ("healed_feed", "healed_listing", "healed_pagination", "healed_sitemap")
RECHECKED_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class HealedFact:
    """A stated fact that failed, and what was used instead. URLs of the site begin with their path."""

    name: HealedName
    stated: str
    used: str
    page: str = ""
    """The listing whose pagination this is."""

    @property
    def value(self) -> str:
        """The fact as a value of the table ``site_facts``."""
        return json.dumps([self.stated, self.used, self.page], ensure_ascii=False)


class HealedFacts:
    """The healed facts of a site in one archive."""

    def __init__(self, archive: Archive, site: Site, now: datetime) -> None:
        self._archive, self._site, self._now = archive, site, now
        self._known = healed_facts(archive, site, since=now - RECHECKED_AFTER)

    def find(self, name: HealedName, stated: str, page: str = "") -> HealedFact | None:
        """What to use instead of a stated URL or request, if that failed before."""
        wanted = (name, path_of(stated, self._site), path_of(page, self._site))
        return next((fact for fact in self._known if (fact.name, fact.stated, fact.page) == wanted), None)

    def using(self, url: str) -> HealedFact | None:
        """The fact by which a URL is used."""
        used = path_of(url, self._site)
        return next((fact for fact in self._known if fact.used == used and not fact.page), None)

    def store(self, name: HealedName, stated: str, used: str, *, page: str = "", found: tuple[int, int]) -> None:
        """Keep what replaced a stated fact, with its evidence (n of m) ``found``; earlier replacements end."""
        fact = HealedFact(name, path_of(stated, self._site), path_of(used, self._site), path_of(page, self._site))
        if (known := self.find(name, stated, page)) is not None:
            self.withdraw(known)
        self._archive.site_facts.confirm(self._site.name, [SiteFact(name, fact.value, *found)], self._now)
        self._known = [*self._known, fact]

    def withdraw(self, fact: HealedFact) -> None:
        """End a healed fact that does not hold."""
        self._archive.site_facts.withdraw(self._site.name, fact.name, fact.value, self._now)
        self._known = [known for known in self._known if known != fact]


def healed_facts(archive: Archive, site: Site, *, since: datetime | None = None) -> Sequence[HealedFact]:
    """The healed facts of a site whose failure was seen after ``since``."""
    found = []
    for row in archive.site_facts.current(site.name, *NAMES):
        if since is not None and datetime.fromisoformat(row["last_confirmed_at"]) < since:
            continue
        stated, used, page = json.loads(row["value"])
        found.append(HealedFact(row["fact"], stated, used, page))  # type: ignore[arg-type]
    return found


def path_of(url: str, site: Site) -> str:
    """A URL of the site without scheme and host, so that the fact holds for a mirror too."""
    return url.removeprefix(site.base_url) or url


def stated_pagination(site: Site) -> str:
    """The request for further teasers that a definition states, with the form that is posted in the fragment."""
    layout = site.listing
    if layout is None:
        return ""
    return f"{layout.more}#{layout.form}" if layout.form else layout.more
