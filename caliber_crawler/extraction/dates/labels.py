"""What a page says a date is: published, updated, or something else, by the words beside it and by the element's name.

The words are stems in many languages (``labels.json``); a label contains one of them.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files

from caliber_crawler.extraction.dates.keys import word_key

MAX_LABEL_LENGTH = 60
"""Characters before or after a date that can be its label."""


MAX_OTHER_LENGTH = 20
_DIVIDER = re.compile(r"[|｜¦·•∙・/;；()（）\[\]【】–—]|\s-\s")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


class Role(Enum):
    """What a date is."""

    PUBLISHED = "published"
    UNNAMED = "unnamed"
    UPDATED = "updated"
    OTHER = "other"


# "Date" alone: "date of birth" and "release date" are something else.
_DATE_WORD = re.compile(
    "(?:^|[\\s|•·,>])(?:tarih|tarix|дата|date|datum|fecha|data|dato|תאריך|تاريخ|تاریخ|თარიღი|ամսաթիվ|วันที่|日期|日付|날짜)\\s?[:：]?$"
)
_UPDATED_NAME = re.compile(
    r"modif|updat|edited|revis|aktuali|guncel|obnov|actuali|atuali|aggiorn|last-?change|-changed\b", re.I
)
_PUBLISHED_NAME = re.compile(
    r"publish|publi[ck]|posted|pub-?date|entry-?date|post-?date|article-?_?date|news-?_?date|story-?date|issued|created|date-?line|postdatum",
    re.I,
)
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:date|datum|data|dato|fecha|tarih|tarix|zaman|vaxt|time|times?tamp|datetime|pub|posted|dateline|when|day|byline|meta)|"
    r"(?:date|time|datum|tarih|tarix|meta|byline)(?:$|[\s_-])|[a-z]Date|[a-z]Time",
)


@cache
def _pattern(role: Role) -> re.Pattern[str]:
    """Match the stems of a role.

    A stem in Latin letters must begin a word; other scripts write articles and prepositions at the beginning of a word.
    """
    stems = json.loads(files(__package__).joinpath("labels.json").read_text(encoding="utf-8"))[role.value]
    keys = [" ".join(map(word_key, stem.split())) for stem in stems]
    return re.compile("|".join((r"(?<![^\W\d_])" if key[:1].isascii() else "") + re.escape(key) for key in keys))


@lru_cache(maxsize=4096)
def role_of_label(before: str, after: str = "") -> Role:
    """Return what a date is by the text between the previous date and it, and by the text after the last one."""
    role = _role_in(before[-MAX_LABEL_LENGTH:])
    return role if role is not Role.UNNAMED or not after else _role_in(_without_labelled(after[:MAX_LABEL_LENGTH]))


def _role_in(text: str) -> Role:
    label = _key(text)
    if not label:
        return Role.UNNAMED
    updated, published = _last(Role.UPDATED, label), _last(Role.PUBLISHED, label)
    if updated is not None or published is not None:
        is_updated = published is None or (updated is not None and updated.start() >= published.start())
        return Role.UPDATED if is_updated else Role.PUBLISHED
    if _DATE_WORD.search(label):
        return Role.PUBLISHED
    if _pattern(Role.OTHER).search(label, max(0, len(label) - MAX_OTHER_LENGTH)):
        return Role.OTHER
    return Role.UNNAMED


def _without_labelled(after: str) -> str:
    """A text behind a date, without the parts whose label belongs to what else they say.

    ``7 January 2026 | Updated 10:15`` is not the date of an update, but ``7 January 2026 (updated)`` is.
    """
    parts = enumerate(_DIVIDER.split(after))
    return " ".join(part for number, part in parts if not _labels_something(part, is_beside=number == 0))


def _labels_something(part: str, *, is_beside: bool) -> bool:
    """Return whether a part has a label and a number; or, apart from the date, a label and other words."""
    key = _key(part)
    label = _last(Role.UPDATED, key) or _last(Role.PUBLISHED, key)
    if label is None:
        return False
    following = key[label.end() :].partition(" ")[2]
    return _DIGIT.search(key) is not None or (not is_beside and _LETTER.search(following) is not None)


def _key(text: str) -> str:
    return " ".join(map(word_key, text.split()))


def _last(role: Role, label: str) -> re.Match[str] | None:
    """The last of these stems: the nearest word is the label."""
    found = [*_pattern(role).finditer(label)]
    return found[-1] if found else None


@lru_cache(maxsize=8192)
def role_of_name(names: str) -> Role:
    """Return what a date is by the class, ID and similar attributes of its element."""
    if _PUBLISHED_NAME.search(names):
        return Role.PUBLISHED
    return Role.UPDATED if _UPDATED_NAME.search(names) else Role.UNNAMED


@lru_cache(maxsize=8192)
def is_called_date(names: str) -> bool:
    """Return whether an element is named as a date, a time or a byline."""
    return bool(_DATE_NAME.search(names))
