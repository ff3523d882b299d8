"""Boilerplate lines inside an article's container, recognised by wording and position.

They are much the same on all news sites: the title again, a date, a credit, "read also", an invitation to subscribe. A
line is dropped only if it is short or at the start or end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType

from caliber_crawler.extraction.dates.labels import Role, role_of_label
from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.generic.byline_lines import is_byline_line, is_signature
from caliber_crawler.extraction.omissions import (
    AUTHOR_BOX,
    DUPLICATE,
    HEADLINE,
    INVITATION,
    LEAD,
    NOTICE,
    Omissions,
)
from caliber_crawler.extraction.phrases import (
    ADDRESSES,
    BYLINES,
    CREDITS,
    FULL_STOPS,
    INVITATIONS,
    LABELS,
    OFFERS,
    WRITERS,
    any_of,
    is_pointer,
)
from caliber_crawler.extraction.text import fold

MAX_LABEL_LENGTH = 60
MAX_NOTICE_LENGTH = 180
MAX_CREDIT_LENGTH = 110
MIN_SENTENCE_WORDS = 6
MAX_BIOGRAPHY_LENGTH = 500
MAX_ROLE_LENGTH = 40
BIOGRAPHY_LINES = 3
MIN_NAME_WORDS, MAX_NAME_WORDS = 2, 4
TAIL_LINES = 6
LEAD_LINES = 3
SIGNATURE_LINES = 3
MAX_PARTICLE_LENGTH = 3
MAX_REST_WORDS = 5
"""Words of a byline beside the date, the authors and the comments: a name, a weekday or a place."""
_RELATIVE = re.compile(r" ?,? ?(?:who|whom|whose|которы|який|яка|qui)\w* (?!writes|covers|reports)", re.IGNORECASE)
_INVITATION = re.compile(rf"(?<!\w)(?:{any_of(INVITATIONS)})", re.IGNORECASE)
_CREDIT = re.compile(rf"[\W_]*(?:(?:{any_of(CREDITS)})\s*[:：՝/|©]|©|copyright\b|\(c\)\s)", re.IGNORECASE)
_ADDRESS = re.compile(rf"(?<!\w)(?:{any_of(ADDRESSES)})(?!\w)", re.IGNORECASE)
_WRITER = re.compile(rf"(?<!\w)(?:{any_of(WRITERS)})(?!\w)", re.IGNORECASE)
_OFFER = re.compile(rf"(?<!\w)(?:{any_of(OFFERS)})(?!\w)", re.IGNORECASE)
_OFFERS_ONLY = re.compile(rf"(?:[\W\d_]*+(?:{any_of(OFFERS)})(?!\w))+[\W\d_]*+", re.IGNORECASE)
_BYLINE = re.compile(rf"(?<!\w)(?:{any_of(BYLINES)})(?!\w)", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]+")
_SPEAKER = re.compile(r"[^:：՝]{1,30}[:：՝]")
_UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u10ff\u1200-\u139f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_COPULAS = frozenset(("–", "—", "-", "is", "was", "ist", "est", "es"))
_LABELS = frozenset(fold(label) for table in LABELS.values() for label in table)
_QUOTED = re.compile('["“”„«»]')
_HALF_DAY_END = re.compile(r"\b[ap]\. ?m\.$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…:;。！？։»”\"’')\]]$")


def drop_boilerplate(
    paragraphs: Sequence[str],
    headline: str | None,
    headings: Mapping[str, str] = MappingProxyType({}),
    authors: Collection[str] = (),
    omissions: Omissions | None = None,
) -> list[str]:
    """Return the paragraphs of the text in order, each long one once.

    ``headings``: the text of each sub-heading of the page, with its tag; ``authors``: the names of the page's authors;
    ``omissions`` collects the lines that are left out.
    """
    title = fold(headline or "")
    seen: set[str] = set()
    kept = []
    for paragraph in paragraphs:
        key = fold(paragraph)
        cause = (
            HEADLINE
            if key == title
            else DUPLICATE
            if len(key) > MAX_LABEL_LENGTH and key in seen
            else NOTICE
            if _is_notice(paragraph)
            else None
        )
        if cause is None:
            seen.add(key)
            kept.append(paragraph)
        elif omissions is not None:
            omissions.add(cause, paragraph)
    begun = _without_lead(_without_datelines(kept, authors), headings)
    if omissions is not None:
        for line in kept[: len(kept) - len(begun)]:
            omissions.add(LEAD, line)
    return _without_tail(begun, authors, omissions)


def _without_datelines(lines: list[str], authors: Collection[str]) -> list[str]:
    """The lines without those up to a byline or an offer among the first ones, if no text is before it."""
    start = 0
    for number, line in enumerate(lines[:LEAD_LINES]):
        if _is_byline(line, authors) or _is_offer(line):
            start = number + 1
        elif len(line) > MAX_LABEL_LENGTH or _ends_sentence(line):
            break
    return lines[start:] or lines


def _is_byline(line: str, authors: Collection[str]) -> bool:
    return _is_dateline(line, authors) or is_byline_line(line, authors) or is_signature(line)


def _ends_sentence(line: str) -> bool:
    """Return whether a line ends as a sentence. "Posted on January 7, 2026, 2:35 p.m." ends with a time of day."""
    if _SENTENCE_END.search(line) is None:
        return False
    if len(line) > MAX_LABEL_LENGTH or _HALF_DAY_END.search(line) is None:
        return True
    dates = find_printed_dates(line)
    before = line[: dates[0].start].strip() if dates else line
    return bool(before) and role_of_label(before) is Role.UNNAMED


def _is_offer(line: str) -> bool:
    """Return whether a line only offers to comment or to share: "Leave a comment", "3 comments · Tweet"."""
    return len(line) <= MAX_NOTICE_LENGTH and _OFFERS_ONLY.fullmatch(line) is not None


def _is_dateline(line: str, authors: Collection[str]) -> bool:
    """Return whether a line holds only a date with the author, its label or the number of comments."""
    if len(line) > MAX_NOTICE_LENGTH or _ends_sentence(line):
        return False
    dates = find_printed_dates(line)
    if not dates:
        return False
    rest = line
    for date in reversed(dates):
        rest = f"{rest[: date.start]} · {rest[date.end :]}"
    named = [name for name in authors if name and name in rest]
    for name in named:
        rest = rest.replace(name, " · ", 1)
    rest, offers = _OFFER.subn(" · ", rest)
    rest, labels = _BYLINE.subn(" · ", rest)
    words = _WORDS.findall(rest)
    if len(words) > MAX_REST_WORDS or not (named or offers or labels):
        return False
    # Where letters have no case, a name looks like any other words.
    if any(_UNCASED.match(word) for word in words):
        return bool(named or offers)
    return not any(word.islower() and len(word) > MAX_PARTICLE_LENGTH for word in words)


def _is_notice(line: str) -> bool:
    """Return whether a line, at any position, points to another page, credits a picture or labels a box or button."""
    if len(line) <= MAX_CREDIT_LENGTH and (_is_credit(line) or fold(line).strip(" .:-–—[]()") in _LABELS):
        return True
    return is_pointer(line)


def _is_credit(line: str) -> bool:
    """Return whether a line credits a picture or a source. "Source: a report that …" is a sentence."""
    credit = _CREDIT.match(line)
    if credit is None:
        return False
    words = line[credit.end() :].split()
    sentence = line.endswith((".", "!", "?", "…")) and len(words) >= MIN_SENTENCE_WORDS
    return not (sentence and sum(word[:1].islower() for word in words) > len(words) / 2)


def _without_lead(lines: list[str], headings: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The lines without kicker, byline and date before the first sentence.

    A heading directly before it stays if the text has others of its level.
    """
    sentences = (at for at, line in enumerate(lines) if len(line) > MAX_LABEL_LENGTH or _ends_sentence(line))
    first = next(sentences, 0)
    tag = headings.get(lines[first - 1]) if first else None
    if tag is not None and any(headings.get(line) == tag for line in lines[first:]):
        first -= 1
    return lines[first:]


