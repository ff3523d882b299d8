"""Learning a site's layout: all its rules, from a sample of its pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from caliber_crawler.extraction.document import Document
from caliber_crawler.learning.beside import learn_beside
from caliber_crawler.learning.body import learn_body, text_of
from caliber_crawler.learning.candidates import matches
from caliber_crawler.learning.choice import Choice
from caliber_crawler.learning.date_forms import learn_date_forms
from caliber_crawler.learning.fields import (
    AUTHORS,
    DATE,
    SECTION,
    VIEWS,
    IndexedSample,
    SlotRule,
    common_tail,
    has_sections,
    headline_field,
    learn_rules,
)
from caliber_crawler.learning.page_index import PageIndex, text_key
from caliber_crawler.learning.repetition import boilerplate_lines
from caliber_crawler.learning.unaided import learn_byline, learn_date, learn_section
from caliber_crawler.site.learned import LearnedLayout

MIN_PAGES = 5
"""Pages with which learning is tried."""
MAX_PAGES = 50
CERTAIN = 0.95
"""The share of the pages on which a rule must agree to overrule the generic extraction."""
MAX_LINES = 200
UNDATED = "no page of the site has a date"
PARTS = ("headline", "date", "authors", "section", "views", "body", "drop")
Part = Literal[
    "headline",
    "date",
    "authors",
    "section",
    "body",
    "drop",
    "views",
    "line",
    "tail",
    "language",
    "text_language",
    "undated",
    "date_format",
    "date_language",
    "date_zone",
]
DATE_FORMS: tuple[Part, Part, Part] = ("date_format", "date_language", "date_zone")
"""How dates are printed, not where."""
MIN_MONOLINGUAL = 10
"""Pages, all in one language, that show that the site has no other."""
MIN_FORMS = 3
"""Pages that must show how dates are printed."""
MIN_CONTRADICTED, MIN_CONTRADICTED_SHARE = 3, 0.6
"""Number and share of pages whose text is in another language than they declare that show that a theme declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page of a site, and what is known of its article; an unknown value is ``None`` or empty."""

    page: Document = field(repr=False)
    url: str
    headline: str | None = None
    day: date | None = None
    authors: tuple[str, ...] = ()
    body: str = field(default="", repr=False)
    language: str | None = None
    is_language_of_text: bool = False
    """Whether the language is that of the text, because the page declares another one or none."""
    views_shown: str = ""
    section: str = ""
    """The label of its section, as printed."""
    stated_day: date | None = None
    """The day as the page states it for machines, or as the archive knows it."""
    instant: datetime | None = None
    """The instant of publication that the page states, with its offset."""


class Fact(NamedTuple):
    """A learned rule or line with its evidence: the pages that agree, of those that could be compared."""

    part: Part
    value: str
    confirming: int
    examined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned from a sample."""

    layout: LearnedLayout
    facts: tuple[Fact, ...]
    pages: int
    """Different pages in the sample."""


