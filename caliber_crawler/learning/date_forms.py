"""How a site prints its dates: the format, the language of the months, and the zone of the clock, each with evidence.

A day in digits shows its order only if one of the numbers is larger than 12, or if the page states its day elsewhere.
The zone shows where a page states the instant, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date as day_type
from typing import NamedTuple

from caliber_crawler.extraction.dates.printed import PrintedDate, find_printed_dates, with_ascii_digits
from caliber_crawler.extraction.dates.words import month_named
from caliber_crawler.extraction.dates.zones import offset_between
from caliber_crawler.extraction.slots import MAX_DATE, MAX_MATCHES
from caliber_crawler.learning.candidates import matches
from caliber_crawler.learning.fields import IndexedSample, SlotRule

MAX_FORMAT = 60
NOON = 12
_PIECE = re.compile(r"\d+|[^\W\d_]+|%")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?::\d{2})?(?!\d)")


class CountedValue(NamedTuple):
    """A value, and how many pages of how many show it."""

    value: str
    confirming: int
    examined: int


class DateForms(NamedTuple):
    """The most frequent format, language and zone of a site's dates; ``None`` where no page shows it."""

    format: CountedValue | None
    language: CountedValue | None
    zone: CountedValue | None


def learn_date_forms(samples: Sequence[IndexedSample], rules: Sequence[SlotRule]) -> DateForms:
    """How the dates at the places of learned rules are printed. Timestamps for machines say nothing."""
    formats: Counter[str] = Counter()
    zones: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    named = 0
    for sample in samples:
        found = next(filter(None, (printed_date(sample, rule) for rule in rules if not rule.attribute)), None)
        if found is None:
            continue
        text, date = found
        if (form := format_of(text, date, sample.stated_day)) is not None:
            formats[form] += 1
        if date.languages:
            named += 1
            languages.update(date.languages)
        if date.clock is not None and date.zone is None and sample.instant is not None:
            offset = offset_between(date.at, sample.instant)
            zones[str(offset) if offset else ""] += 1
    own = Counter(sample.language for sample in samples if sample.language).most_common(1)
    # A name of a month may be of many languages: the page's own one comes first among those on equally many pages.
    language = min(
        languages.items(), key=lambda item: (-item[1], item[0] != (own and own[0][0]), item[0]), default=None
    )
    return DateForms(
        _most(formats),
        CountedValue(*language, named) if language else None,
        zone if (zone := _most(zones)) is not None and zone.value else None,
    )


def _most(counts: Counter[str]) -> CountedValue | None:
    return next((CountedValue(value, count, counts.total()) for value, count in counts.most_common(1)), None)


def printed_date(sample: IndexedSample, rule: SlotRule) -> tuple[str, PrintedDate] | None:
    """The only date at a rule's places on a page, with the text around it."""
    places = matches(sample.page, rule.selector)
    if not 0 < len(places) <= MAX_MATCHES:
        return None
    texts = dict.fromkeys(sample.page.text(place) for place in places)
    found = [
        (text, date) for text in texts if len(text) <= MAX_DATE for date in find_printed_dates(text, sample.language)
    ]
    return found[0] if len(found) == 1 else None


def format_of(text: str, date: PrintedDate, stated_day: day_type | None = None) -> str | None:
    """The format of a date in a text, as for ``strptime``; ``None`` if day and month cannot be told apart.

    ``07/01/2026, 14:35`` is ``%d/%m/%Y, %H:%M``. Words between the parts are literal; a zone behind them is left out.
    """
    found = date.day
    if date.other is not None:
        if stated_day not in (date.day, date.other) or date.day == date.other:
            return None
        found = stated_day or found
    line, end = with_ascii_digits(text), date.end
    if date.clock is not None:
        digits = _CLOCK.match(line, date.clock.start)
        end = digits.end() if digits else date.clock.start
        end = max(end, date.end) if date.clock.start == date.start else end
    values = [("Y", found.year), ("d", found.day)] + ([] if date.languages else [("m", found.month)])
    clock = date.clock.at if date.clock is not None else None
    times = [] if clock is None else [("H", clock.hour), ("M", clock.minute), ("S", clock.second)]
    form = "".join(_directives(line[date.start : end], values, times, date)).strip()
    month = "%B" if date.languages else "%m"
    is_whole = all(form.count(directive) == 1 for directive in ("%d", month, "%Y"))
    return form if is_whole and len(form) <= MAX_FORMAT and not re.search(r"\d", form) else None


def _directives(
    line: str, values: list[tuple[str, int]], times: list[tuple[str, int]], date: PrintedDate
) -> Iterator[str]:
    """The pieces of a line, with directives in the place of numbers and of the month's name."""
    at = 0
    for piece in _PIECE.finditer(line):
        yield line[at : piece.start()]
        at = piece.end()
        word = piece[0]
        if word.isdecimal() and (known := next((each for each in values if each[1] == int(word)), None)) is not None:
            values.remove(known)
            yield f"%{known[0]}"
        elif word.isdecimal() and times and int(word) in (times[0][1], times[0][1] % NOON or NOON):
            yield f"%{times.pop(0)[0]}"
        elif word == "%":
            yield "%%"
        elif date.languages and (month := month_named(word)) is not None and month.languages & date.languages:
            yield "%B"
        else:
            yield word
    yield line[at:]
