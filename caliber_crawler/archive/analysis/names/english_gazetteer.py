"""Names in English texts that are known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caliber_crawler.archive.analysis.names.gazetteer import listed_names
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
    names: dict[tuple[str, ...], tuple[Kind, str]] = {}
    for name, kind, normal in listed_names(LANGUAGE):
        for form in {name, name.replace("&", "and"), name.replace("-", " ")}:
            names.setdefault(tuple(token.text for tokens in paragraphs_of(form) for token in tokens), (kind, normal))
    return Known(names, max(map(len, names)))
