"""A run of bulk extraction: the remaining parts and the outcome of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from caliber_crawler.bulk.engines import Engine
from caliber_crawler.bulk.extraction import Instructions, Outcome, extract_part
from caliber_crawler.bulk.parts import Part
from caliber_crawler.bulk.shards import Shards


class BulkExtraction:
    """Extracts parts into shards. Existing shards are not touched."""

    def __init__(self, shards: Shards, instructions: Instructions, parts: Iterable[Part]) -> None:
        self._shards = shards
        self._instructions = instructions
        self._parts = list(parts)
        self.counts: Counter[str] = Counter()
        """Pages by outcome."""
        self.skipped: Counter[str] = Counter()
        """Records that are not captures, by reason."""
        self.other_records: Counter[str] = Counter()
        """Records that describe others or the file, by type."""
        self.parts: Counter[str] = Counter()
        """Parts ``read`` in this run, ``finished`` before, ``failed``; ``swept``: unfinished shards of killed runs."""
        self.articles = 0
        """Articles in the shards of this run."""
        self.left_out = 0
        """Articles of these that are left out of the Parquet files because of a rights reservation."""
        self.seconds = 0.0
        """CPU time for extracting and writing."""

    def left(self) -> list[Part]:
        """The parts without a shard, largest first, so that the processes end at about the same time."""
        left = [part for part in self._parts if not self._shards.has(self._instructions.shard(part))]
        return sorted(left, key=lambda part: part.size, reverse=True)

    def run(self, engine: Engine) -> Iterator[tuple[Part, Outcome]]:
        """Extract the remaining parts; yield each part with its outcome as it ends."""
        with self._shards.lock():
            self.parts["swept"] += self._shards.sweep()
            left = self.left()
            self.parts["finished"] += len(self._parts) - len(left)
            for part, outcome in engine.map(partial(extract_part, self._shards, self._instructions), left):
                self._count(outcome)
                if outcome.error is None:
                    self._shards.replace_earlier(part.name, self._instructions.shard(part))
                yield part, outcome
            self.parts["swept"] += self._shards.sweep()  # left by workers lost during this run

    def _count(self, outcome: Outcome) -> None:
        self.parts["read" if outcome.error is None else "failed"] += 1
        self.counts.update(outcome.counts)
        self.skipped.update(outcome.skipped)
        self.other_records.update(outcome.other_records)
        self.articles += outcome.articles
        self.left_out += outcome.left_out
        self.seconds += outcome.seconds
