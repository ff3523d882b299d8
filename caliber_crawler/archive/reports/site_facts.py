"""Site facts: what was learned about each site from its stored pages, with the evidence.

A fact is a name and a value (``headline_selector``, ``h1.title``). A site may have several values of one fact, such as
repeated lines. Facts are never deleted: a fact that no longer holds keeps its row with ``replaced_at``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import SiteFactRow
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.quantity import quantity

FactName = Literal[
    "article_url_pattern",
    "authors_selector",
    "body_selector",
    "boilerplate_line",
    "date_format",
    "date_language",
    "date_selector",
    "date_zone",
    "dropped_selector",
    "earlier_rule",
    "feed_url",
    "headline_selector",
    "headline_tail",
    "healed_feed",
    "healed_listing",
    "healed_pagination",
    "healed_sitemap",
    "language",
    "layout_agreement",
    "link_class",
    "listing_url",
    "other_url_pattern",
    "pagination",
    "section_label",
    "section_selector",
    "teaser_selector",
    "text_language",
    "timezone",
    "undated",
    "views_label",
    "views_selector",
]
"""The names of facts. A name is a plain text in the archive, so that later versions can add others."""

MAX_VALUE = 1_000
"""Maximum length of a value; a longer one is not stored."""


@dataclass(frozen=True, slots=True)
class SiteFact:
    """A fact about a site: ``pages_confirming`` of the ``pages_examined`` on which it could be checked agree."""

    fact: FactName
    value: str
    pages_confirming: int
    pages_examined: int

    def __post_init__(self) -> None:
        if self.fact not in get_args(FactName):
            raise ValueError(f"{self.fact!r} is not the name of a site fact.")
        if not 0 <= self.pages_confirming <= self.pages_examined:
            raise ValueError(
                f"{self.pages_confirming} of {quantity(self.pages_examined, 'page')} cannot confirm a fact."
            )

    @property
    def share(self) -> float:
        """The share of the examined pages that confirm the fact."""
        return self.pages_confirming / self.pages_examined if self.pages_examined else 0.0


class SiteFacts:
    """The facts that were learned about the sites in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self, site: str, *facts: FactName) -> list[SiteFactRow]:
        """The facts of a site that hold, by name and then by evidence, best first; only ``facts`` if some are given."""
        wanted = f"AND fact IN ({', '.join('?' * len(facts))})" if facts else ""
        return self._connection.rows_of(
            SiteFactRow,
            f"""SELECT * FROM site_facts WHERE site = ? {wanted} AND replaced_at IS NULL
            ORDER BY fact, pages_confirming DESC, value""",
            (site, *facts),
        )

    def values(self, site: str, fact: FactName) -> list[str]:
        """The values of one fact of a site that hold, those with most evidence first."""
        return [row["value"] for row in self.current(site, fact)]

    def history(self, site: str) -> list[SiteFactRow]:
        """Every fact that was ever learned about a site, in the order of their first confirmation."""
        return self._connection.rows_of(
            SiteFactRow, "SELECT * FROM site_facts WHERE site = ? ORDER BY first_confirmed_at, fact, value", (site,)
        )

    def confirm(self, site: str, facts: Iterable[SiteFact], at: datetime) -> None:
        """Record facts that were confirmed at a time. Values that are already stored get the new evidence."""
        with self._connection.transaction():
            for fact in facts:
                if len(fact.value) <= MAX_VALUE:
                    self._connection.execute(
                        """INSERT INTO site_facts VALUES (:site, :fact, :value, :confirming, :examined, :at, :at, NULL)
                        ON CONFLICT (site, fact, value) DO UPDATE SET
                          pages_confirming = excluded.pages_confirming, pages_examined = excluded.pages_examined,
                          last_confirmed_at = max(last_confirmed_at, excluded.last_confirmed_at), replaced_at = NULL""",
                        {
                            "site": site,
                            "fact": fact.fact,
                            "value": fact.value,
                            "confirming": fact.pages_confirming,
                            "examined": fact.pages_examined,
                            "at": utc_text(at),
                        },
                    )

    def replace(self, site: str, names: Sequence[FactName], facts: Iterable[SiteFact], at: datetime) -> None:
        """Make ``facts`` the only ones of a site with one of these names: the others are marked as replaced."""
        kept = list(facts)
        with self._connection.transaction():
            confirmed = {(fact.fact, fact.value) for fact in kept}
            for row in self.current(site, *names) if names else ():
                if (row["fact"], row["value"]) not in confirmed:
                    self._connection.execute(
                        "UPDATE site_facts SET replaced_at = ? WHERE site = ? AND fact = ? AND value = ?",
                        (utc_text(at), site, row["fact"], row["value"]),
                    )
            self.confirm(site, kept, at)

    def withdraw(self, site: str, fact: FactName, value: str, at: datetime) -> None:
        """Mark one value of a fact as replaced."""
        with self._connection.transaction():
            self._connection.execute(
                """UPDATE site_facts SET replaced_at = ? WHERE site = ? AND fact = ? AND value = ?
                AND replaced_at IS NULL""",
                (utc_text(at), site, fact, value),
            )

    def sites(self) -> list[str]:
        """The sites about which something was learned."""
        return self._connection.values("SELECT DISTINCT site FROM site_facts WHERE replaced_at IS NULL ORDER BY site")
