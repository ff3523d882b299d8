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


def share_of_words(url: str, text: str) -> float | None:
    """The share of the words in a URL that a text contains.

    ``None`` if that says nothing: the URL has fewer than two words, or the text is not in Latin letters, so the URL is
    a transliteration.
    """
    segments = [_WORD.findall(unquote(segment).casefold()) for segment in _path_of(url).split("/")]
    words = {word[:WORD_LENGTH] for word in max(segments, key=len, default=[])}
    if len(words) < MIN_WORDS:
        return None
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = [char for char in folded[:MAX_SAMPLE] if char.isalpha()]
    if sum(char.isascii() for char in letters) < MIN_LATIN_SHARE * len(letters):
        return None
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return sum(word in plain for word in words) / len(words)


def may_name_one_page(one: str, other: str) -> bool:
    """Whether two URLs may name one page in two places of a site: they share the last segment, or a long number."""
    paths = [unquote(_path_of(url)).casefold().rstrip("/") for url in (one, other)]
    names = {path.rpartition("/")[2] for path in paths}
    numbers = [{number for number in _NUMBER.findall(url) if len(number) >= MIN_NUMBER_DIGITS} for url in (one, other)]
    return (len(names) == 1 and names != {""}) or bool(numbers[0] & numbers[1])


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # an invalid URL
        return ""