def _without_tail(lines: list[str], authors: Collection[str], omissions: Omissions | None = None) -> list[str]:
    """The lines without invitations and the author's biography at the end, and without a final label of theirs."""
    kept = _without_last(lines, TAIL_LINES, lambda line: _is_invitation(line) or _is_offer(line), INVITATION, omissions)
    signed = sum(
        1 for _ in takewhile(lambda line: _is_signature(line, authors, lines), kept[: -SIGNATURE_LINES - 1 : -1])
    )
    kept = _without_last(kept, signed, lambda _: True, LEAD, omissions)
    kept = _without_last(kept, BIOGRAPHY_LINES, lambda line: _is_introduction(line, authors), AUTHOR_BOX, omissions)
    while len(kept) > 1 and len(kept[-1]) <= MAX_LABEL_LENGTH / 2 and kept[-1].endswith((":", "...", "…")):
        label = kept.pop()
        if omissions is not None:
            omissions.add(NOTICE, label)
    return kept


def _is_signature(line: str, authors: Collection[str], lines: Sequence[str]) -> bool:
    """Return whether a last line holds only the author, with a label, a date or neither.

    In an interview lines begin with the same label: "记者：谢谢您" is text then.
    """
    if fold(line) in map(fold, authors) or _is_dateline(line, authors) or is_byline_line(line, authors):
        return True
    label = _SPEAKER.match(line)
    return is_signature(line) and (label is None or sum(other.startswith(label[0]) for other in lines) == 1)


