"""Names of authors in a line: without labels, roles, credentials, dates and photographers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from caliber_crawler.extraction.generic.byline_words import (
    CAUTIOUS,
    LABELS,
    OF_EDITORS,
    OF_OTHERS,
    WRITTEN_BY,
    author_labels,
    phrases,
)
from caliber_crawler.extraction.linked_data import unescaped, without_tags
from caliber_crawler.extraction.text import clean_inline, fold

MAX_AUTHORS = 12
MAX_NAME_LENGTH = 60
MAX_LINE_LENGTH = 160
MAX_NAME_WORDS = 5


def _any_of(phrases: Iterable[str]) -> str:
    """A pattern for any of these phrases, longest first; any number of blanks may be between their words."""
    ordered = sorted(set(phrases), key=len, reverse=True)
    return "|".join(r"\s++".join(map(re.escape, phrase.split())) for phrase in ordered)


_GENRE_BY = "|".join(
    rf"(?:{_any_of(by.articles)})\s++(?:[^\W\d_]{{2,20}}+\s++){{1,2}}?(?:{_any_of(by.prepositions)})"
    for by in WRITTEN_BY.values()
    if by.articles
)
# "da Silva" and "Von der Leyen" are names: a preposition is removed only before a capital, some only in lower case.
_BY = re.compile(
    rf"^(?:(?i:{_any_of(phrases())}|{_GENRE_BY})|di|{_any_of(CAUTIOUS)})(?!\w)\s*+"
    r"(?:\s?[:：՝]\s*+|(?=(?:the\s)?[^\W\d_a-zа-яё]))"
)
_SPACED_BY = re.compile(rf"^(?:{_any_of((*LABELS['zh'], '记者', '記者'))})\s*+[:：]?\s*+")
# "Author:" in any language. The rest of the line is the names.
_LABEL = re.compile(r"^(?:[^\W\d_]{2,20}+[ ]?){1,2}[:：՝]\s*+")
_KNOWN_LABEL = re.compile(
    rf"(?:^|(?<=[\s;|,·•/(；，、／・]))(?=\w)(?:(?P<author>{_any_of(author_labels())})|(?P<editor>{_any_of(OF_EDITORS)})|"
    rf"(?P<other>{_any_of(OF_OTHERS)}))(?:\s?[:：՝]|(?<=[\u3400-\u9fff])[/／=＝])\s*+",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"(?:(?<!\s)\s++)?(?:[,;|/&•·⋅、，；／・،]|(?<=\s)(?:[–—-](?=\s)|"
    r"(?P<and>and|und|et|y|e|en|och|og|i|и|та|և|და|و|və|ve|dan|with|mit|avec|con|com|med|met)\s))\s*+",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(
    r"(?:(?<!\s)\s++|^)(?:photo\w*+|image\w*+|pictures?|illustrat\w*+|video|foto\w*+|фото\w*+|şəkil\w*+)\b"
    r"(?:\s*+[:：]|\s++(?:by|credit|von|par)\b|\s*+$).*|"
    r"(?<!\w)(?:medically\s++|expert\s++)?(?:reviewed|edited|translated|fact.checked)\s++by\b.*",
    re.IGNORECASE | re.DOTALL,
)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|[^\W\d_][:：](?:\s|$)|(?<!\w)\d+(?:st|nd|rd|th)?(?!\w)|\d{2,}|^\W*$|\b(?:image|photo|getty|shutterstock|updated|published|"
    r"min(?:ute)?s? read|subscribe|follow|newsletter|comments?|share|read more|view all|profile|archive|posts?|privacy|"
    r"cookies?|terms|contact|login|sign in|view in|digital edition)\b",
    re.IGNORECASE,
)
_LABEL_ALONE = re.compile(
    r"(?:(?:written|posted|published|reported|reviewed|story|article|text|words|recipe)\s++)?by|about(?:\s++the)?\s++authors?|"
    r"authors?|from|автор|авторы|yazar|müəllif|autor|auteur|and|und|et|və|ve|и|unknown|none|null|anonymous|undefined|guest",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:editors?|reporters?|correspondents?|journalists?|columnists?|contributors?|staff|writers?|producers?|"
    r"directors?|founders?|co-?founders?|ceo|cto|managers?|specialists?|consultants?|experts?|analysts?|professors?|"
    r"presidents?|officers?|redakteur\w*+|korrespondent\w*+|reporterin|journalist\w*+|redactora?|periodista|rédact\w++|"
    r"muhabir\w*+|müxbir\w*+|redaktor\w*+|обозревател\w++|корреспондент\w*+|редактор\w*+|журналист\w*+|"
    r"колумнист\w*+)\b",
    re.IGNORECASE,
)
_ROLE_WORD = re.compile(
    r"(?:editors?|reporters?|correspondents?|journalists?|columnists?|contributors?|staff|writers?|authors?|reviewers?|"
    r"experts?|chief|senior|guest|news|political|contributing)[.,]?",
    re.IGNORECASE,
)
_ROLE_BEHIND = re.compile(
    r" (?:(?:senior|staff|chief|deputy|political|contributing|managing|associate|guest) ){0,3}"
    r"(?:writer|editor|reporter|correspondent|journalist|columnist|contributor|기자|記者|记者)$",
    re.IGNORECASE,
)
_ROLE_BEFORE = re.compile(
    r"^(?:[^\W\d_]{3,20}\s){0,2}?(?i:correspondent|reporter|columnist|journalist|editor|staff writer|корреспондент|"
    r"обозреватель|журналист(?:ка)?|редактор|колумнист|кореспондент(?:ка)?|оглядач(?:ка)?|müxbir(?:i)?|muhabir(?:i)?|"
    r"redaktor|記者|记者|기자)\s(?=[^\W\d_a-zа-яёіїєґ])"
)
_PLACE_BEHIND = re.compile(r" (?:(?:in|for|at|from|is|aus|on|à|desde) [^\W\d_]|(?:am|le|el|em|il|den|på|op|vom) [0-9])")
# What follows a name on the same line: marks that no name has, and verbs.
_REST_BEHIND = re.compile(
    r"\s[(\[«\"“@]|\s(?:yazdı|yazıyor|yazır|schreibt|schrieb|writes|reports|reported|пишет|сообщает|updated|published|"
    r"posted|follow|subscribe|share|[0-9]{1,2}\smin)\b",
    re.IGNORECASE,
)
_OF_PLACE = re.compile(r"\s(?:at|of|for|in|with|bei|von|chez|di|de)\s", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"(?:[A-Z][A-Za-z]{0,4}+\.?(?:[-. ][A-Z][A-Za-z]{0,4}+\.?){0,3}|Ph\.?D|M\.?B\.?A)[®™.]?", re.ASCII
)
_DESK = re.compile(
    r"\b(?:admin\w*+|super user|webmaster|team|staff|news\w*+|desk|editors?|editorial|redaktion|redaksiya\w*+|"
    r"редакция|agenc\w++|agentur|"
    r"press|times|media|magazine|daily|association|institute|foundation|university|company|inc|llc|ltd|group|"
    r"department|haber\w*+|xəbər\w*+|новости)\b",
    re.IGNORECASE,
)
# Scripts without capitals; Georgian has them, but does not write names with them.
_UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u10ff\u1200-\u139f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_IDEOGRAPHIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,5}")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_NO_LETTERS_OF_NAMES = re.compile(r"[\d!?。！？…@\"«»“”]")
_ABBREVIATED = re.compile(r"\s(?:Jr|Sr|[A-Z])$")
_SINGLE = re.compile(r"[^\W\d_]+(?:[-'’.][^\W\d_]+){0,2}")
_MARKS = " ,.;:|-–—"
_NEVER_NAMES = re.compile(r"^\(|https?:|www\.|\w@\w")


def split_names(text: str) -> Iterator[str]:
    """Return the names in a line such as ``By Jane Roe, MD, and Jon Moe | January 7``."""
    line = clean_inline(without_tags(unescaped(text[: MAX_LINE_LENGTH * 4])))
    if _NEVER_NAMES.search(line):
        return
    line = _OF_OTHERS.sub("", _of_authors(line))
    if len(line) <= MAX_LINE_LENGTH:
        line = _LABEL.sub("", line)
    names = list(_names_between_joins(line))
    people = [name for name in names if not _ROLE.search(name)]
    if not people:  # a desk that signs alone keeps its name
        yield from names
        return
    yield people[0]
    for name in people[1:]:
        if not (is_name(people[0]) and (_is_credential(name) or is_desk(name))):
            yield name


def _of_authors(line: str) -> str:
    """The part of a line with labels that names the authors: ``Photo: Jon Moe; Author: Jane Roe``."""
    before, *labelled = _labelled_parts(line)
    if not labelled:
        return line
    parts = {"author": "", None: before[1], "editor": ""}
    for kind, part in labelled:
        if kind in parts and not parts[kind]:
            parts[kind] = part
    return next((part for part in parts.values() if part.strip(_MARKS)), "")


def _labelled_parts(line: str) -> Iterator[tuple[str | None, str]]:
    """The text before the first label of a line, and the text behind each label, with what the label names."""
    kind, start = None, 0
    for label in _KNOWN_LABEL.finditer(line[: MAX_LINE_LENGTH * 2]):
        yield kind, line[start : label.start()]
        kind, start = label.lastgroup, label.end()
    yield kind, line[start:]


def has_only_labelled_names(line: str) -> bool:
    """Return whether a line is nothing but labels with names: ``Reporter: Jane Roe; editor: Jon Moe``.

    In scripts without capitals the label is what makes a short text a name: ``记者：王小明``.
    """
    (_, before), *labelled = _labelled_parts(line)
    return bool(labelled) and not before.strip(_MARKS) and all(_are_names(part) for _, part in labelled)


def _are_names(text: str) -> bool:
    pieces = [piece for part in _JOIN.split(text) if part is not None and (piece := part.strip(_MARKS))]
    return 0 < len(pieces) <= MAX_AUTHORS and all(map(_is_labelled_name, pieces))


def _is_labelled_name(text: str) -> bool:
    words = text.split()
    if _NO_LETTERS_OF_NAMES.search(text) or len(words) > MAX_NAME_WORDS or len(text) > MAX_NAME_LENGTH:
        return False
    if _UNSPACED.match(text):
        return all(map(_IDEOGRAPHIC.fullmatch, words))
    return is_name(text) or (len(words) == 1 and _is_capitalised(text))


def _names_between_joins(line: str) -> Iterator[str]:
    """The names in a line without labels. Behind a full name, one word is a place or an outlet: ``Jane Roe, Baku``."""
    if (spaced := _SPACED_BY.match(line)) and all(map(_IDEOGRAPHIC.fullmatch, words := line[spaced.end() :].split())):
        yield from words
        return
    start, is_after_full, is_joined = 0, False, True
    rest = _BY.sub("", line)
    for join in [*_JOIN.finditer(rest), None]:
        name = _name_alone(rest[start : join.start() if join else len(rest)])
        if name and not (is_after_full and not is_joined and " " not in name and not is_name(name)):
            yield name
            is_after_full = is_after_full or is_name(name)
        if join:
            start, is_joined = join.end(), join["and"] is not None


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in order without duplicates, and without texts that cannot be names."""
    kept: dict[str, str] = {}
    for raw in names:
        name = _trimmed(_BY.sub("", raw))
        if name and len(name) <= MAX_NAME_LENGTH and not _NOT_A_NAME.search(name):
            kept.setdefault(fold(name), name)
    return tuple(kept.values())[:MAX_AUTHORS]


