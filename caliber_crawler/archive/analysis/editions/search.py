"""The pass that finds counterparts: articles of the same story in other languages.

First come the links of the pages themselves (``hreflang``, and switches that carry a language's name). For the other
articles, names, numbers, pictures and authors are compared with those of the articles of the same site published within
days. Articles are compared in blocks of two weeks; a pass compares the blocks around articles that are new or changed,
so the result depends on the articles alone. Results are committed every few months of articles.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caliber_crawler.archive.analysis.editions.features import ArticleFeatures, features_of
from caliber_crawler.archive.analysis.editions.language_links import LanguageLink, language_links
from caliber_crawler.archive.analysis.editions.matching import Background, Pair, matches, pairs_of
from caliber_crawler.archive.analysis.editions.stories import UNDATED, Block, StatedPair, Stories, Story
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable

BLOCK_S = 14 * 86_400
MAX_SEGMENT = 12
"""Blocks between two commits."""
STEP = 500
"""Articles whose pages are read between two commits of the side file."""
MAX_SHOWN = 12
"""Features of one kind in the evidence of a result."""
PLURALS = {"name": "names", "number": "numbers", "picture": "pictures", "author": "authors"}
MAX_NAMED = 3
"""An article that more pages than this name as their counterpart is the target of a fixed link."""
STATED_SCORES = {"hreflang": 1.0, "link": 0.95}

CURRENT = """
SELECT a.id, a.current_version_id, v.seen_from, coalesce(a.published_at, ''), a.site, a.language
FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.duplicate_of IS NULL ORDER BY a.id"""
PAGE = """
SELECT c.body_digest, coalesce(c.final_url, c.url) AS url FROM articles a
JOIN versions v ON v.id = a.current_version_id JOIN captures c ON c.id = v.capture_id WHERE a.id = ?"""
URLS = """
SELECT u.url FROM articles a JOIN article_urls u ON u.article_id = a.id WHERE a.id = ?1 OR a.duplicate_of = ?1"""
TEXTS = """
SELECT a.id, a.language, a.section, a.published_at, v.headline, v.subtitle, v.body, v.authors, a.cover_image,
  (SELECT json_group_array(i.url) FROM images i WHERE i.article_id = a.id) AS images
