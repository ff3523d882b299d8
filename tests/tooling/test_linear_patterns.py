"""No regular expression of the package takes more than linear time, whatever the text from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from caliber_crawler import robots_groups
from caliber_crawler.extraction import boilerplate, counts, not_found, structured_data, text_page
from caliber_crawler.extraction.dates import labels, site_formats
from caliber_crawler.known_sites import known_spiders, project_settings
from caliber_crawler.learning.url_patterns import learn_article_path
from caliber_crawler.lists import markup as list_markup
from caliber_crawler.page_files import forms
from caliber_crawler.site import Site
from caliber_crawler.throttle import ROBOTS_AGENT
from tests.tooling.patterns import Use, collect, groups_repeated_possessively, slowness

LEARNED_URLS = (
    ("/2026/01/one-story", "/2025/12/another-story", "/2024/07/third"),
    ("/post/one", "/en/post/two", "/arm/post/three", "/post/four"),
    ("/world/1.html", "/home/2.html", "/sports/3.html", "/culture/4.html", "/economy/5.html"),
)
Patterns = Callable[[Site], Iterable[re.Pattern[str]]]

BUILDERS: dict[str, tuple[set[str], Patterns]] = {
    "lists.markup:_tag": (
        {"finditer", "match"},
        lambda site: [
            list_markup._tag(names, end=end) for names in list_markup.ENTRY_NAMES.values() for end in (True, False)
        ],
    ),
    "extraction.boilerplate:_folded": ({"match"}, lambda site: [boilerplate._boilerplate(site).leads]),
    "extraction.counts:_count": (
        {"search"},
        lambda site: [counts._count(language) for language in (None, counts._ANY, *counts._SCALES_IN)],
    ),
    "extraction.counts:_counter_line": (
        {"fullmatch"},
        lambda site: [counts._counter_line(edition.view_labels) for edition in site.editions],
    ),
    "extraction.dates.labels:_pattern": (
        {"finditer", "search"},
        lambda site: [labels._pattern(role) for role in labels.Role if role is not labels.Role.UNNAMED],
    ),
    "extraction.dates.site_formats:format_pattern": (
        {"finditer"},
        lambda site: map(site_formats.format_pattern, site.date_formats),
    ),
    "extraction.not_found:_page_pattern": ({"search"}, lambda site: [not_found._page_pattern()]),
    "extraction.structured_data:_site_title": ({"sub"}, lambda site: [structured_data._site_title(site.title)]),
    "extraction.text_page:_controls_in_a_row": (
        {"search"},
        lambda site: [text_page._controls_in_a_row(site.text.controls)],
    ),
    "learning.url_patterns:learn_article_path": (
        {"fullmatch", "sub"},
        lambda site: [
            re.compile(learned.regex)
            for urls in LEARNED_URLS
            if (learned := learn_article_path([f"{site.base_url}{url}" for url in urls], ())) is not None
        ],
    ),
    "site_learning.comparison:_article_path": ({"fullmatch"}, lambda site: [re.compile(site.article_path)]),
    "output_files:new_files": (set(), lambda site: []),  # the name of a folder in a message
    "page_files.forms:refuse": ({"match"}, lambda site: [re.compile(pattern) for pattern, *_ in forms.OTHERS]),
    "robots_groups:_token": ({"search"}, lambda site: [robots_groups._token(ROBOTS_AGENT)]),
    "site.site:_parse_article_url": ({"fullmatch"}, lambda site: [re.compile(site.article_path)]),
    "site.validation:validation_errors": (set(), lambda site: []),  # it only compiles the expression of the line above
}
"""The functions that build patterns, the methods that are called on these, and the patterns for a site."""


@pytest.mark.slow
def test_every_pattern_takes_linear_time() -> None:
    uses, builders = collect()
    # A new function that builds a pattern needs an entry in the table above.
    assert {builder.removeprefix("caliber_crawler.") for builder in builders} == BUILDERS.keys()
    sites = [spider.site for spider in known_spiders(project_settings()).values()]
    built = [
        Use(f"{name} ({site.name})", pattern, frozenset(methods))
        for name, (methods, patterns) in BUILDERS.items()
        for site in sites
        for pattern in patterns(site)
    ]
    # Most patterns of one site are those of another.
    different = {(use.pattern, use.methods): use for use in (*uses, *built)}
    slow = {use.where: found for use in different.values() if (found := slowness(use))}
    assert len(different) > 150
    assert slow == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        # Those that stopped a crawl.
        (re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S), "match"),
        (re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<rss\b", re.S), "match"),
        # Exponential, cubic and quadratic ones.
        (re.compile(r"(a+)+$"), "match"),
        (re.compile(r"(?:a|aa)+$"), "match"),
        (re.compile(r"^(\w+\s?)*$"), "match"),
        (re.compile(r"url\(\s*(?P<quote>[\"']?)(?P<url>.*?)(?P=quote)\s*\)"), "search"),
        (re.compile(r"a*a*b"), "match"),
        (re.compile(r"\s+$"), "sub"),
        (re.compile(r"\s*(?:,|\band\b)\s*"), "split"),
        (re.compile(r"by\s+(.+)"), "fullmatch"),
        (re.compile(r"404\s*[-–]?\s*not found"), "fullmatch"),
        (re.compile(rb"<input\b[^>]*\btype=password"), "search"),
    ],
)
def test_a_pattern_that_backtracks_is_found(pattern: re.Pattern[Any], method: str) -> None:
    assert slowness(Use("here", pattern, frozenset([method])))


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (re.compile(r"(a++)++$"), "match"),
        (re.compile(r"(?<!\s)\s++$"), "sub"),
        (re.compile(r"by\s++(.+)"), "fullmatch"),
        (re.compile(rb"<input\b[^<>]*\btype=password"), "search"),
        (re.compile(r"\w*Article"), "match"),
    ],
)
def test_a_linear_pattern_passes(pattern: re.Pattern[Any], method: str) -> None:
    assert slowness(Use("here", pattern, frozenset([method]))) is None


@pytest.mark.slow
def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 matches such a repetition wrongly if the group itself may backtrack."""
    uses, _ = collect()
    wrong = [use.where for use in uses if any(groups_repeated_possessively(use.pattern))]
    assert wrong == []
    assert any(groups_repeated_possessively(re.compile(r"a(?:b|(?:c|dd)++)")))
    assert not any(groups_repeated_possessively(re.compile(r"a(?:b|[cd]++)")))
