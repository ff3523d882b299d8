"""Differences between two texts, by paragraph, and by word within a changed paragraph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "removed", "added"]

WORD = re.compile(r"\w+(?:[’'-]\w+)*\s*|[^\w\s]\s*|\s+")
ALIKE = 0.4
"""Minimum share of common words at which two paragraphs count as one changed paragraph."""
MAX_PAIRS = 4_000_000
"""Maximum number of word pairs to compare: the time grows with the product of both lengths."""
MAX_NEIGHBOURS = 2_500
"""Maximum number of paragraph pairs to compare, for the same reason."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive words that are the same, removed or added."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the old text, the new text or both."""

    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> Literal["same", "removed", "added", "changed"]:
        kinds = {piece.kind for piece in self.pieces}
        return self.pieces[0].kind if len(kinds) == 1 else "changed"

    @property
    def old(self) -> tuple[Piece, ...]:
        """The text before; empty for an added paragraph."""
        return tuple(piece for piece in self.pieces if piece.kind != "added")

    @property
    def new(self) -> tuple[Piece, ...]:
        """The text after; empty for a removed paragraph."""
        return tuple(piece for piece in self.pieces if piece.kind != "removed")


def text_differences(old: str, new: str) -> list[Paragraph]:
    """Compare two texts whose paragraphs are separated by blank lines; return the paragraphs of both, in order."""
    before, after = _paragraphs(old), _paragraphs(new)
    found: list[Paragraph] = []
    for tag, start, end, new_start, new_end in _matcher(before, after).get_opcodes():
        if tag == "equal":
            found += [_whole("same", paragraph) for paragraph in before[start:end]]
        else:
            found += _paired(before[start:end], after[new_start:new_end])
    return found


def line_differences(old: str, new: str) -> Paragraph:
    """Compare two lines, such as headlines, word by word."""
    if old == new:
        return _whole("same", old)
    first, second = WORD.findall(old), WORD.findall(new)
    if len(first) * len(second) > MAX_PAIRS:
        return Paragraph((Piece("removed", old), Piece("added", new)))
    return Paragraph(tuple(_pieces(first, second)))


def changes_only(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs that differ between the texts."""
    return [paragraph for paragraph in paragraphs if paragraph.kind != "same"]


def _paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in text.split("\n\n") if paragraph]


def _whole(kind: Kind, text: str) -> Paragraph:
    return Paragraph((Piece(kind, text),))


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    # White space after a word is kept but not compared.
    matcher = _matcher([word.strip() for word in old], [word.strip() for word in new])
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(new[new_start:new_end]))
            continue
        if end > start:
            yield Piece("removed", "".join(old[start:end]))
        if new_end > new_start:
            yield Piece("added", "".join(new[new_start:new_end]))


def _matcher(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    # No autojunk: it ignores words that are frequent in a long text.
    return SequenceMatcher(None, old, new, autojunk=False)


def _paired(old: list[str], new: list[str]) -> Iterator[Paragraph]:
    """Pair paragraphs that are versions of one another; the others are removed or added."""
    pairs = _alignment(old, new) if len(old) * len(new) <= MAX_NEIGHBOURS else []
    before = after = 0
    for here, there in [*pairs, (len(old), len(new))]:
        yield from (_whole("removed", paragraph) for paragraph in old[before:here])
        yield from (_whole("added", paragraph) for paragraph in new[after:there])
        if here < len(old):
            yield line_differences(old[here], new[there])
        before, after = here + 1, there + 1


def _alignment(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return index pairs of old and new paragraphs, in order, with the maximum total likeness."""
    bags, others = [_words(paragraph) for paragraph in old], [_words(paragraph) for paragraph in new]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[_likeness(bag, other) for other in others] for bag in bags]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            joined = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= ALIKE else 0.0
            best[i][j] = max(joined, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
