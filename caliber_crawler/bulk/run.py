"""A run of bulk reading: which parts are left to be read, and what came of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from caliber_crawler.bulk.engines import Engine
from caliber_crawler.bulk.extraction import Instructions, Outcome, extract_part
from caliber_crawler.bulk.parts import Part
from caliber_crawler.bulk.shards import Shards


class BulkExtraction:
    """Has parts read into shards; the shards that are there already are left as they are."""

    def __init__(self, shards: Shards, instructions: Instructions, parts: Iterable[Part]) -> None:
        self._shards = shards
        self._instructions = instructions
        self._parts = list(parts)
        self.counts: Counter[str] = Counter()
        """Pages by what came of them."""
        self.skipped: Counter[str] = Counter()
        """Records that gave no capture, by reason."""
        self.parts: Counter[str] = Counter()
        """Parts ``read`` now, ``finished`` before, ``failed``; ``swept``: shards that killed runs left unfinished."""
        self.articles = 0
        """Articles in the shards that were made now."""
        self.left_out = 0
        """Of these, how many are reserved and stand in no Parquet."""
        self.seconds = 0.0
        """Of processors, for reading and writing."""

    def left(self) -> list[Part]:
        """The parts that are left to be read, the largest first: so no process has one while all others have ended."""
        left = [part for part in self._parts if not self._shards.has(self._instructions.shard(part))]
        return sorted(left, key=lambda part: part.size, reverse=True)

    def run(self, engine: Engine) -> Iterator[tuple[Part, Outcome]]:
        """Read what is left to be read; each part as it ends."""
        with self._shards.reserved():
            self.parts["swept"] += self._shards.sweep()
            left = self.left()
            self.parts["finished"] += len(self._parts) - len(left)
            for part, outcome in engine.map(partial(extract_part, self._shards, self._instructions), left):
                self._note(outcome)
                if outcome.error is None:
                    self._shards.replace_earlier(part.name, self._instructions.shard(part))
                yield part, outcome
            self.parts["swept"] += self._shards.sweep()  # of workers that were lost on the way

    def _note(self, outcome: Outcome) -> None:
        self.parts["read" if outcome.error is None else "failed"] += 1
        self.counts.update(outcome.counts)
        self.skipped.update(outcome.skipped)
        self.articles += outcome.articles
        self.left_out += outcome.left_out
        self.seconds += outcome.seconds
