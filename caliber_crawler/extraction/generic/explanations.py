"""The candidates of the generic extractor for each field, as ``caliber extract --explain`` prints them.

Only conversion: the rankings are those of the extraction (:mod:`caliber_crawler.extraction.candidates`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from caliber_crawler.extraction.candidates import Candidate, LeftOut
from caliber_crawler.extraction.dates.labels import Role
from caliber_crawler.extraction.generic.authorship import Authors
from caliber_crawler.extraction.generic.body import Body
from caliber_crawler.extraction.generic.date_candidates import (
    BELOW,
    DATELINE,
    DECLARED,
    FAINTLY_DECLARED,
    LINE,
    NAMED,
    REST,
    UPDATE,
    URL,
    WEAKLY_DECLARED,
    DateCandidate,
)
from caliber_crawler.extraction.generic.fields import FieldValue
from caliber_crawler.extraction.generic.publication_dates import FoundTimestamp, RankedDates
from caliber_crawler.extraction.generic.titles import Titles
from caliber_crawler.extraction.generic.view_counters import ViewCounters
from caliber_crawler.extraction.lines import Line
from caliber_crawler.extraction.omissions import REPEATED, Omissions, letters, letters_by_reason

BEST_SOURCE = "the most reliable source that has one"
RANKS_BELOW = "ranks below the one that is used"
MAX_CLASS_LENGTH = 60
MAX_SAMPLE_LENGTH = 200
_WHY = {
    DECLARED: "metadata that names the publication",
    NAMED: "markup that names the publication",
    WEAKLY_DECLARED: "metadata whose name may mean another date",
    FAINTLY_DECLARED: "metadata whose name often means another date",
    DATELINE: "labelled or named as a date, near the headline",
    LINE: "a short line near the headline",
    URL: "the URL",
    BELOW: "in the article, below the headline's place",
    REST: "labelled, but elsewhere on the page",
    UPDATE: "only an update",
}
_ZONES = {
    "page": "offset from the page",
    "two_clocks": "offset from a local time and an instant on the page",
    "printed_day": "offset from the printed local day",
    "site": "no offset on the page: local time of the site",
}


def explain_titles(titles: Titles) -> Iterator[Candidate]:
    """The titles, best first, then those that are not used."""
    for number, title in enumerate(titles.ranked):
        why = title.why or (RANKS_BELOW if number else BEST_SOURCE)
        yield Candidate(title.text, title.source, title.method, why, number == 0)
    for title in titles.others:
        yield Candidate(title.text, title.source, title.method, title.why)


def explain_values(values: Iterable[FieldValue]) -> Iterator[Candidate]:
    """Values of which the first is used."""
    for number, value in enumerate(values):
        yield Candidate(value.text, value.source, value.method, RANKS_BELOW if number else BEST_SOURCE, number == 0)


def explain_authors(ranking: Sequence[Authors]) -> Iterator[Candidate]:
    """The authors by source, best first."""
    for number, authors in enumerate(ranking):
        why = authors.why or (RANKS_BELOW if number else BEST_SOURCE)
        yield Candidate("; ".join(authors.names), authors.source, authors.method, why, number == 0)


def explain_dates(dates: RankedDates) -> Iterator[Candidate]:
    """The dates, best first, then those that are not used."""
    for number, date in enumerate(dates.ranked):
        why = _WHY[UPDATE if date.role is Role.UPDATED else date.tier]
        if number == 0 and dates.best is not None:
            why += f"; stored as {_exact(dates.best)}"
        yield Candidate(_timestamp(date), _source_of_date(date), date.method, why, number == 0)
    for date in dates.others:
        yield Candidate(_timestamp(date), _source_of_date(date), date.method, date.rejection)


def _timestamp(date: DateCandidate) -> str:
    return date.at.date().isoformat() if date.is_bare else date.at.isoformat(sep=" ")


def _exact(best: FoundTimestamp) -> str:
    if best.precision == "day":
        return f"{best.at.date()}, a day"
    return f"{best.at.isoformat(sep=' ')}, {_ZONES.get(best.zone, best.zone)}"


def _source_of_date(date: DateCandidate) -> str:
    if date.element is None:
        return date.name or "URL"
    return f"{describe(date.element)} {date.name}" if date.name else f"text in {describe(date.element)}"


def describe(element: etree._Element) -> str:
    """An element as its start tag with its class or ID: ``<span class="date">``."""
    for name in ("class", "id", "itemprop"):
        if value := " ".join((element.get(name) or "").split())[:MAX_CLASS_LENGTH]:
            return f'<{element.tag} {name}="{value}">'
    return f"<{element.tag}>"


def explain_views(counters: ViewCounters) -> Iterator[Candidate]:
    """The view counter of the article, and the other counters on the page."""
    own = counters.own
    if own is not None:
        source = "JSON-LD or microdata" if own.method == "structured_data" else "text"
        yield Candidate(own.shown, source, own.method, "the article's own counter", is_chosen=True)
    for candidate in counters.visible:
        if own is None or candidate.counter.shown != own.shown:
            why = RANKS_BELOW if own is not None else "not certain: counters differ, or it is away from the article"
            yield Candidate(candidate.counter.shown, f"text, {candidate.place.name.lower()}", "text", why)


def explain_language(
    language: FieldValue | None, declared: Iterable[FieldValue], of_text: str | None
) -> Iterator[Candidate]:
    """The languages that the page declares, and that of its text."""
    if of_text:
        is_used = language is not None and language.method == "generic"
        why = "the text is clearly in it" if is_used else "the declared one stays unless the text clearly contradicts"
        yield Candidate(of_text, "text", "generic", why, is_used)
    for number, value in enumerate(declared):
        is_used = number == 0 and language is not None and language.method == "structured_data"
        overruled = language is not None and language.method == "generic"
        why = BEST_SOURCE if is_used else "the text is in another language" if overruled else RANKS_BELOW
        yield Candidate(value.text, value.source, "structured_data", why, is_used)


def explain_body(body: Body | None) -> Iterator[Candidate]:
    """The body, and the readings of the page that were not used."""
    if body is None:
        return
    why = body.disagreement or "the readings agree, or one has some gaps"
    yield Candidate("\n\n".join(body.paragraphs), f"reading by {body.reader}", "generic", why, is_chosen=True)
    for reader, paragraphs in body.readings:
        if paragraphs and reader != body.reader:
            text = "\n\n".join(paragraphs)
            yield Candidate(text, f"reading by {reader}", "generic", "not the reading that the others confirm")


def explain_omissions(omissions: Omissions, paragraphs: Sequence[str]) -> Iterator[LeftOut]:
    """The text of the page that is not in the body, by reason."""
    counts = letters_by_reason(omissions.texts)
    whole = sum(counts.values()) + sum(map(letters, paragraphs))
    for reason, count in counts.items():
        texts = omissions.texts[reason]
        sample = max(texts, key=len)[:MAX_SAMPLE_LENGTH]
        yield LeftOut(reason, count, round(count / max(whole, 1), 3), len(texts), sample)


def explain_repetition(generic: Sequence[Line], corrected: Sequence[Line]) -> Iterator[LeftOut]:
    """The lines of a body that what is known of its site takes out, because other pages repeat them."""
    kept, omissions = Counter(line.text for line in corrected), Omissions()
    for line in generic:
        if kept[line.text]:
            kept[line.text] -= 1
        else:
            omissions.add(REPEATED, line.text)
    return explain_omissions(omissions, [line.text for line in corrected])
