"""The pattern of a site's article URLs, from the URLs of confirmed articles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

MIN_SHARE = 0.1
"""A shape with a smaller share of the articles is left out."""
CONSTANT_SHARE = 0.9
MAX_PREFIXES, MAX_PREFIX = 6, 5
"""The number and the length of prefixes such as languages."""
MAX_VALUES = 3
"""A segment with at most this many values on all articles is spelled out."""
_YEAR, _MONTH, _NUMBER = re.compile(r"(?:19|20)\d\d"), re.compile(r"\d\d?"), re.compile(r"\d+")


class URLPattern(NamedTuple):
    """A regular expression for the paths of articles, with its evidence."""

    regex: str
    articles: int
    """Articles that it matches."""
    of_articles: int
    others: int
    """Other pages that it matches too."""
    of_others: int


def learn_article_path(articles: Sequence[str], others: Iterable[str]) -> URLPattern | None:
    """The pattern of the article URLs, compared with the URLs of pages that are not articles."""
    paths = [path_of(url) for url in dict.fromkeys(articles)]
    if not paths:
        return None
    by_length: dict[int, list[list[str]]] = {}
    for path in paths:
        segments = path.strip("/").split("/")
        by_length.setdefault(len(segments), []).append(segments)
    frequent = [rows for rows in by_length.values() if len(rows) >= MIN_SHARE * len(paths)]
    shapes = _with_prefixes(frequent) or [_shape(rows) for rows in sorted(frequent, key=len, reverse=True)]
    if not shapes:
        return None
    first, *others_shapes = dict.fromkeys(shapes)
    # A name of a group may stand in a regular expression only once.
    regex = "|".join([first, *(re.sub(r"\(\?P<\w+>", "(?:", shape) for shape in others_shapes)])
    matching = sum(re.fullmatch(regex, path) is not None for path in paths)
    known = set(paths)
    other_paths = {path_of(url) for url in others} - known
    wrong = sum(re.fullmatch(regex, path) is not None for path in other_paths)
    return URLPattern(regex, matching, len(paths), wrong, len(other_paths))


def path_of(url: str) -> str:
    """The path of a URL as ``Site.article_path`` sees it: readable, without a slash at the end."""
    return unquote(urlsplit(url).path).rstrip("/") or "/"


def _with_prefixes(frequent: Sequence[list[list[str]]]) -> list[str]:
    """One shape for two lengths of which the longer one only has a short prefix more, such as a language."""
    if len(frequent) != 2:
        return []
    shorter, longer = sorted(frequent, key=lambda rows: len(rows[0]))
    firsts = Counter(row[0] for row in longer)
    if len(longer[0]) != len(shorter[0]) + 1 or len(firsts) > MAX_PREFIXES or max(map(len, firsts)) > MAX_PREFIX:
        return []
    if _shape([row[1:] for row in longer]) != _shape(shorter):
        return []
    prefixes = "|".join(f"/{re.escape(first)}" for first, _ in firsts.most_common())
    return [f"(?:{prefixes})?{_shape(shorter)}"]


def _shape(rows: Sequence[Sequence[str]]) -> str:
    columns = list(zip(*rows, strict=True))
    pieces = [_piece(column, is_last=place == len(columns) - 1) for place, column in enumerate(columns)]
    return "/" + "/".join(pieces)


def _piece(values: Sequence[str], *, is_last: bool) -> str:
    if not is_last:
        for pattern in (_YEAR, _MONTH, _NUMBER):
            if all(pattern.fullmatch(value) for value in values):
                return pattern.pattern
        named = [re.escape(value) for value, _ in Counter(values).most_common()]
        if len(named) > MAX_VALUES or (len(named) == len(values) > 1):
            return "[^/]+"
        return named[0] if len(named) == 1 else f"(?:{'|'.join(named)})"
    endings = Counter(match[0] for value in values if (match := re.search(r"\.[a-z]{3,5}$", value)))
    ending = next((mark for mark, count in endings.items() if count >= CONSTANT_SHARE * len(values)), "")
    if all(_NUMBER.fullmatch(value.removesuffix(ending)) for value in values):
        return rf"(?P<number>\d+){re.escape(ending)}"
    return rf"(?P<slug>[^/]+){re.escape(ending)}"