def _without_last(
    lines: list[str], number: int, is_dropped: Callable[[str], bool], reason: str, omissions: Omissions | None
) -> list[str]:
    """The lines without those of the last ones that a rule drops; the first line stays."""
    edge = max(len(lines) - number, 1)
    kept = lines[:edge]
    for line in lines[edge:]:
        if not is_dropped(line):
            kept.append(line)
        elif omissions is not None:
            omissions.add(reason, line)
    return kept


def _is_introduction(line: str, authors: Collection[str]) -> bool:
    """Return whether a line at the end introduces the author: a name, and that it writes for an outlet.

    The name is an author of the page, or it is capitalised, and the word for a writer follows directly.
    """
    if len(line) > MAX_BIOGRAPHY_LENGTH:
        return False
    name = next((name for name in authors if name and fold(line).startswith(fold(name))), None)
    if name is not None:
        return _WRITER.search(line, len(name), len(name) + MAX_BIOGRAPHY_LENGTH) is not None
    start = _end_of_name(line)
    writer = _WRITER.search(line, start, start + MAX_ROLE_LENGTH) if start else None
    return writer is not None and _RELATIVE.match(line[writer.end() : writer.end() + MAX_ROLE_LENGTH]) is None


def _end_of_name(line: str) -> int:
    """The position after a capitalised name of two to four words before a comma, a dash or "is"; 0 if there is none."""
    length = 0
    for number, word in enumerate(line.split(" ")[: MAX_NAME_WORDS + 1]):
        length += len(word) + 1
        if word in _COPULAS:
            return length if number >= MIN_NAME_WORDS else 0
        if not word[:1].isupper():
            return 0
        if word.endswith((",", "՝")):
            return length if number + 1 >= MIN_NAME_WORDS else 0
    return 0


def _is_invitation(line: str) -> bool:
    """Return whether a short line invites the reader to do something and is not a quotation.

    A sentence that merely contains such a phrase ("announced in its newsletter") addresses nobody.
    """
    if len(line) > MAX_NOTICE_LENGTH or _QUOTED.search(line):
        return False
    invitation = _INVITATION.search(line)
    if invitation is None:
        return False
    before = line[: invitation.start()].rstrip()
    begins = not before or before[-1] in ".!?:;|•–—-…"
    return begins or not line.endswith(FULL_STOPS) or _ADDRESS.search(line) is not None