FROM json_each(?) j JOIN articles a ON a.id = j.value JOIN versions v ON v.id = a.current_version_id
WHERE a.published_at IS NOT NULL ORDER BY a.published_at, a.id"""
KNOWN = """
SELECT article_id, counterpart_id, method, score, evidence FROM counterparts
WHERE article_id IN (SELECT value FROM json_each(?1)) OR counterpart_id IN (SELECT value FROM json_each(?1))"""

Outcome = tuple[str, float, str]
"""Method, score and evidence of a pair."""


@dataclass(frozen=True, slots=True)
class EditionsPass:
    """What a pass did."""

    compared: int
    """Articles that were compared: new and changed ones, and those of the weeks around them."""
    added: int
    removed: int


class EditionSearch:
    """Finds counterparts. Iterate it to the end: it yields the number of articles compared since the last yield."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._bodies = Bodies(connection)
        self._now = now
        self.counts: Counter[str] = Counter()
        self.waiting = 0
        """Articles still to be compared, during the iteration."""

    @property
    def result(self) -> EditionsPass:
        """The numbers, after the iteration."""
        return EditionsPass(*(self.counts[name] for name in ("compared", "added", "removed")))

    def __iter__(self) -> Iterator[int]:
        with closing(Stories(self._connection.path)) as stories, stories.errors:
            for _ in self._update(stories):
                yield 0
            segments = list(segments_of(stories.marked()))
            sizes = [len(stories.articles_in(site, first, last)) for site, first, last in segments]
            self.waiting = sum(sizes)
            for (site, first, last), size in zip(segments, sizes, strict=True):
                self._search(stories, site, first, last)
                self.counts["compared"] += size
                self.waiting -= size
                yield size

    # --- articles that are new or changed -----------------------------------------------------------------------------

    def _update(self, stories: Stories) -> Iterator[None]:
        """Store the articles that are new or changed, and mark the blocks that they concern."""
        known = {story.article_id: story for story in stories.all()}
        changed: list[Story] = []
        for id, version_id, seen_from, published, site, language in self._connection.execute(CURRENT):
            story = Story(id, version_id, seen_from, published, site, language, block_of(published))
            if known.pop(id, None) != story:
                changed.append(story)
        gone = list(known)
        for start in range(0, max(len(changed), 1), STEP):
            part = changed[start : start + STEP]
            stories.begin()
            ids = [*(gone if start == 0 else ()), *(story.article_id for story in part)]
            self._mark_around(stories, ids)
            if start == 0:
                stories.discard(gone)
            for story in part:
                links = self._links(story.article_id)
                stories.put(
                    story,
                    self._connection.values(URLS, (story.article_id,)),
                    [(link.url, link.language, link.method) for link in links],
                )
            self._mark_around(stories, ids)
            stories.commit()
            yield None

    def _mark_around(self, stories: Stories, ids: Sequence[int]) -> None:
        """Mark the blocks whose results may depend on articles: their own, two before and after, and of their links."""
        blocks = {block for id in ids if (block := stories.block_of(id)) is not None}
        stories.mark((site, block + distance) for site, block in blocks for distance in range(-2, 3))
        partners = {id for pair in stories.stated_pairs(ids) for id in (pair.article_id, pair.target_id)}
        stories.mark(block for id in partners if (block := stories.block_of(id)) is not None)

    def _links(self, article_id: int) -> list[LanguageLink]:
        row = self._connection.row(PAGE, (article_id,))
        if row is None or row["body_digest"] is None:
            return []
        try:
            return list(language_links(self._bodies.get(row["body_digest"]), row["url"]))
        except ColdFileUnavailable:
            raise
        except ArchiveError:  # `caliber verify` reports a damaged page
            return []

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _search(self, stories: Stories, site: str, first: int, last: int) -> None:
        """Find the counterparts whose earlier article is in a range of blocks."""
        own = stories.articles_in(site, first, last)
        stated = stated_outcomes(stories.stated_pairs([*own, *stories.articles_in(site, last + 1, last + 1)]))
        languages = self._columns("language", stated)
        settled = {(id, languages[other]) for pair in stated for id, other in (pair, pair[::-1])}
        published = self._columns("coalesce(published_at, '')", stated)
        wanted = {pair: outcome for pair, outcome in stated.items() if first_of(pair, published) in own}
        if stories.has_languages() and first != UNDATED:
            for pair, score in matches(self._pairs(stories, site, first - 1, last + 1)):
                one, other = pair.first_id, pair.second_id
                if one in own and not {(one, pair.second_language), (other, pair.first_language)} & settled:
                    wanted[min(one, other), max(one, other)] = ("content", score, evidence_of(pair))
        self._publish(own, wanted)
        stories.begin()
        stories.unmark((site, block) for block in range(first, last + 1))
        stories.commit()

    def _pairs(self, stories: Stories, site: str, first: int, last: int) -> Iterator[Pair]:
        """The pairs with evidence whose earlier article is in a range of blocks; few blocks are in memory at a time."""
        articles: dict[int, list[ArticleFeatures]] = {}
        for block in range(first, last + 1):
            for near in range(block - 1, block + 2):
                if near not in articles:
                    articles[near] = self._features(stories.articles_in(site, near, near))
            articles.pop(block - 2, None)
            if articles[block]:
                background = Background([each for near in range(block - 1, block + 2) for each in articles[near]])
                yield from pairs_of(articles[block], [*articles[block], *articles[block + 1]], background)

    def _features(self, ids: Iterable[int]) -> list[ArticleFeatures]:
        found = []
        for row in self._connection.rows(TEXTS, (json.dumps(list(ids)),)):
            text = "\n".join(filter(None, (row["headline"], row["subtitle"], row["body"])))
            pictures = [*filter(None, [row["cover_image"]]), *json.loads(row["images"])]
            shown = features_of(text, row["language"], pictures, json.loads(row["authors"]))
            time = int(utc_time(row["published_at"]).timestamp())
            found.append(ArticleFeatures(row["id"], row["language"], row["section"], time, frozenset(shown), shown))
        return found

    def _columns(self, column: str, pairs: Iterable[tuple[int, int]]) -> dict[int, str]:
        """A column of the articles of pairs, by ID."""
        ids = json.dumps(sorted({id for pair in pairs for id in pair}))
        rows = self._connection.execute(
            f"SELECT id, {column} FROM articles WHERE id IN (SELECT value FROM json_each(?))", (ids,)
        )
        return {row[0]: row[1] for row in rows}

    def _publish(self, own: Mapping[int, int], wanted: dict[tuple[int, int], Outcome]) -> None:
        """Make the table ``counterparts`` say what was found for a range of blocks."""
        rows = self._connection.execute(KNOWN, (json.dumps(list(own)),)).fetchall()
        known: dict[tuple[int, int], Outcome] = {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}
        published = self._columns("coalesce(published_at, '')", known)
        known = {pair: outcome for pair, outcome in known.items() if first_of(pair, published) in own}
        stale = [pair for pair, outcome in known.items() if wanted.get(pair) != outcome]
        added = [pair for pair, outcome in wanted.items() if known.get(pair) != outcome]
        self.counts["added"] += sum(pair not in known for pair in added)
        self.counts["removed"] += sum(pair not in wanted for pair in stale)
        if stale or added:
            with self._connection.transaction():
                self._connection.raw.executemany(
                    "DELETE FROM counterparts WHERE article_id = ? AND counterpart_id = ?", stale
                )
                self._connection.raw.executemany(
                    """INSERT OR REPLACE INTO counterparts
                    (article_id, counterpart_id, method, score, evidence, found_at) VALUES (?, ?, ?, ?, ?, ?)""",
                    [(*pair, *wanted[pair], utc_text(self._now)) for pair in sorted(added)],
                )


