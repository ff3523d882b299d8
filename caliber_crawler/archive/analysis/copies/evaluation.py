"""Brings the side file of near-duplicates up to date: which articles are originals, and which are copies."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from caliber_crawler.archive.analysis.copies.shingle_cache import ShingleCache
from caliber_crawler.archive.analysis.copies.shingles import Comparison, Shingles, least_shared
from caliber_crawler.archive.analysis.copies.sketches import UNDATED, ComparedText, Position, Sketches
from caliber_crawler.archive.core.connection import Connection

STEP = 5_000
"""Texts between two commits of the side file."""
REPORT_EVERY = 100
DECIMALS = 4
"""Of scores in results."""

# The time since when a version was seen tells it from a version of another archive with the same ID: the file may have
# been replaced by a backup. The column precedes the text in a row, so no text is read.
CURRENT = f"""
SELECT a.id, a.current_version_id, v.seen_from, coalesce(a.published_at, '{UNDATED}')
FROM articles a JOIN versions v ON v.id = a.current_version_id WHERE a.duplicate_of IS NULL ORDER BY a.id"""


class Evaluation:
    """Evaluates the texts that are new or changed, and those whose outcome depends on them.

    Texts are evaluated in order of publication, so everything on which an outcome depends is final. Iterate it to the
    end: it yields the number of texts since the last yield.
    """

    def __init__(self, connection: Connection, sketches: Sketches, texts: ShingleCache) -> None:
        self._connection = connection
        self._sketches = sketches
        self._texts = texts
        self._waiting: list[Position] = []
        self._queued: set[int] = set()
        self._changed: dict[int, ComparedText] = {}
        self._known_before: list[int] = []
        self.compared = 0

    def __len__(self) -> int:
        """The number of texts to evaluate, as far as it is known."""
        return self.compared + len(self._waiting)

    def prepare(self) -> None:
        """Find what is to be evaluated; forget what is gone."""
        gone = self._compare_states()
        concerned = {copy for id in (*gone, *self._changed) for copy in self._sketches.copies_of(id)}
        self._sketches.begin()
        self._sketches.defer(concerned - set(gone))
        self._sketches.discard(gone)
        self._sketches.delete_keys(self._known_before)
        self._sketches.commit()
        for text in self._changed.values():
            self._queue(text)
        self._queue_known(self._sketches.unsettled())

    def __iter__(self) -> Iterator[int]:
        steps = iter(self._evaluate_next, False)
        while True:
            self._sketches.begin()
            for _ in range(STEP // REPORT_EVERY):
                done = sum(1 for _ in islice(steps, REPORT_EVERY))
                self.compared += done
                yield done
                if done < REPORT_EVERY:
                    self._sketches.commit()
                    return
            self._sketches.commit()

    def _compare_states(self) -> list[int]:
        """Collect the new and changed texts; return the articles that are gone."""
        gone: list[int] = []
        known = self._sketches.texts()
        before = next(known, None)
        for id, version_id, seen_from, published in self._connection.execute(CURRENT):
            while before is not None and before.article_id < id:
                gone.append(before.article_id)
                before = next(known, None)
            text = ComparedText(id, version_id, seen_from, published)
            if before is not None and before.article_id == id:
                is_same = (before.version_id, before.seen_from, before.published) == (version_id, seen_from, published)
                before = next(known, None)
                if is_same:
                    continue
                self._known_before.append(id)
            self._changed[id] = text
        while before is not None:
            gone.append(before.article_id)
            before = next(known, None)
        return gone

    def _queue(self, text: ComparedText) -> None:
        if text.article_id not in self._queued:
            self._queued.add(text.article_id)
            heapq.heappush(self._waiting, text.position)

    def _queue_known(self, ids: Iterable[int]) -> None:
        for id in ids:
            if id not in self._changed and (text := self._sketches.get(id)) is not None:
                self._queue(text)

    def _evaluate_next(self) -> bool:
        """Evaluate the first waiting text; ``False`` if there is none."""
        if not self._waiting:
            return False
        _, id = heapq.heappop(self._waiting)
        self._queued.discard(id)
        before = self._sketches.get(id)
        text = self._changed.pop(id, None)
        is_new_text = text is not None
        text = text or before
        assert text is not None, "an article that waits is new, changed or known"
        self._evaluate(text, is_new_text=is_new_text, was_original=before is not None and before.original_id is None)
        return True

    def _evaluate(self, text: ComparedText, *, is_new_text: bool, was_original: bool) -> None:
        id = text.article_id
        if is_new_text:
            self._sketches.delete_excerpts(id)
        shingles = self._texts.shingles_of(id)
        if not shingles.is_comparable:
            self._settle(text, original=None)
            return
        bands, runs = shingles.bands(), shingles.runs()
        found = dict(self._compare(text, shingles, bands, runs, copies=False))
        earlier = [o for o, comparison in found.items() if comparison.is_near_duplicate and o.position < text.position]
        original = min(earlier, key=lambda other: other.position, default=None)
        self._sketches.add_keys(id, bands, runs, is_copy=original is not None)
        if original is not None:
            self._settle(text, (original, found[original]))
            return
        self._settle(text, original=None)
        self._put_excerpts(id, shingles, found)
        if is_new_text or not was_original:
            self._defer_later(text, shingles, bands, runs, found)

    def _settle(self, text: ComparedText, original: tuple[ComparedText, Comparison] | None) -> None:
        """Store the outcome for a text. The copies of what is an original no more are evaluated anew."""
        if original is None:
            self._sketches.put(replace(text, original_id=None, similarity=None, containment=None))
            return
        other, comparison = original
        self._sketches.put(
            replace(
                text,
                original_id=other.article_id,
                similarity=round(comparison.similarity, DECIMALS),
                containment=round(comparison.containment, DECIMALS),
            )
        )
        self._sketches.delete_excerpts(text.article_id)
        self._defer(self._sketches.copies_of(text.article_id))

    def _compare(
        self, text: ComparedText, shingles: Shingles, bands: list[int], runs: list[int], *, copies: bool
    ) -> Iterator[tuple[ComparedText, Comparison]]:
        """The originals, or the copies, that may be similar, each compared with a text."""
        by_band, by_run = self._sketches.sharing(bands, runs, copies=copies)
        by_band |= {id for (id, others), shared in by_run.items() if shared >= least_shared(len(runs), others)}
        for id in sorted(by_band - {text.article_id}):
            other = self._sketches.get(id)
            # Keys of an earlier text or role of an article may be left; it waits if its text changed.
            if other is None or (other.original_id is not None) != copies or id in self._changed:
                continue
            other_shingles = self._texts.set_of(id)
            if other_shingles.is_comparable:
                yield other, shingles.all.compare(other_shingles)

    def _put_excerpts(self, id: int, shingles: Shingles, found: dict[ComparedText, Comparison]) -> None:
        for other, comparison in found.items():
            if comparison.is_excerpt:
                # Of two sets of the same size, the later article is the excerpt.
                sizes = len(shingles.all), len(self._texts.set_of(other.article_id))
                is_shorter = sizes[0] < sizes[1] or (sizes[0] == sizes[1] and id > other.article_id)
                pair = (id, other.article_id) if is_shorter else (other.article_id, id)
                self._sketches.put_excerpt(
                    *pair, round(comparison.similarity, DECIMALS), round(comparison.containment, DECIMALS)
                )

    def _defer_later(
        self,
        text: ComparedText,
        shingles: Shingles,
        bands: list[int],
        runs: list[int],
        originals: dict[ComparedText, Comparison],
    ) -> None:
        """Evaluate anew what may now be a copy of this new original: later originals, and copies of later originals."""
        if self._sketches.is_last(text.position):
            return
        concerned = [
            other.article_id
            for other, comparison in originals.items()
            if comparison.is_near_duplicate and other.position > text.position
        ]
        for other, comparison in self._compare(text, shingles, bands, runs, copies=True):
            if comparison.is_near_duplicate and other.position > text.position:
                concerned.append(other.article_id)
        self._defer(concerned)

    def _defer(self, ids: Iterable[int]) -> None:
        found = list(ids)
        self._sketches.defer(found)
        self._queue_known(found)
