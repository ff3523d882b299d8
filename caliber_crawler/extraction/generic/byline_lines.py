"""Lines that state only who wrote an article and when (``JANIE HAR Nov. 20``): neither a headline nor a subtitle."""

from __future__ import annotations

import re
from collections.abc import Collection

from caliber_crawler.extraction.dates.keys import word_key
from caliber_crawler.extraction.dates.labels import Role, role_of_label
from caliber_crawler.extraction.dates.printed import find_printed_dates, with_ascii_digits
from caliber_crawler.extraction.dates.words import load_words, month_named
from caliber_crawler.extraction.generic.names import (
    has_label,
    has_only_labelled_names,
    is_name,
    split_names,
)
from caliber_crawler.extraction.phrases import BYLINES, any_of
from caliber_crawler.extraction.text import fold

MAX_LENGTH = 120
"""Characters; a longer line says more."""
MAX_NAMES = 3
MAX_LABEL_WORDS = 3
MIN_LABEL_LENGTH = 4
"""Characters of a label that makes a line without a date a byline: "el" and "in" begin other lines, too."""
_LETTERS = r"[^\W\d_]"
_CLOCK = re.compile(
    r"(?<!\d)\d{1,2}[:.]\d\d(?!\d)(?:\s?[ap]\.?m\b\.?)?(?:\s[A-Z]{2,4}\b)?|(?<!\d)\d{1,2}\s?[ap]\.?m\b\.?",
    re.IGNORECASE,
)
# A day without its year: "20. November", "Nov. 20", "11月20日".
_DAY = re.compile(
    rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?P<behind>{_LETTERS}{{3,12}})\b\.?"
    rf"|\b(?P<before>{_LETTERS}{{3,12}})\.?\s\d{{1,2}}(?:st|nd|rd|th)?(?!\w)"
    r"|(?<!\d)\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일号號]"
)
_LABELS = re.compile(rf"(?<!\w)(?:{any_of(BYLINES)})(?!\w)\s?[:：՝]?", re.IGNORECASE)
_APART = "·"
_MARKS = " ,;.:|–—-/()"
_WORD = re.compile(r"\w+")
_BRACKETED = re.compile(r"[(\[（【〔［](.*)[)\]）】〕］][.。]?")
# What agencies and East Asian papers write without a colon: "Reporting by Jane Roe; Editing by Jon Moe", "홍길동 기자".
_NAMES = r"(?-i:[^\W\d_a-z][\w.'’-]*(?:\s(?:[^\W\d_a-z][\w.'’-]*|de|van|von|al|bin))*)"
_MADE_BY = (
    r"(?:additional\s)?(?:reporting|writing|editing|compiled|edited|written)\sby\s"
    rf"{_NAMES}(?:(?:,|\sand|,\sand|\sin|\sat)\s{_NAMES})*"
)
_SIGNATURE = re.compile(
    rf"{_MADE_BY}(?:[;.,]\s(?:and\s)?{_MADE_BY})*\.?"
    r"|(?:(?:本报|本報|本网|本刊)?(?:记者|記者|编辑|編輯|责编|文|撰文)[\s・·]\s?[\u3400-\u9fff]{2,4}\s*+(?:(?:报道|報道|報導)\s*+)?){1,6}"
    r"|[\uac00-\ud7af]{2,4}\s?(?:기자|특파원|선임기자)(?:\s\S{1,30}@\S{1,40})?",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"[A-ZÀ-ÞĀ-ɏΑ-ΩЀ-Я]")


def is_byline_line(line: str, authors: Collection[str] = (), language: str | None = None) -> bool:
    """Return whether a line holds nothing but names and a date, or names behind a label such as "By".

    ``authors``: the names of the page's authors, which are known in scripts without capitals, too.
    """
    if not line or len(line) > MAX_LENGTH:
        return False
    rest, is_dated = _without_dates(with_ascii_digits(line), language)
    label = _LABELS.match(rest)
    is_labelled = has_label(rest.strip(f" {_APART}")) or (label is not None and len(label[0]) >= MIN_LABEL_LENGTH)
    if not (is_dated or is_labelled):
        return False
    known = {fold(name) for name in authors}
    pieces = [piece for part in rest.split(_APART) if (piece := part.strip(_MARKS))]
    named = [piece for piece in pieces if not _is_label(piece)]
    return len(named) <= MAX_NAMES and all(
        _has_only_names(piece, known) or _has_only_names(_without_weekdays(piece), known) for piece in named
    )


def is_signature(line: str) -> bool:
    """Return whether a line, in brackets or not, only names by their roles those who made an article.

    ``(Reporter: Jane Roe)``, ``记者：王小明 编辑：李华``, ``Reporting by Jane Roe; Editing by Jon Moe``.
    """
    bracketed = _BRACKETED.fullmatch(line)
    text = (bracketed[1] if bracketed else line).strip()
    return len(text) <= MAX_LENGTH and (has_only_labelled_names(text) or _SIGNATURE.fullmatch(text) is not None)


def _without_dates(line: str, language: str | None) -> tuple[str, bool]:
    """The line with a mark in the place of each date and time of day, and whether it had a date."""
    rest = line
    dates = find_printed_dates(line, language)
    for date in reversed(dates):
        rest = f"{rest[: date.start]} {_APART} {rest[date.end :]}"

    def without_day(match: re.Match[str]) -> str:
        name = match["behind"] or match["before"]
        return f" {_APART} " if name is None or month_named(name, language) else match[0]

    shorter = _DAY.sub(without_day, rest)
    is_dated = bool(dates) or shorter != rest
    if is_dated:
        shorter = _CLOCK.sub(f" {_APART} ", shorter)
    return shorter, is_dated


def _is_label(piece: str) -> bool:
    """Return whether a piece only says what a date or a name is, or is a day of the week."""
    if len(_WORD.findall(piece)) > MAX_LABEL_WORDS:
        return False
    return (
        not _without_weekdays(piece)
        or not _LABELS.sub("", piece).strip()
        or role_of_label(piece) in (Role.PUBLISHED, Role.UPDATED)
    )


def _without_weekdays(piece: str) -> str:
    """A piece without the parts that are a day of the week. Short names of weekdays are also names of people."""
    weekdays = load_words().weekdays
    parts = (part.strip(_MARKS) for part in re.split("[,|–—]", piece))
    return ", ".join(part for part in parts if word_key(part) not in weekdays)


def _has_only_names(piece: str, known: Collection[str]) -> bool:
    """Return whether a piece is names of persons or outlets, behind a label or not."""
    without_label = _LABELS.sub("", piece).strip(_MARKS)
    if fold(without_label) in known or fold(piece) in known:
        return True
    names = list(split_names(piece)) if _CAPITAL.search(piece) else []
    words = sum(len(name.split()) for name in names)
    return bool(names) and all(map(is_name, names)) and words >= len(without_label.split()) - len(names)
