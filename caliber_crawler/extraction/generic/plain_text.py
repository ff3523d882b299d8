"""An article in plain text of a site without a definition: a text file, or a record of a WET file.

Such a text may contain everything that was printed on the page, from the menu to the footer. The body is the part with
the most prose; headline and date are above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from caliber_crawler.extraction.bylines import cut_byline
from caliber_crawler.extraction.counts import parse_count
from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from caliber_crawler.extraction.generic.page_language import choose_language
from caliber_crawler.extraction.generic.view_labels import find_counter, is_counter_line
from caliber_crawler.extraction.lines import Line, are_gaps_known
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.text import fold, letters_in
from caliber_crawler.extraction.text_page import TextParts
from caliber_crawler.quantity import quantity

MIN_PROSE_LENGTH = 80
MIN_SENTENCE_LENGTH = 20
MIN_BODY_LENGTH = 150
MIN_UNDATED_LENGTH = 500
COST_OF_A_LABEL = 60
"""Letters of prose that outweigh one short line between two paragraphs."""
LINES_ABOVE = 12
LINES_BELOW = 6
LINES_TO_DATE = 2
"""Lines between the text and a date below it."""
MIN_TITLE_LENGTH, MAX_TITLE_LENGTH = 12, 250
MAX_DATELINE_LENGTH = 80
MAX_WORDS_BESIDE_DATE = 6
MAX_DATES_IN_BODY = 2
SAMPLE_LENGTH = 3_000
_SENTENCE_ENDS = tuple('.!?…。！？։؟۔»”"’')
_WORD = re.compile(r"[^\W\d_]+")


class _Dateline(NamedTuple):
    position: int
    at: datetime


def find_plain_parts(page: Page) -> TextParts | str:
    """Identify the parts of an article in a plain text, or return why there is none, as a clause."""
    lines = [line for line in page.lines if line.text]
    first, last = _find_prose(lines)
    length = sum(letters_in(line.text) for line in lines[first:last])
    if length < MIN_BODY_LENGTH:
        return f"its longest passage of prose has {quantity(length, 'character')}, fewer than {MIN_BODY_LENGTH}"
    language = choose_language(None, " ".join(line.text for line in lines[first:last])[:SAMPLE_LENGTH])
    datelines = _find_datelines(lines, max(0, first - LINES_ABOVE), last, language)
    if sum(dateline.position >= first for dateline in datelines) > MAX_DATES_IN_BODY:
        return "it is a list: several dates are between its paragraphs"
    dateline = _nearest(datelines, first) or _below(_find_datelines(lines, last, last + LINES_BELOW, language), last)
    is_above = dateline is not None and dateline.position < last
    title = _find_title(lines, first, dateline if is_above else None, page.capture.effective_url)
    if title is None:
        return "no headline was found above its text"
    if dateline is None and length < MIN_UNDATED_LENGTH:
        return f"it has no date and {quantity(length, 'character')} of prose, fewer than {MIN_UNDATED_LENGTH}"
    is_in_text = dateline is not None and dateline.position < min(first + LINES_BELOW, last)
    begin = max(first, title + 1, dateline.position + 1 if dateline is not None and is_in_text else 0)
    body = _without_boilerplate(lines[begin:last], lines[title].text)
    body, authors = cut_byline(body)
    subtitle = _subtitle(lines, title, begin, dateline)
    return TextParts(
        headline=lines[title].text,
        subtitle=subtitle,
        published_at=_with_zone(dateline.at, page) if dateline else None,
        body=tuple(body),
        authors=authors,
        views_shown=_find_views(lines, max(0, first - LINES_ABOVE), last + LINES_BELOW, language),
        month_language=language,
    )


def _without_boilerplate(lines: Sequence[Line], headline: str) -> list[Line]:
    """The lines of the paragraphs that are text. In wrapped text a paragraph has several lines."""
    groups = _paragraphs(lines)
    texts = [" ".join(lines[at].text for at in group) for group in groups]
    wanted = iter(drop_boilerplate(texts, headline))
    following = next(wanted, None)
    kept: list[Line] = []
    for text, group in zip(texts, groups, strict=True):
        if text == following:
            following = next(wanted, None)
            kept += [lines[at] for at in group if not is_counter_line(lines[at].text)]
    return kept


def _paragraphs(lines: Sequence[Line]) -> list[list[int]]:
    """The positions of the lines of each paragraph: one line, or those between blank lines."""
    wrapped = are_gaps_known(lines)
    groups: list[list[int]] = []
    for at, line in enumerate(lines):
        if wrapped and groups and not line.gap:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups


def _with_zone(at: datetime, page: Page) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=page.site.zone)


def _find_prose(lines: Sequence[Line]) -> tuple[int, int]:
    """The range of lines with the most prose; short lines between paragraphs cost some."""
    inside = {
        at
        for group in _paragraphs(lines)
        if len(group) > 1
        and lines[group[-1]].text.endswith(_SENTENCE_ENDS)
        and sum(letters_in(lines[at].text) for at in group) >= MIN_PROSE_LENGTH
        for at in group
    }
    best = (0, 0, 0)
    start = total = 0
    for at, line in enumerate(lines):
        letters = letters_in(line.text)
        is_sentence = letters >= MIN_SENTENCE_LENGTH and line.text.endswith(_SENTENCE_ENDS)
        is_part = at in inside
        weight = letters if letters >= MIN_PROSE_LENGTH or is_sentence or is_part else -COST_OF_A_LABEL
        if total <= 0:
            start, total = at, 0
        total += weight
        if total > best[0]:
            best = (total, start, at + 1)
    return best[1], best[2]


def _find_datelines(lines: Sequence[Line], first: int, last: int, language: str | None) -> list[_Dateline]:
    """The short lines that are little more than a date."""
    found = []
    for at in range(first, min(last, len(lines))):
        text = lines[at].text
        if len(text) > MAX_DATELINE_LENGTH:
            continue
        dates = find_printed_dates(text, language)
        if dates and len(_WORD.findall(text[: dates[0].start] + text[dates[-1].end :])) <= MAX_WORDS_BESIDE_DATE:
            found.append(_Dateline(at, dates[0].at))
    return found


def _nearest(datelines: Sequence[_Dateline], first: int) -> _Dateline | None:
    above = [dateline for dateline in datelines if dateline.position <= first + 2]
    return above[-1] if above else None


def _below(datelines: Sequence[_Dateline], last: int) -> _Dateline | None:
    """The date directly below the text, unless more dates follow: those are of other articles."""
    return datelines[0] if len(datelines) == 1 and datelines[0].position <= last + LINES_TO_DATE else None


def _find_title(lines: Sequence[Line], first: int, dateline: _Dateline | None, url: str) -> int | None:
    """The headline: the line that the URL quotes, else the one above the date, else the last one above the text."""
    end = max(first, dateline.position if dateline else 0)
    titles = [at for at in range(max(0, end - LINES_ABOVE), end) if _is_title(lines[at].text)]
    if not titles and first + 1 < len(lines) and letters_in(lines[first].text) <= MAX_TITLE_LENGTH:
        return first if not lines[first].text.endswith(".") else None
    slug = {word for word in _WORD.findall(fold(unquote(urlsplit(url).path))) if len(word) > 2}
    quoted = [(len(slug.intersection(_WORD.findall(fold(lines[at].text)))), at) for at in titles]
    if quoted and max(quoted)[0] > 1:
        return max(quoted)[1]
    above = [at for at in titles if dateline is not None and at < dateline.position] or titles
    if len(above) > 1 and lines[above[-1]].text.endswith(_SENTENCE_ENDS) and above[-2] == above[-1] - 1:
        return above[-2]
    return above[-1] if above else None


def _is_title(text: str) -> bool:
    if not MIN_TITLE_LENGTH <= letters_in(text) <= MAX_TITLE_LENGTH or is_counter_line(text):
        return False
    is_dated = len(text) <= MAX_DATELINE_LENGTH and bool(find_printed_dates(text))
    return not is_dated and (len(text.split()) > 1 or letters_in(text) > len(text))


def _subtitle(lines: Sequence[Line], title: int, begin: int, dateline: _Dateline | None) -> str | None:
    end = min(begin, dateline.position) if dateline is not None and dateline.position > title else begin
    between = [line.text for line in lines[title + 1 : end] if line.text.endswith(_SENTENCE_ENDS)]
    return between[0] if len(between) == 1 else None


def _find_views(lines: Sequence[Line], first: int, last: int, language: str | None) -> str | None:
    """The line of the view counter; ``None`` if there are several that differ."""
    found = [counter for line in lines[first:last] if (counter := find_counter(line.text, language))]
    counts = {counter.views for counter in found}
    shown = found[0].shown if len(counts) == 1 else None
    return shown if shown and parse_count(shown, language) in counts else None
