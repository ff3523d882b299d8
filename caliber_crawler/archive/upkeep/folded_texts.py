"""The column ``versions.folded`` in a third of the time, for the check of the full-text index, which reads all of it.

The schema folds six letters with six calls of ``replace``, each of which copies the text byte by byte. Most texts have
none of these letters: then the first call here says so, and the others do nothing.
"""

from __future__ import annotations

from caliber_crawler.archive.core.format import sqlite3
from caliber_crawler.archive.search.tokens import FOLDING

LETTERS = [(chr(letter), plain) for letter, plain in FOLDING.items()]
"""The letters in the order of the calls in the schema."""
FOUND = 1
"""Stands for the folded text in the calls after the first one."""


class Folding:
    """The function ``replace`` for this column only: the first call of a text folds it, the last one returns it."""

    def __init__(self) -> None:
        self._text: str | None = None

    def replace(self, text: str | int | None, letter: str, plain: str) -> str | int | None:
        """The folded text from the last call, and ``None`` from all of them if the text has none of the letters.

        The column is then NULL, as it is for a text that stays the same.
        """
        if letter == LETTERS[0][0] and isinstance(text, str):
            self._text = None if text.isascii() else folded(text)
            return None if self._text is None else FOUND
        return self._text if letter == LETTERS[-1][0] and text == FOUND else text


def folded(text: str) -> str | None:
    """A text with plain letters; ``None`` if it has only these."""
    if not any(letter in text for letter, _ in LETTERS):
        return None
    for letter, plain in LETTERS:
        text = text.replace(letter, plain)
    return text


def fold_fast(connection: sqlite3.Connection) -> None:
    """Compute the column with :class:`Folding`. A text that is not valid UTF-8 then ends a statement with an error."""
    connection.execute("PRAGMA trusted_schema = ON")  # it was compared with that of this program
    connection.create_function("replace", 3, Folding().replace, deterministic=True)
