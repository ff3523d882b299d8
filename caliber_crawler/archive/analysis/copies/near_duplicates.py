"""The pass that finds near-duplicates and excerpts among the current texts of an archive.

Articles are taken in order of publication. Each is compared with the *originals* before it: articles that are no
near-duplicate of an earlier original. If it is similar to one, it is a copy of the first such original; otherwise it is
an original. So every copy was compared with the article that it is said to copy, and the groups do not depend on the
order in which texts arrived. Excerpts are looked for among originals.

A pass compares only texts that are new or changed since the last one, and those whose outcome that may change. It
commits every few thousand texts; a killed pass is continued by the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from caliber_crawler.archive.analysis.copies.evaluation import Evaluation
from caliber_crawler.archive.analysis.copies.shingle_cache import ShingleCache
from caliber_crawler.archive.analysis.copies.shingles import METHOD
from caliber_crawler.archive.analysis.copies.sketches import Sketches
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass did: numbers of texts and of results."""

    compared: int
    """Texts that were compared with the others, new and changed ones and those that these concern."""
    near_duplicates: int
    """Articles of the archive that are near-duplicates of an earlier one."""
    excerpts: int
    """Pairs of an excerpt and the text that contains it."""
    added: int
    removed: int


class NearDuplicates:
    """Finds near-duplicates. Iterate it to the end: it yields the number of texts compared since the last yield."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.counts: Counter[str] = Counter()
        self.waiting = 0
        """Texts still to be compared, during the iteration."""

    def __iter__(self) -> Iterator[int]:
        with closing(Sketches(self._connection.path)) as sketches, sketches.errors:
            evaluation = Evaluation(self._connection, sketches, ShingleCache(self._connection))
            evaluation.prepare()
            for done in evaluation:
                self.waiting = len(evaluation) - evaluation.compared
                yield done
            self.counts["compared"] = evaluation.compared
            self._publish(sketches)

    @property
    def result(self) -> Pass:
        """The numbers, after the iteration."""
        names = ("compared", "near_duplicates", "excerpts", "added", "removed")
        return Pass(**{name: self.counts[name] for name in names})

    def _publish(self, sketches: Sketches) -> None:
        """Make the table ``copies`` say what the side file says, in one transaction."""
        wanted = sketches.outcomes()
        known = {
            (row[0], row[1]): (row[2], row[3], row[4])
            for row in self._connection.execute(
                "SELECT article_id, original_id, relation, similarity, containment FROM copies WHERE +method = ?",
                (METHOD,),
            )
        }
        for relation, _, _ in wanted.values():
            self.counts["near_duplicates" if relation == "near-duplicate" else "excerpts"] += 1
        stale = [pair for pair, outcome in known.items() if wanted.get(pair) != outcome]
        added = [pair for pair, outcome in wanted.items() if known.get(pair) != outcome]
        self.counts["added"] = sum(pair not in known for pair in added)
        self.counts["removed"] = sum(pair not in wanted for pair in stale)
        with self._connection.transaction():
            removed = self._connection.execute("DELETE FROM copies WHERE +method <> ?", (METHOD,)).rowcount
            self.counts["removed"] += removed
            self._connection.raw.executemany("DELETE FROM copies WHERE article_id = ? AND original_id = ?", stale)
            self._connection.raw.executemany(
                """INSERT INTO copies (article_id, original_id, relation, similarity, containment, method, found_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)""",
                [(*pair, *wanted[pair], METHOD, utc_text(self._now)) for pair in sorted(added)],
            )
