"""Hand-made sets of invented sentences with their names and quotations, and precision and recall on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.archive.analysis.names.languages import language_rules

FOLDER = Path(__file__).parent / "gold"
KINDS = {"P": "person", "L": "place", "O": "organization"}
_MARKED = re.compile(r"\[([PLO]) ([^\]=]+)(?:=([^\]]+))?\]")

Name = tuple[int, int, str, str]
"""Offsets, kind and normal form."""
Quoted = tuple[int, int, str | None]
"""Offsets and the speaker's normal form."""


@dataclass(frozen=True, slots=True)
class Sample:
    body: str
    names: frozenset[Name] = frozenset()
    quotations: frozenset[Quoted] = frozenset()


@dataclass(frozen=True, slots=True)
class Score:
    """Numbers of right, wrong and missing results."""

    right: int
    wrong: int
    missing: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missing, 1)

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f} of {self.right + self.missing}"


def samples(file: str, *, held_out: bool) -> list[str]:
    seen, unseen = (FOLDER / file).read_text("utf-8").split("----\n")
    return [line for line in (unseen if held_out else seen).splitlines() if line and not line.startswith("#")]


def name_samples(language: str, *, held_out: bool) -> list[Sample]:
    return [Sample(*parse_names(line)) for line in samples(f"names_{language}.txt", held_out=held_out)]


def parse_names(line: str) -> tuple[str, frozenset[Name]]:
    body, names, end = "", set(), 0
    for match in _MARKED.finditer(line):
        body += line[end : match.start()]
        start, end = len(body), match.end()
        body += match[2]
        names.add((start, len(body), KINDS[match[1]], match[3] or match[2]))
    return body + line[end:], frozenset(names)


def quotation_samples(language: str, *, held_out: bool) -> list[Sample]:
    return [parse_quotations(line) for line in samples(f"quotations_{language}.txt", held_out=held_out)]


def parse_quotations(line: str) -> Sample:
    text, _, listed = line.partition(" || ")
    speakers = iter([name or None for each in listed.split(";") for name in [each.strip().replace("?", "")]])
    body, found, start = "", set(), 0
    for sign in text.replace("\\n", "\n\n"):
        if sign == "⟦":
            start = len(body)
        elif sign == "⟧":
            found.add((start, len(body), next(speakers)))
        else:
            body += sign
    return Sample(body, quotations=frozenset(found))


def found_names(language: str, body: str) -> set[Name]:
    return {(m.start, m.end, m.kind, m.name) for m in language_rules(language).search(body).mentions}


def found_quotations(language: str, body: str) -> set[Quoted]:
    return {(q.start, q.end, q.speaker) for q in language_rules(language).search(body).quotations}


def score(pairs: Sequence[tuple[frozenset[Hashable], set[Hashable]]]) -> Score:
    right = sum(len(expected & found) for expected, found in pairs)
    return Score(
        right, sum(len(found) for _, found in pairs) - right, sum(len(expected) for expected, _ in pairs) - right
    )


def score_names(
    language: str,
    *,
    held_out: bool,
    part: Callable[[Name], Hashable] = lambda name: name,
    only: Callable[[Name], bool] = lambda name: True,
) -> Score:
    """``part`` selects what is compared, such as the place and kind without the normal form; ``only`` selects names."""
    return score(
        [
            (
                frozenset(map(part, filter(only, sample.names))),
                set(map(part, filter(only, found_names(language, sample.body)))),
            )
            for sample in name_samples(language, held_out=held_out)
        ]
    )


def score_quotations(language: str, *, held_out: bool, part: Callable[[Quoted], Hashable] = lambda each: each) -> Score:
    return score(
        [
            (frozenset(map(part, sample.quotations)), set(map(part, found_quotations(language, sample.body))))
            for sample in quotation_samples(language, held_out=held_out)
        ]
    )


def mistakes(language: str, *, held_out: bool) -> Iterator[str]:
    """Every wrong and missing name and quotation, for people who change the rules."""
    for sample in name_samples(language, held_out=held_out):
        found = found_names(language, sample.body)
        for sign, each in [("-", sample.names - found), ("+", found - sample.names)]:
            yield from (
                f"{sign} {name[2]}: {name[3]} ({sample.body[name[0] : name[1]]}) | {sample.body}" for name in each
            )
    for sample in quotation_samples(language, held_out=held_out):
        spoken = found_quotations(language, sample.body)
        for sign, quoted in [("-", sample.quotations - spoken), ("+", spoken - sample.quotations)]:
            yield from (f"{sign} {each[2]}: {sample.body[each[0] : each[1]]} | {sample.body}" for each in quoted)
