"""Compares the archive of ``benchmarks/year.py`` with what its sites served: articles, versions, views, deletions."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.year_sites import SINCE, YearSite
from caliber_crawler.demo.article import Article
from caliber_crawler.demo.truth import truth_of

SETTLED = timedelta(days=8)
"""A page that failed or was forbidden is tried again within this time."""
RELISTED = timedelta(days=31)
"""An article that was offline before its first crawl and came back is found within this time."""
UNDECIDED = timedelta(days=3)
"""Until then it is decided whether a page with another text and another design is an edit (``layout_changed``)."""
MINUTE = timedelta(minutes=1)
"""No article is visited twice in this time."""
EXAMPLES = 5
"""Differences of each kind that are printed."""

Text = tuple[str, str, str, str, str]
"""Headline, subtitle, authors, date and body."""


@dataclass(slots=True)
class Comparison:
    """Counts of what was expected and what is stored, and examples of differences."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, example: str, count: int = 1) -> None:
        """Count a difference."""
        self.counts[kind] += count
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(example)


@dataclass(slots=True)
class Responses:
    """What a site answered to the requests of one article."""

    pages: list[datetime] = field(default_factory=list)
    missing: list[datetime] = field(default_factory=list)


def read_responses(log: Path, sites: Sequence[YearSite], until: datetime) -> list[dict[int, Responses]]:
    """The responses to requests of articles before a time, by site and article."""
    found: list[dict[int, Responses]] = [defaultdict(Responses) for _ in sites]
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            number, seconds, status, target = line.rstrip("\n").split("\t")
            site, at = sites[int(number)], datetime.fromtimestamp(float(seconds), UTC)
            k = site.article_at(target)
            if k is None or at >= until:
                continue
            outage = site.outage(at)
            if status == "200" and (outage is None or outage.kind != "maintenance"):
                found[site.number][k].pages.append(at)
            elif status == "404":
                found[site.number][k].missing.append(at)
    return found


def compare(archive: Path, log: Path, sites: Sequence[YearSite], end: datetime, until: datetime) -> Comparison:
    """Compare everything that is stored with everything that was served.

    ``end`` is the time of the last round. What was served or stored after ``until`` belongs to a round that goes on.
    """
    comparison = Comparison()
    responses = read_responses(log, sites, until)
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        for site in sites:
            SiteComparison(connection, site, responses[site.number], end, until, comparison).run()
    return comparison


