"""What changed between two texts: paragraph by paragraph, and inside a changed paragraph word by word."""

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
"""Two paragraphs with less than this share of their words in common are two paragraphs, not one that was changed."""
MOST_PAIRS = 4_000_000
"""Of words to compare: comparing takes time with the product of both lengths."""
MOST_NEIGHBOURS = 2_500
"""Of paragraphs to compare with each other, for the same reason."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row that stayed, went or came."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the old text, of the new one, or of both."""

    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> Literal["same", "removed", "added", "changed"]:
        kinds = {piece.kind for piece in self.pieces}
        return self.pieces[0].kind if len(kinds) == 1 else "changed"

    @property
    def old(self) -> tuple[Piece, ...]:
        """What stood before; empty for a paragraph that came."""
        return tuple(piece for piece in self.pieces if piece.kind != "added")

    @property
    def new(self) -> tuple[Piece, ...]:
        """What stands after; empty for a paragraph that went."""
        return tuple(piece for piece in self.pieces if piece.kind != "removed")


def text_differences(old: str, new: str) -> list[Paragraph]:
    """Two texts, paragraphs parted by blank lines, as one: every paragraph of both, in order."""
    before, after = _paragraphs(old), _paragraphs(new)
    found: list[Paragraph] = []
    for tag, start, end, new_start, new_end in _matcher(before, after).get_opcodes():
        if tag == "equal":
            found += [_whole("same", paragraph) for paragraph in before[start:end]]
        else:
            found += _paired(before[start:end], after[new_start:new_end])
    return found


def line_differences(old: str, new: str) -> Paragraph:
    """Two lines, such as headlines, word by word."""
    if old == new:
        return _whole("same", old)
    first, second = WORD.findall(old), WORD.findall(new)
    if len(first) * len(second) > MOST_PAIRS:
        return Paragraph((Piece("removed", old), Piece("added", new)))
    return Paragraph(tuple(_pieces(first, second)))


def changes_only(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """The paragraphs that are not the same in both texts."""
    return [paragraph for paragraph in paragraphs if paragraph.kind != "same"]


def _paragraphs(text: str) -> list[str]:
    return [paragraph for paragraph in text.split("\n\n") if paragraph]


def _whole(kind: Kind, text: str) -> Paragraph:
    return Paragraph((Piece(kind, text),))


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    # Blanks after a word are shown as they are, and two words that differ only in them are one word.
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
    # Without autojunk: it takes every word that is frequent in a long text for noise.
    return SequenceMatcher(None, old, new, autojunk=False)


def _paired(old: list[str], new: list[str]) -> Iterator[Paragraph]:
    """Paragraphs that differ: those that are versions of one another side by side, the others gone or come."""
    pairs = _alignment(old, new) if len(old) * len(new) <= MOST_NEIGHBOURS else []
    before = after = 0
    for here, there in [*pairs, (len(old), len(new))]:
        yield from (_whole("removed", paragraph) for paragraph in old[before:here])
        yield from (_whole("added", paragraph) for paragraph in new[after:there])
        if here < len(old):
            yield line_differences(old[here], new[there])
        before, after = here + 1, there + 1


def _alignment(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Which paragraph became which, in order, so that as many words as can be are kept."""
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