def block_of(published: str) -> int:
    """The block of a time of publication."""
    return int(utc_time(published).timestamp()) // BLOCK_S if published else UNDATED


def first_of(pair: tuple[int, int], published: Mapping[int, str]) -> int:
    """The article of a pair that was published first: the pair is found in its block."""
    return min(pair, key=lambda id: (published[id], id))


def segments_of(blocks: Iterable[Block]) -> Iterator[tuple[str, int, int]]:
    """Sorted blocks as ranges of consecutive ones of a site: the site, the first and the last."""
    site, first, last = "", 0, -1
    for block_site, block in blocks:
        if (block_site, block) != (site, last + 1) or last - first + 1 == MAX_SEGMENT:
            if last >= first:
                yield site, first, last
            site, first = block_site, block
        last = block
    if last >= first:
        yield site, first, last


def stated_outcomes(pairs: Iterable[StatedPair]) -> dict[tuple[int, int], Outcome]:
    """The pairs that links of pages state, without links that lead from several articles to one or the reverse.

    If both pages link to each other, the pair counts in any case.
    """
    targets: defaultdict[tuple[int, int], dict[int, StatedPair]] = defaultdict(dict)
    for pair in pairs:
        targets[min(pair.article_id, pair.target_id), max(pair.article_id, pair.target_id)][pair.article_id] = pair
    named = Counter(target for by in targets.values() for target in {pair.target_id for pair in by.values()})
    found: dict[tuple[int, int], Outcome] = {}
    for ids, by in targets.items():
        if len(by) == 2 or all(named[pair.target_id] <= MAX_NAMED for pair in by.values()):
            method = "hreflang" if any(pair.method == "hreflang" for pair in by.values()) else "link"
            found[ids] = method, STATED_SCORES[method], json.dumps({"stated_by": sorted(by)})
    return found


def evidence_of(pair: Pair) -> str:
    """What two articles have in common, as JSON: each feature as both of them print it."""
    evidence: dict[str, Any] = {"hours_apart": round(pair.hours, 1), "same_section": pair.same_section}
    for kind, plural in PLURALS.items():
        forms = [[one, other] for each, one, other in pair.shared if each == kind]
        if forms:
            evidence[plural] = forms[:MAX_SHOWN]
    return json.dumps(evidence, ensure_ascii=False)
