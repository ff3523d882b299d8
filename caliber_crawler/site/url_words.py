"""Words in URLs: whether a text contains words of the URL at which it was served.

Most news sites put words of the headline into an article's URL. A text with none of them is probably another page: a
wall, or an error page.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

WORD_LENGTH = 5
"""Letters of a word in a URL that a text must contain; endings differ."""
MIN_WORDS = 2
MIN_LATIN_SHARE = 0.8
MAX_SAMPLE = 2_000
"""Characters of a text that show its script."""
MIN_NUMBER_DIGITS = 3
_WORD = re.compile(r"[a-z]{4,}")
_NUMBER = re.compile(r"\d+")
_DATE = re.compile(r"(?:19|20)\d\d(?:\d\d){0,2}")


def share_of_words(url: str, text: str) -> float | None:
    """The share of the words in a URL that a text contains.

    ``None`` if that says nothing: the URL has fewer than two words, or the text is not in Latin letters, so the URL is
    a transliteration.
    """
    words = _words_of(url)
    if len(words) < MIN_WORDS:
        return None
    plain = text.casefold()
    if not text.isascii():
        letters = [char for char in _without_marks(text[:MAX_SAMPLE]) if char.isalpha()]
        if sum(char.isascii() for char in letters) < MIN_LATIN_SHARE * len(letters):
            return None
        plain = _without_marks(text)
    return sum(word in plain for word in words) / len(words)


def has_a_word(url: str, text: str) -> bool:
    """Whether a text contains one of the words in its URL, as they are: a quick look before :func:`share_of_words`."""
    words = _words_of(url)
    if len(words) < MIN_WORDS:
        return False
    folded = text.casefold()
    return any(word in folded for word in words)


def may_name_one_page(one: str, other: str) -> bool:
    """Whether two URLs may name one page in two places of a site: they share the last segment, or a number."""
    paths = [unquote(_path_of(url)).casefold().rstrip("/") for url in (one, other)]
    names = {path.rpartition("/")[2] for path in paths}
    numbers = [
        {n for n in _NUMBER.findall(path) if len(n) >= MIN_NUMBER_DIGITS and not _DATE.fullmatch(n)}
        for path in (_path_of(one, query=True), _path_of(other, query=True))
    ]
    return (len(names) == 1 and names != {""}) or bool(numbers[0] & numbers[1])


def _words_of(url: str) -> set[str]:
    segments = [_WORD.findall(unquote(segment).casefold()) for segment in _path_of(url).split("/")]
    return {word[:WORD_LENGTH] for word in max(segments, key=len, default=[])}


def _without_marks(text: str) -> str:
    """A text without diacritics and case."""
    return "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(char))


def _path_of(url: str, *, query: bool = False) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}" if query else parts.path
    except ValueError:  # an invalid URL
        return ""
