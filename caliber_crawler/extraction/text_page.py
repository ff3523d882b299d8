"""Extraction from lines of text: for a text file, or a page that matches no layout of its site.

The order of the lines identifies the parts: boilerplate, an optional pinned headline, the section's label, controls,
headline and subtitle, the dateline, the body, a byline, the signature, the view counter, boilerplate. If the dateline
begins with the section's label, the headline and subtitle are above it. Peculiarities of a site are in its definition:
:class:`~caliber_crawler.site.TextLayout`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from caliber_crawler.extraction.boilerplate import (
    is_boilerplate,
    is_section_blurb,
    is_share_bar,
    is_site_boilerplate,
    without_boilerplate,
)
from caliber_crawler.extraction.bylines import cut_byline, cut_leading_bylines, cut_signature, is_signature
from caliber_crawler.extraction.counts import is_counter, is_unlabelled_counter
from caliber_crawler.extraction.dates import FoundDate, find_date
from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction.text import fold
from caliber_crawler.site import Site

MAX_DATELINE_LENGTH = 80
MAX_LABEL_LENGTH = 40


@dataclass(frozen=True, slots=True)
class TextParts:
    """The parts of an article that were found in the lines of a page."""

    headline: str
    subtitle: str | None
    published_at: datetime | None
    body: tuple[Line, ...]
    layout: str | None = None
    """The name of the design, if it was recognized: :attr:`TextLayout.labelled_dateline`."""
    section_label: str | None = None
    authors: tuple[str, ...] = ()
    signature: str | None = None
    views_shown: str | None = None
    month_language: str | None = None


@dataclass(frozen=True, slots=True)
class _Dateline:
    index: int
    date: FoundDate
    label: str | None
    """The section's label before the date on the same line."""


def find_parts(lines: Sequence[Line], site: Site, title: str | None = None) -> TextParts | None:
    """Identify the parts of an article in the lines of a page. Return ``None`` if there is no article.

    ``title`` is the headline from the page's metadata, if any. It distinguishes the headline from the subtitle.
    """
    lines = _split_controls(lines, site)
    dateline = _find_dateline(lines, site)
    if dateline is None:
        return None
    label_at = _last(lines[: dateline.index], lambda line: site.section_named(line.text) is not None)
    headline, subtitle = _extract_titles(lines, dateline, label_at, site, title)
    if not headline:
        return None
    end = _find_end(lines, dateline.index + 1, site)
    body, signature = cut_signature(without_boilerplate(lines[dateline.index + 1 : end], site), site)
    body, authors = cut_byline(body)
    layout = (site.text.labelled_dateline or None) if dateline.label is not None else None
    if layout is not None:
        body, authors_above = cut_leading_bylines(body, site)
        authors = (*authors_above, *authors)
    label = dateline.label or (lines[label_at].text if label_at is not None else None)
    return TextParts(
        headline=headline,
        subtitle=subtitle,
        published_at=dateline.date.timestamp,
        body=tuple(body),
        layout=layout,
        section_label=label,
        authors=authors,
        signature=signature or _signature_after(lines, end, site),
        views_shown=_views_line(lines, end, site),
        month_language=dateline.date.language,
    )


