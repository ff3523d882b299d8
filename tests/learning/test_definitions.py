"""Site definitions from surveys: URL patterns, teasers, the source, and its corrections."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.commands.learn import _site_from
from caliber_crawler.extraction.document import Document
from caliber_crawler.learning import Learned
from caliber_crawler.learning.layout import Fact, layout_of
from caliber_crawler.learning.page_index import PageIndex
from caliber_crawler.learning.teasers import key_of, learn_teasers
from caliber_crawler.learning.url_patterns import learn_article_path, path_of
from caliber_crawler.site import Feed
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.toml_loader import load_definition
from caliber_crawler.site_learning import Lesson
from caliber_crawler.site_learning.definition import MAX_LINES, MAX_WIDTH, definition_of, site_name
from caliber_crawler.site_learning.survey import Evidenced, Survey
from caliber_crawler.site_learning.survey_facts import SURVEY_FACTS, survey_facts
from caliber_crawler.site_learning.toml_definition import toml_definition
from caliber_crawler.site_learning.update import corrected, diff_of

BASE = "https://news.example"
PATTERNS = {
    ("/2025/03/one-story", "/2026/11/another"): r"/(?:19|20)\d\d/\d\d?/(?P<slug>[^/]+)",
    ("/post/one", "/en/post/two", "/arm/post/three"): r"(?:/en|/arm)?/post/(?P<slug>[^/]+)",
    ("/story/17", "/story/4711"): r"/story/(?P<number>\d+)",
    ("/world/one.html", "/home/two.html", "/world/three.html"): r"/(?:world|home)/(?P<slug>[^/]+)\.html",
    ("/one", "/two"): "/(?P<slug>[^/]+)",
}
words = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=30)


@pytest.mark.parametrize("paths", PATTERNS)
def test_the_pattern_of_article_urls_is_learned(paths: tuple[str, ...]) -> None:
    learned = learn_article_path([BASE + path for path in paths * 2], [f"{BASE}/", f"{BASE}/tag/a/b/c"])
    assert learned is not None
    assert learned.regex == PATTERNS[paths]
    assert (learned.articles, learned.others) == (learned.of_articles, 0)


@given(st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=6))
def test_a_learned_pattern_is_valid_and_matches_most_of_its_articles(paths: list[list[str]]) -> None:
    urls = [f"{BASE}/{'/'.join(re.sub(r'[/?#%]', '-', segment) for segment in path)}" for path in paths]
    learned = learn_article_path(urls, ())
    if learned is not None:
        assert re.compile(learned.regex)
        assert learned.articles == sum(
            re.fullmatch(learned.regex, path_of(url)) is not None for url in dict.fromkeys(urls)
        )


def test_the_teaser_is_the_element_around_each_link_to_an_article() -> None:
    links = "".join(
        f'<div class="card"><h3><a href="/post/{number}">Story {number}</a></h3><p>Text</p></div>'
        for number in range(6)
    )
    menu = '<ul class="menu"><li><a href="/about">About</a></li></ul>'
    page = f'<html><body>{menu}{links}<a rel="next" href="?page=2">2</a>'
    index = PageIndex(Document(page.encode()).root)
    known = {key_of(f"{BASE}/post/{number}") for number in range(6)}
    rule = learn_teasers([(f"{BASE}/", index)], known)
    assert rule is not None
    assert (rule.teaser, rule.headline, rule.next, rule.lists) == (".card", "h3", 'a[rel~="next"]', 1)
    assert learn_teasers([(f"{BASE}/", index)], set()) is None


def survey(*, title: str = "Example", sections: int = 0, headline: str = "h1.title", languages: int = 1) -> Survey:
    facts = (
        Fact("headline", headline, 9, 10),
        Fact("date", "time@datetime", 10, 10),
        Fact("body", ".text", 10, 10),
        Fact("drop", ".ad", 5, 5),
    )
    learned = Learned(layout=layout_of(facts), facts=facts, pages=10)
    return Survey(
        site=generic_site(f"{BASE}/"),
        lesson=Lesson(learned=learned, agreeing=10, compared=10),
        articles=10,
        title=Evidenced(title, 10, 10),
        languages=[Evidenced(code, 5, 10) for code in ("en", "ru", "hy", "az")[:languages]],
        prefixes={"ru": "/ru"},
        timezone=Evidenced("Etc/GMT-4", 10, 10),
        article_path=learn_article_path([f"{BASE}/post/one", f"{BASE}/post/two"], ()),
        sections=[(Evidenced(f"Section {number}", 2, 10), f"/category/s{number}") for number in range(sections)],
        view_labels=[Evidenced("Views", 9, 9)],
        feeds=(),
        has_sitemap=True,
        teasers=None,
    )


@pytest.mark.parametrize("languages", [1, 4])
@pytest.mark.parametrize("sections", [0, 9])
def test_the_definition_in_toml_is_the_same_site_with_the_same_comments(languages: int, sections: int) -> None:
    source = definition_of(survey(languages=languages, sections=sections), "example", date(2026, 1, 7))
    text = toml_definition(source, _site_from(source))
    assert load_definition(text, "example.toml") == _site_from(source)
    comments = [line.partition("  # ")[2] for line in source.splitlines() if "  # " in line]
    assert comments
    assert sorted(line.partition("  # ")[2] for line in text.splitlines() if "  # " in line) == sorted(comments)
    assert text.startswith("# Example: written by `caliber learn` on 2026-01-07. Check what is presumed.")
    assert 'headline = "h1.title"  # 9 of 10: presumed' in text
    assert 'timezone = "Etc/GMT-4"  # presumed: 10 of 10 dates' in text


@pytest.mark.parametrize("languages", [1, 4])
@pytest.mark.parametrize("sections", [0, 8])
def test_a_definition_is_short_and_each_fact_has_its_evidence(languages: int, sections: int) -> None:
    source = definition_of(survey(languages=languages, sections=sections), "example", date(2026, 1, 7))
    lines = source.splitlines()
    assert len(lines) <= MAX_LINES
    assert max(map(len, lines)) <= MAX_WIDTH
    assert 'headline="h1.title",  # 9 of 10: presumed' in source
    assert 'body=".text",  # 10 of 10' in source
    assert 'timezone="Etc/GMT-4",  # presumed: 10 of 10 dates' in source


@given(words, words)
def test_no_text_of_a_page_becomes_code(title: str, headline: str) -> None:
    tree = ast.parse(definition_of(survey(title=title, headline=headline), "example", date(2026, 1, 7)))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls <= {"Site", "Edition", "Layout", "StartPage", "Links", "Sitemaps", "Section", "ListingLayout"}
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    if headline.isprintable():
        assert headline in strings


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.example.org", "example"),
        ("news.example.co.uk", "example"),
        ("127.0.0.1:8000", "local"),
        ("1tv.ru", "site_1tv"),
    ],
)
def test_a_definition_is_named_after_the_host(host: str, name: str) -> None:
    assert site_name(host) == name


def test_a_correction_replaces_a_selector_of_the_layout_only() -> None:
    source = 'layouts=(Layout(headline="h1.a", date=".when"),),\nlisting=ListingLayout(headline="h2.a"),\n'
    changed = corrected(source, {"headline": ("h1.a", '[rel~="x"]'), "body": (".b", ".c")})
    assert changed == source.replace('"h1.a"', """'[rel~="x"]'""")
    assert diff_of(Path("site.py"), source, changed).count("\n-") == 1
    assert diff_of(Path("site.py"), source, source) == ""


def test_a_feed_that_was_fetched_is_a_source_of_the_definition() -> None:
    found = replace(survey(), feeds=[Evidenced("/rss.xml", 7, 10)])
    source = definition_of(found, "example", date(2026, 11, 1))
    assert 'Feed(path="/rss.xml")' in source
    assert "import Edition, Feed, Layout" in source
    assert Feed(path="/rss.xml") in _site_from(source).sources


def test_the_facts_of_a_survey_have_their_evidence() -> None:
    found = replace(survey(sections=2), feeds=[Evidenced("/rss.xml", 7, 10)], lists=[Evidenced(f"{BASE}/world", 3, 10)])
    facts = {(fact.fact, fact.value): (fact.pages_confirming, fact.pages_examined) for fact in survey_facts(found)}
    assert facts["feed_url", f"{BASE}/rss.xml"] == (7, 10)
    assert facts["listing_url", f"{BASE}/world"] == (3, 10)
    assert facts["section_label", "Section 1"] == (2, 10)
    assert facts["timezone", "Etc/GMT-4"] == (10, 10)
    assert {fact for fact, _ in facts} <= set(SURVEY_FACTS)