class SiteComparison:
    """Compares one site."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        site: YearSite,
        responses: dict[int, Responses],
        end: datetime,
        until: datetime,
        comparison: Comparison,
    ) -> None:
        self._connection, self._site, self._responses = connection, site, responses
        self._end, self._comparison = end, comparison
        self._until = f"{until:%Y-%m-%dT%H:%M:%SZ}"
        self._counts, self._note = comparison.counts, comparison.note

    def run(self) -> None:
        stored: dict[int, sqlite3.Row] = {}
        for row in self._connection.execute(
            "SELECT * FROM articles WHERE site = ? AND duplicate_of IS NULL AND first_seen_at < ?",
            (self._site.name, self._until),
        ):
            k = self._site.article_at(row["url"].removeprefix(self._site.base_url))
            if k is None:
                self._note("articles that do not exist", row["url"])
            elif k in stored:
                self._note("articles stored twice", row["url"])
            else:
                stored[k] = row
        self._counts["articles stored"] += len(stored)
        for k, row in stored.items():
            self._compare_article(k, row)
        for k in self._responses.keys() - stored.keys():
            if self._responses[k].pages:
                self._note("articles served and not stored", self._path(k))
        self._find_missing(stored.keys())

    def _find_missing(self, stored: Any) -> None:
        """Articles that were online at the end, long enough to be found, and are not stored."""
        site = self._site
        for article in site.visible(self._end, site.edition.name, "analytics"):
            if article.published_at < SINCE:
                return
            self._counts["articles online at the end"] += 1
            if article.k in stored:
                continue
            absence = site.absence(article.k)
            came_back = absence is not None and self._end - RELISTED < absence[1] <= self._end
            troubled = any(each.end > self._end - SETTLED for each in site.outages if each.start < self._end)
            is_new = came_back or article.published_at > self._end - (SETTLED if troubled else timedelta(hours=25))
            self._note("articles not found yet" if is_new else "articles missing", self._path(article.k))

    def _compare_article(self, k: int, row: sqlite3.Row) -> None:
        undecided = self._undecided(row["url"])
        pages = [at for at in self._responses[k].pages if not any(abs(at - one) < MINUTE for one in undecided)]
        self._counts["pages not decided yet"] += len(self._responses[k].pages) - len(pages)
        article = self._site.newsroom.article(k)
        self._counts["articles from before the scope"] += article.published_at < SINCE
        self._compare_versions(article, row["id"], pages)
        self._compare_views(article, row["id"], pages)
        self._compare_deletion(k, row)

    def _undecided(self, url: str) -> list[datetime]:
        """The times of an article's latest pages that are put aside until it is known what they are."""
        rows = self._connection.execute(
            """SELECT DISTINCT c.fetched_at FROM captures c JOIN problems p ON p.capture_id = c.id
            WHERE c.url = ? AND c.article_id IS NULL AND c.fetched_at > ? AND p.reason = 'layout_changed'""",
            (url, f"{self._end - UNDECIDED:%Y-%m-%dT%H:%M:%SZ}"),
        )
        return [datetime.fromisoformat(at) for (at,) in rows]

    def _compare_versions(self, article: Article, id: int, pages: Sequence[datetime]) -> None:
        expected = list(texts(self._site, article, pages))
        rows = self._connection.execute(
            """SELECT headline, subtitle, authors, published_at, body FROM versions
            WHERE article_id = ? AND replaced_by IS NULL AND seen_from < ? ORDER BY seen_from, id""",
            (id, self._until),
        ).fetchall()
        held = [
            (row["headline"], row["subtitle"] or "", row["authors"], row["published_at"] or "", row["body"])
            for row in rows
        ]
        self._counts["versions served"] += len(expected)
        self._counts["versions stored"] += len(held)
        where = self._path(article.k)
        if held == expected:
            return
        if len(held) < len(expected):
            self._note("versions missing", where, len(expected) - len(held))
        elif len(held) > len(expected):
            self._note("false edits", where, len(held) - len(expected))
        for text, true in zip(held, expected, strict=False):
            fields = [
                name
                for name, one, other in zip(
                    ("headline", "subtitle", "authors", "date", "body"), text, true, strict=True
                )
                if one != other
            ]
            if fields:
                self._note("versions with other text", f"{where}: {', '.join(fields)}")

    def _compare_views(self, article: Article, id: int, pages: Sequence[datetime]) -> None:
        served = Counter(article.views(at) for at in pages)
        held = Counter(
            views
            for (views,) in self._connection.execute(
                "SELECT views FROM view_counts WHERE article_id = ? AND observed_at < ?", (id, self._until)
            )
        )
        self._counts["view counts served"] += served.total()
        self._counts["view counts stored"] += held.total()
        if wrong := held - served:
            self._note("view counts that were not served", f"{self._path(article.k)}: {dict(wrong)}", wrong.total())
        if lost := served - held:
            self._note("view counts missing", f"{self._path(article.k)}: {dict(lost)}", lost.total())

    def _compare_deletion(self, k: int, row: sqlite3.Row) -> None:
        found = self._responses[k]
        is_gone = bool(found.missing) and found.missing[-1] > found.pages[-1]
        self._counts["articles gone"] += is_gone
        if is_gone != (row["gone_at"] is not None and row["gone_at"] < self._until):
            self._note("wrong about being gone", self._path(k))

    def _path(self, k: int) -> str:
        return f"{self._site.name} {self._site.newsroom.article(k).path}"


def texts(site: YearSite, article: Article, pages: Sequence[datetime]) -> Iterator[Text]:
    """The different texts that the pages of an article had, in order."""
    last: Text | None = None
    edits = -1
    for at in pages:
        if len(article.edits_by(at)) == edits:
            continue
        edits = len(article.edits_by(at))
        truth = truth_of(article, site.newsroom, site.base_url, at)
        text = (
            truth["headline"],
            truth["subtitle"] or "",
            json.dumps(truth["authors"], ensure_ascii=False),
            truth["published_at"],
            truth["body"],
        )
        if text != last:
            yield text
        last = text
