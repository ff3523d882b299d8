"""Names in English texts that are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caliber_crawler.archive.analysis.names.gazetteer import cities, countries, lines, word_lists
from caliber_crawler.archive.analysis.names.tokens import Kind, Token, paragraphs_of

LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Known:
    """The gazetteers of a language: names by their words in lower case, with kind and normal form."""

    names: dict[tuple[str, ...], tuple[Kind, str]]
    longest: int

    def match(self, tokens: Sequence[Token], start: int, body: str) -> tuple[int, Kind, str] | None:
        """The end, kind and normal form of the longest known name that begins with a token."""
        found = None
        texts: list[str] = []
        for place in range(start, min(start + self.longest, len(tokens))):
            if place > start and tokens[place].start - tokens[place - 1].end > 1:
                break
            texts.append(tokens[place].text.replace("’", "'"))
            if (entry := self.names.get(tuple(texts))) is not None:
                found = (place + 1, *entry)
        return found


@cache
def known_names() -> Known:
    lists = word_lists(LANGUAGE)
    names: dict[tuple[str, ...], tuple[Kind, str]] = {}

    def add(name: str, kind: Kind, normal: str) -> None:
        for form in {name, name.replace("&", "and"), name.replace("-", " ")}:
            names.setdefault(tuple(token.text for tokens in paragraphs_of(form) for token in tokens), (kind, normal))

    for name, normal in lists["place_aliases"].items():
        add(name, "place", normal)
    for name, normal in lists["organization_aliases"].items():
        add(name, "organization", normal)
    for name in lines(LANGUAGE, "organizations"):
        add(name, "organization", name)
    for name in (*countries(LANGUAGE), *cities(LANGUAGE), *lines(LANGUAGE, "places")):
        add(name, "place", name)
    return Known(names, max(map(len, names)))
