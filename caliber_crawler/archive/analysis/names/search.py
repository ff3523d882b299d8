"""The pass that finds names and quotations in the current texts of an archive.

It takes the articles whose current version was not searched yet, or with other rules, and commits every few hundred: a
pass that is stopped or killed is continued by the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.analysis.names.languages import LANGUAGES, METHOD, Text, language_rules, rules_of
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text

BATCH_SIZE = 200
"""Articles per transaction."""
SYNC_EVERY_S = 2.0

OPEN = """
SELECT a.id, a.language FROM articles a LEFT JOIN name_searches s ON s.article_id = a.id
WHERE a.duplicate_of IS NULL AND a.current_version_id IS NOT NULL
  AND (s.article_id IS NULL OR s.version_id <> a.current_version_id OR s.method <> ?) ORDER BY a.id"""
TEXT = """
SELECT a.current_version_id, v.body FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.id = ?"""
STALE = """
article_id IN (SELECT s.article_id FROM name_searches s JOIN articles a ON a.id = s.article_id
  WHERE a.duplicate_of IS NOT NULL OR a.current_version_id IS NULL)"""
TABLES = ("mentions", "quotations", "name_searches")


@dataclass(frozen=True, slots=True)
class NamePass:
    """What a pass found in the texts that it searched."""

    searched: int
    mentions: int
    quotations: int
    other_languages: int
    """Articles in languages without rules, which were not searched."""


class NameSearch:
    """Finds names and quotations. Iterate it to the end; it yields numbers of searched texts."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.counts: Counter[str] = Counter()
        self.waiting = 0
        """Texts still to be searched, during the iteration."""

    @property
    def result(self) -> NamePass:
        """The numbers, after the iteration."""
        names = ("searched", "mentions", "quotations", "other_languages")
        return NamePass(**{name: self.counts[name] for name in names})

    def __iter__(self) -> Iterator[int]:
        for language in LANGUAGES:
            # Raises if the extra is missing, before anything is written.
            language_rules(language)
        with self._connection.transaction():
            for table in TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE {STALE}")
        known = [(id, rules_of(language)) for id, language in self._connection.execute(OPEN, (METHOD,))]
        todo = [(id, rules) for id, rules in known if rules is not None]
        self.counts["other_languages"] = len(known) - len(todo)
        self.waiting = len(todo)
        for start in range(0, len(todo), BATCH_SIZE):
            batch = todo[start : start + BATCH_SIZE]
            found = []
            for id, rules in batch:
                version_id, body = self._connection.execute(TEXT, (id,)).fetchone()
                found.append((id, int(version_id), rules.search(body)))
            with self._connection.transaction(synced_every=SYNC_EVERY_S):
                self._store(found)
            self.waiting -= len(batch)
            yield len(batch)

    def _store(self, found: Sequence[tuple[int, int, Text]]) -> None:
        execute = self._connection.raw.executemany
        for table in TABLES:
            execute(f"DELETE FROM {table} WHERE article_id = ?", [(id,) for id, _, _ in found])
        mentions = [
            (id, version_id, each.start, each.end, each.kind, each.name, each.written)
            for id, version_id, text in found
            for each in text.mentions
        ]
        quotations = [
            (id, version_id, each.start, each.end, each.speaker, each.speaker_start, each.speaker_end, each.cue)
            for id, version_id, text in found
            for each in text.quotations
        ]
        execute(
            """INSERT INTO mentions (article_id, version_id, start_offset, end_offset, kind, name, written)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            mentions,
        )
        execute(
            """INSERT INTO quotations (article_id, version_id, start_offset, end_offset, speaker, speaker_start,
            speaker_end, cue) VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            quotations,
        )
        execute(
            "INSERT INTO name_searches (article_id, version_id, method, searched_at) VALUES (?, ?, ?, ?)",
            [(id, version_id, METHOD, utc_text(self._now)) for id, version_id, _ in found],
        )
        self.counts.update(searched=len(found), mentions=len(mentions), quotations=len(quotations))