def learn_layout(samples: Sequence[Sample], *, from_archive: bool = False) -> Learned:
    """Learn the rules of a site from pages with what the generic extraction found on them.

    ``from_archive``: the answers are those of archived articles, and their pages have a new layout. Then nothing is
    learned without them, and authors only together with headline or date.
    """
    indexed = _indexed(samples)
    facts: list[Fact] = []
    if len(indexed) < MIN_PAGES:
        return Learned(layout=LearnedLayout(), facts=(), pages=len(indexed))
    languages = Counter(sample.language for sample in indexed if sample.language)
    facts += (Fact("language", name, count, languages.total()) for name, count in languages.most_common(1))
    of_text = Counter(sample.language for sample in samples if sample.language and sample.is_language_of_text)
    facts += (Fact("text_language", name, count, len(indexed)) for name, count in of_text.most_common(1))
    tail = common_tail([sample.headline or "" for sample in indexed])
    if tail:
        of_tail = sum((sample.headline or "").endswith(tail) for sample in indexed)
        facts.append(Fact("tail", tail, of_tail, sum(bool(sample.headline) for sample in indexed)))
    headline = learn_rules(indexed, headline_field(tail))

    def headline_of(sample: IndexedSample) -> int | None:
        for choice in headline:
            if found := matches(sample.page, choice.rule.selector):
                return found[0]
        return next(iter(matches_of_tag(sample.page, "h1")), None)

    dates = learn_rules(indexed, DATE)
    undated = 0 if any(sample.day for sample in indexed) else len(indexed)
    authors = learn_rules(indexed, AUTHORS)
    section = None
    if not from_archive:
        base_url = samples[0].url
        if (unaided := learn_date(indexed, headline_of)) is not None and not dates:
            dates = [unaided]
        if (byline := learn_byline(indexed, headline_of, base_url)) is not None:
            authors = [byline]
        section = learn_section(indexed, headline_of, base_url)
    elif not (headline or dates):
        authors = []
    forms = learn_date_forms(indexed, [choice.rule for choice in dates])
    facts += (Fact(part, *found) for part, found in zip(DATE_FORMS, forms, strict=True) if found is not None)
    if undated and not dates:
        facts.append(Fact("undated", UNDATED, undated, undated))
    body, dropped = learn_body(indexed, is_exact=from_archive)
    if body is not None and not from_archive:
        dropped += learn_beside(indexed, [text_of(sample) for sample in indexed], body.rule)
    chosen: dict[Part, list[Choice[SlotRule]]] = {"headline": headline, "date": dates, "authors": authors}
    chosen["views"] = learn_rules(indexed, VIEWS)
    chosen["section"] = [section] if section else learn_rules(indexed, SECTION) if has_sections(indexed) else []
    for part, choices in chosen.items():
        facts += (Fact(part, choice.rule.text, choice.evidence.agree, choice.evidence.judged) for choice in choices)
    if body is not None:
        facts.append(Fact("body", body.rule.css, body.evidence.agree, body.evidence.judged))
        facts += (Fact("drop", css, confirming, examined) for css, confirming, examined in dropped)
    repeated = boilerplate_lines(indexed, body.rule if body is not None else None)
    lines = sorted(repeated.items(), key=lambda line: (-line[1], line[0]))
    facts += (Fact("line", line, count, len(indexed)) for line, count in lines[:MAX_LINES])
    return Learned(layout=layout_of(facts), facts=tuple(facts), pages=len(indexed))


def _is_of_theme(fact: Fact) -> bool:
    """Whether so many texts contradict the declared language that it is the theme's and not the page's."""
    return fact.confirming >= max(MIN_CONTRADICTED, MIN_CONTRADICTED_SHARE * fact.examined)


def layout_of(facts: Sequence[Fact], *, is_trusted: bool = False) -> LearnedLayout:
    """The rules of learned facts, those with most evidence first."""
    rules: dict[str, list[str]] = {}
    weak = set()
    for fact in facts:
        rules.setdefault(fact.part, []).append(fact.value)
        if fact.part == "text_language" and not _is_of_theme(fact):
            del rules[fact.part]
        if fact.part in DATE_FORMS and not (fact.confirming >= max(MIN_FORMS, CERTAIN * fact.examined)):
            rules.pop(fact.part, None)
        if fact.part in ("headline", "date", "authors", "views", "body") and fact.confirming < CERTAIN * fact.examined:
            weak.add(fact.part)
    many = {part: tuple(rules.get(part, ())) for part in PARTS}
    tail, language = rules.get("tail", [""])[0], rules.get("language", [None])[0]
    layout = LearnedLayout(**many)  # type: ignore[arg-type]
    return replace(
        layout,
        lines=tuple(rules.get("line", ())),
        headline_tail=tail,
        language=language,
        is_monolingual=any(
            fact.part == "language" and fact.confirming == fact.examined >= MIN_MONOLINGUAL for fact in facts
        ),
        text_language=rules.get("text_language", [None])[0],
        is_undated="undated" in rules,
        date_format=rules.get("date_format", [None])[0],
        date_language=rules.get("date_language", [None])[0],
        date_zone=rules.get("date_zone", [None])[0],
        weak=tuple(sorted(weak)),
        is_trusted=is_trusted,
    )


def matches_of_tag(page: PageIndex, tag: str) -> list[int]:
    """The elements with a tag."""
    return page.postings.get(tag, [])


def _indexed(samples: Sequence[Sample]) -> list[IndexedSample]:
    """The samples with an index of their page: one of each URL and of each text."""
    seen: set[str] = set()
    found = []
    for sample in samples[:MAX_PAGES]:
        keys = {sample.url, text_key(sample.body)[:2000]} - {""}
        if keys & seen:
            continue
        seen |= keys
        found.append(
            IndexedSample(
                page=PageIndex(sample.page.root),
                headline=sample.headline,
                day=sample.day,
                authors=sample.authors,
                body=sample.body,
                language=sample.language,
                views_shown=sample.views_shown,
                section=sample.section,
                stated_day=sample.stated_day,
                instant=sample.instant,
            )
        )
    return found
