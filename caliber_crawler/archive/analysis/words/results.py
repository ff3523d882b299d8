"""Results of analyses of words: rows, and what they are a part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar, overload

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRow:
    """A word of a word list."""

    language: str
    word: str
    """In normal form; of several words with one stem, the most frequent."""
    frequency: int
    per_million: float
    articles: int
    """Number of articles with the word; with stems, the sum over its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWord:
    """A word that is more, or less, frequent than in the reference."""

    language: str
    word: str
    frequency: int
    reference_frequency: int
    per_million: float
    reference_per_million: float
    log_likelihood: float
    log_ratio: float
    """Positive: more frequent than in the reference; each unit is a doubling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collocate:
    """A word near the node."""

    language: str
    word: str
    frequency: int
    """Occurrences within the window."""
    left: int
    right: int
    total: int
    """Occurrences anywhere in the selection, without those in the node."""
    expected: float
    log_likelihood: float
    pmi: float
    log_dice: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NGram:
    """A sequence of words within one paragraph."""

    language: str
    words: str
    frequency: int
    per_million: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One occurrence in its context, as written."""

    article_id: int
    language: str
    left: str
    node: str
    right: str
    headline: str
    published_at: str | None
    section: str | None
    site: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Sequence[Row], Generic[Row]):
    """Some rows of a result. ``pandas.DataFrame(rows)`` makes a data frame."""

    kind: type[Row]
    rows: tuple[Row, ...]
    total: int
    """The number of all rows."""
    words: int
    """The number of words in the selected articles."""
    articles: int
    """The number of selected articles."""
    missing: int = 0
    """The number of selected articles that the word index does not contain yet."""
    occurrences: int | None = None
    """For a concordance and collocates: how often the node occurs."""
    reference_words: int | None = None
    reference_articles: int | None = None

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON has it: totals and rows."""
        totals = {name: getattr(self, name) for name in TOTALS if getattr(self, name) is not None}
        return {**totals, "rows": [asdict(row) for row in self.rows]}  # type: ignore[call-overload]


TOTALS = ("total", "occurrences", "words", "articles", "reference_words", "reference_articles", "missing")
