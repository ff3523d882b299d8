"""A survey as the source of a site definition: facts with their evidence as comments, and what is presumed marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from caliber_crawler.extraction.slots import HEADLINE
from caliber_crawler.extraction.text import slug
from caliber_crawler.learning.layout import Fact
from caliber_crawler.quantity import quantity
from caliber_crawler.site_learning.survey import Evidenced, Survey

MAX_LINES, MAX_WIDTH = 40, 120
MAX_DROPPED = 3
MAX_FEEDS = 1
LAYOUT_PARTS = ("headline", "date", "authors", "section", "body", "views")
"""The parts that are selectors of ``Layout`` under the same name."""


def definition_of(survey: Survey, name: str, today: date) -> str:
    """The source of a spider with the site's definition: at most 40 lines of at most 120 characters."""
    layout = list(_layout(survey))
    listing = list(_listing(survey))
    head = list(_site(survey, name))
    sections = list(_sections(survey))
    editions = list(_editions(survey, sections))
    while len(head) + len(layout) + len(listing) + len(editions) + 12 > MAX_LINES and sections:
        sections.pop()
        editions = list(_editions(survey, sections))
    imports = ["Edition", *(["Feed"] if survey.feeds else []), "Layout"]
    imports += ["Links"]
    imports += ["ListingLayout"] if listing else []
    imports += ["Section"] if sections else []
    imports += ["Site", "Sitemaps", "StartPage"]
    lines = [
        f'"""{_plain(survey.title.value)}: written by `caliber learn` on {today}. Check what is presumed."""',
        "",
        "from caliber_crawler.news_spider import NewsSpider",
        f"from caliber_crawler.site import {', '.join(imports)}",
        "",
        "",
        f"class {_class_name(name)}(NewsSpider):",
        f"    name = {_quoted(name)}",
        "    site = Site(",
        *head,
        *editions,
        *layout,
        *listing,
        "    )",
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def site_name(host: str) -> str:
    """The name of a new definition: the host's own part (``news`` of ``www.news.example.org`` is left out)."""
    labels = [label for label in host.partition(":")[0].removeprefix("www.").split(".") if label]
    label = max(labels[:-1] or labels, key=len) if not all(part.isdigit() for part in labels) else "local"
    word = re.sub(r"\W+", "_", label).strip("_") or "site"
    return word if not word[0].isdigit() else f"site_{word}"


def _site(survey: Survey, name: str) -> Iterator[str]:
    site, pattern = survey.site, survey.article_path
    yield _line("name", name)
    yield _line("title", survey.title.value, survey.title.note if survey.title.examined else "presumed")
    yield _line("base_url", site.base_url)
    zone = survey.timezone
    yield (
        _line("timezone", zone.value, f"presumed: {zone.note} dates") if zone else _line("timezone", "UTC", "presumed")
    )
    form = _best(survey.lesson.learned.facts, "date_format")
    if form is not None and survey.layout.date_format is not None:
        yield _raw("date_formats", _tuple((form.value,)), f"{form.confirming} of {quantity(form.examined, 'date')}")
    if pattern is not None:
        others = f"{pattern.others} of {quantity(pattern.of_others, 'other page')}"
        note = f"{pattern.articles} of {quantity(pattern.of_articles, 'article')}, {others}"
        is_plain = pattern.regex.isprintable() and '"' not in pattern.regex and not pattern.regex.endswith("\\")
        yield _raw("article_path", f'r"{pattern.regex}"' if is_plain else _quoted(pattern.regex), note)
    else:
        yield _raw("article_path", 'r"/(?P<slug>.+)"', "presumed")
    yield '        trusted_metadata=("published_at", "cover_image"),  # presumed'
    start = f"StartPage(url={_quoted(site.base_url + '/')})"
    feeds = [f"Feed(path={_quoted(feed.value)})" for feed in survey.feeds[:MAX_FEEDS]]
    sources = ["Sitemaps()", *feeds, start] if survey.has_sitemap else [*feeds, start]
    sources += ["Links()"] if survey.has_sitemap else ["Links()", "Sitemaps()"]
    notes = ["a sitemap was read"] if survey.has_sitemap else []
    notes += [f"the feed named {survey.feeds[0].note} articles first"] if feeds else []
    yield _raw("sources", f"({', '.join(sources)})", ", ".join(notes))


def _editions(survey: Survey, sections: list[str]) -> Iterator[str]:
    languages = survey.languages or [Evidenced("und", 0, 0)]
    yield "        editions=("
    for place, language in enumerate(languages):
        labels = tuple(label.value for label in survey.view_labels) if place == 0 else ()
        arguments = [f"language={_quoted(language.value)}", f"name={_quoted(language.value)}"]
        if prefix := survey.prefixes.get(language.value):
            arguments.append(f"prefixes=({_quoted(prefix)},)")
        if labels:
            arguments.append(f"view_labels={_tuple(labels)}")
        note = f"  # {language.note} articles"
        if place == 0 and sections:
            yield f"            Edition({note}"
            yield from (f"                {argument}," for argument in arguments)
            yield "                sections={"
            yield from sections
            yield "                },"
            yield "            ),"
        else:
            yield f"            Edition({', '.join(arguments)}),{note}"
    yield "        ),"


def _sections(survey: Survey) -> Iterator[str]:
    seen = set()
    for label, path in survey.sections:
        key = slug(path.rpartition("/")[2]) or slug(label.value)
        if key in seen or not path.startswith("/"):
            continue
        seen.add(key)
        entry = f"{_quoted(key)}: Section(path={_quoted(path)}, labels=({_quoted(label.value)},)),"
        yield f"                    {entry}  # {label.note}"


def _layout(survey: Survey) -> Iterator[str]:
    facts = survey.lesson.learned.facts
    best = {part: _best(facts, part) for part in LAYOUT_PARTS}
    if best["body"] is None:
        return
    body = best["body"]
    yield "        layouts=("
    yield "            Layout("
    yield '                name="learned",'
    yield f"                article={_quoted(body.value)},"
    for part in LAYOUT_PARTS:
        if (fact := best[part]) is not None:
            presumed = "" if fact.confirming >= fact.examined else ": presumed"
            selector = _quoted(fact.value.removesuffix(HEADLINE))
            yield f"                {part}={selector},  # {fact.confirming} of {fact.examined}{presumed}"
    dropped = [fact.value for fact in facts if fact.part == "drop"][:MAX_DROPPED]
    if dropped:
        yield f"                drop={_tuple(dropped)},"
    yield "            ),"
    yield "        ),"


def _listing(survey: Survey) -> Iterator[str]:
    rule = survey.teasers
    if rule is None:
        return
    arguments = [f"teaser={_quoted(rule.teaser)}", 'link="a"']
    arguments += [f"headline={_quoted(rule.headline)}"] if rule.headline else []
    arguments += [f"next={_quoted(rule.next)}"] if rule.next else []
    yield f"        listing=ListingLayout({', '.join(arguments)}),  # {rule.lists} of {quantity(rule.of_lists, 'list')}"


def _best(facts: Iterable[Fact], part: str) -> Fact | None:
    return next((fact for fact in facts if fact.part == part), None)


def _line(name: str, value: str, note: str = "") -> str:
    return _raw(name, _quoted(value), note)


def _raw(name: str, value: str, note: str) -> str:
    line = f"        {name}={value},"
    with_note = f"{line}  # {note}" if note else line
    return with_note if len(with_note) <= MAX_WIDTH else line


def _quoted(text: str) -> str:
    """A string literal in double quotes, as the formatter writes it."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    if '"' in plain and "'" not in plain and "\\" not in plain:
        return f"'{plain}'"
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tuple(values: Iterable[str]) -> str:
    quoted = [_quoted(value) for value in values]
    return f"({', '.join(quoted)}{',' if len(quoted) == 1 else ''})"


def _plain(text: str) -> str:
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return re.sub(r'["\\\s]+', " ", printable).strip()[:60]


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[\W_]+", name) if part) + "Spider"