@cache
def _controls_in_a_row(controls: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the site's controls in a row. A hyphen matches any dash."""
    row = r"\s*".join(re.escape(label).replace(r"\-", "[-–]") for label in controls)
    return re.compile(rf"{row}(?=\s|$)" if row else r"(?!)")


def _split_controls(lines: Sequence[Line], site: Site) -> Sequence[Line]:
    """Put controls on lines of their own if they are joined with the label or the title."""
    controls = _controls_in_a_row(site.text.controls)
    if not any(controls.search(line.text) for line in lines):
        return lines
    result: list[Line] = []
    for line in lines:
        match = controls.search(line.text)
        before = line.text[: match.start()].strip() if match else ""
        if match is None or (before and site.section_named(before) is None):
            result.append(line)
            continue
        texts = (before, *site.text.controls, line.text[match.end() :].strip())
        result += [line._replace(text=text, gap=line.gap and at == 0, runs=()) for at, text in enumerate(texts) if text]
    return result


def _find_dateline(lines: Sequence[Line], site: Site) -> _Dateline | None:
    """The line with the article's date. A pinned headline has a date too, but comes before the section's label."""
    control = _last(lines, lambda line: line.text in site.text.controls)
    start = 0 if control is None else control + 1
    first: _Dateline | None = None
    labelled = control is not None
    for at in range(start, len(lines)):
        found = _as_dateline(at, lines[at], site)
        if found is None:
            labelled = labelled or site.section_named(lines[at].text) is not None
        elif labelled or found.label is not None:
            return found
        else:
            first = first or found
    return first


def _as_dateline(index: int, line: Line, site: Site) -> _Dateline | None:
    if not line.text or len(line.text) > MAX_DATELINE_LENGTH or not any(char.isdecimal() for char in line.text):
        return None
    found = find_date(line.text, site)
    if found is None or found.end != len(line.text):
        return None
    before = line.text[: found.start].strip(" |·•–—-,")
    if not before:
        return _Dateline(index, found, None)
    known = site.section_named(before) is not None
    short = len(before) <= MAX_LABEL_LENGTH and len(before.split()) <= 3 and before == before.upper()
    return _Dateline(index, found, before) if known or short else None


def _extract_titles(
    lines: Sequence[Line], dateline: _Dateline, label_at: int | None, site: Site, title: str | None
) -> tuple[str, str | None]:
    above = range(dateline.index)
    barrier = max(
        (at for at in above if at == label_at or (lines[at].text and is_boilerplate(lines[at].text, site))),
        default=-1,
    )
    between = [lines[at] for at in range(barrier + 1, dateline.index) if lines[at].text]
    start = _find_title(between, title)
    if start is None:
        # Above the two lines of a title there may be a pinned headline or an unknown header.
        start = max(0, len(between) - 2) if barrier == -1 or dateline.label else 0
    titles = [line.text for line in between[start:]]
    if not titles:
        return "", None
    return titles[0], " ".join(titles[1:]) or None


def _find_title(lines: Sequence[Line], title: str | None) -> int | None:
    """The first line of the title: the line that the metadata quotes, or the last heading of the highest level."""
    quoted = [at for at, line in enumerate(lines) if title and fold(title).startswith(fold(line.text))]
    if quoted:
        return max(quoted, key=lambda at: len(lines[at].text))
    level = min((line.heading for line in lines if line.heading), default=0)
    return _last(lines, lambda line: line.heading == level and line.gap) if level else None


def _find_end(lines: Sequence[Line], start: int, site: Site) -> int:
    """The end of the body: the view counter, or the first line of the site's boilerplate after the article."""
    labels = _view_labels(site)
    for at in range(start, len(lines)):
        text = lines[at].text
        if text and (is_counter(text, labels) or _is_counter_after_signature(lines, at, site)):
            return at
    for at in range(start, len(lines)):
        text = lines[at].text
        if text and (
            is_site_boilerplate(text, site) or is_share_bar(lines, at, site) or is_section_blurb(lines, at, site)
        ):
            return at
    return len(lines)


def _is_counter_after_signature(lines: Sequence[Line], at: int, site: Site) -> bool:
    allowed = site.text.unlabelled_counter and at > 0
    return allowed and is_unlabelled_counter(lines[at].text) and is_signature(lines[at - 1].text, site)


def _views_line(lines: Sequence[Line], end: int, site: Site) -> str | None:
    if end == len(lines):
        return None
    text = lines[end].text
    return text if is_counter(text, _view_labels(site)) or _is_counter_after_signature(lines, end, site) else None


def _signature_after(lines: Sequence[Line], end: int, site: Site) -> str | None:
    """The signature, if it is just below the view counter instead of above it."""
    return next((line.text for line in lines[end : end + 2] if is_signature(line.text, site)), None)


def _view_labels(site: Site) -> tuple[str, ...]:
    return tuple(label for edition in site.editions for label in edition.view_labels)


def _last(lines: Sequence[Line], fits: Callable[[Line], bool]) -> int | None:
    return next((at for at in range(len(lines) - 1, -1, -1) if lines[at].text and fits(lines[at])), None)