def is_name(text: str) -> bool:
    """Return whether a text looks like a name: two to five words, capitalised except for particles such as ``de``.

    Words in scripts without capitals count as capitalised. A name in ideographs is one word.
    """
    words = text.split()
    if len(words) == 1:
        return _IDEOGRAPHIC.fullmatch(text) is not None
    return (
        1 < len(words) <= 5
        and all(_is_capitalised(word) or len(word) <= 3 for word in words)
        and _is_capitalised(words[0])
    )


def is_byline_name(text: str) -> bool:
    """Return whether a part of a byline is a name, and not only a role such as ``Staff Writer``."""
    if not is_name(text) or (_ROLE.search(text) and _OF_PLACE.search(text)):
        return False
    return any(_ROLE_WORD.fullmatch(word) is None for word in text.split())


def is_single_name(text: str) -> bool:
    """Return whether a text may be a name of one word (``Nadia``). Only a byline makes it one."""
    return 2 < len(text) <= 20 and _SINGLE.fullmatch(text) is not None and not is_desk(text) and not _ROLE.search(text)


def is_person(text: str) -> bool:
    """Return whether a name looks like a person's, not like a desk's or an outlet's."""
    return is_name(text) and not is_desk(text)


def is_desk(text: str) -> bool:
    """Return whether a name is that of a desk, an outlet or an account (``Newsroom``, ``Admin``)."""
    return _DESK.search(text) is not None


def has_label(text: str) -> bool:
    """Return whether a line begins with ``By``, ``Author:`` or the like."""
    return _BY.match(clean_inline(text)) is not None


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() or _UNCASED.match(word) is not None


def _name_alone(piece: str) -> str:
    """A name without what stands behind it; empty if the piece is only a label or a date."""
    name = _BY.sub("", _trimmed(piece)).strip()
    for behind in (_REST_BEHIND, _ROLE_BEHIND, _PLACE_BEHIND):
        if (match := behind.search(name)) and is_name(name[: match.start()]):
            name = _trimmed(name[: match.start()])
    if _LABEL_ALONE.fullmatch(name) or _NOT_A_NAME.search(name):
        return ""
    shorter = _ROLE_BEFORE.sub("", name)
    return shorter if is_name(shorter) else name


def _trimmed(text: str) -> str:
    """A text without marks at its ends; the dot of ``Jr.`` and of an initial stays."""
    trimmed = text.strip(_MARKS)
    return f"{trimmed}." if _ABBREVIATED.search(trimmed) and f"{trimmed}." in text else trimmed


def _is_credential(name: str) -> bool:
    return _CREDENTIAL.fullmatch(name) is not None and (len(name.split()) == 1 or name.isupper())
