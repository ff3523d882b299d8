"""Fast paths of the extraction give the results of the general ones."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from caliber_crawler.extraction import lines, markdown, mojibake, non_articles
from caliber_crawler.extraction.article_series import continuation
from caliber_crawler.extraction.boilerplate import (
    MIN_SENTENCE_LENGTH,
    _BoilerplateLines,
    boilerplate_inside,
    boilerplate_of,
    is_boilerplate,
    is_site_boilerplate,
    without_boilerplate,
)
from caliber_crawler.extraction.cleaning import clean_page
from caliber_crawler.extraction.counts import count_in_any_language, parse_count
from caliber_crawler.extraction.dates import printed
from caliber_crawler.extraction.dates.printed import with_ascii_digits
from caliber_crawler.extraction.document import Document, find_nodes
from caliber_crawler.extraction.learned import _drop
from caliber_crawler.extraction.non_articles import has_long_text
from caliber_crawler.extraction.page import open_page
from caliber_crawler.extraction.refreshes import refresh_target
from caliber_crawler.extraction.text import clean_inline, fold, fold_clean, without_invisible
from caliber_crawler.extraction.tree import Selection, class_names, first, possible_selectors, select
from caliber_crawler.items import Capture
from caliber_crawler.site import LearnedLayout
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.urls import browser_url
from tests.extraction.pages import READ_AT, capture_of, site_named

SITE = site_named("caliber")
TAGS = (
    "p",
    "div",
    "h2",
    "li",
    "ul",
    "ol",
    "blockquote",
    "table",
    "tr",
    "td",
    "b",
    "em",
    "a",
    "br",
    "span",
    "figcaption",
)
STYLES = st.sampled_from([lines.PLAIN, lines.Style(strong=True), lines.Style(href="/a")])
TEXTS = st.sampled_from(["", " ", "One", " two \n", "\u200b", "Сaliber", "1. x", "- y", "  ", "[Video: https://x.y/z]"])


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    element = etree.Element(draw(st.sampled_from(TAGS)))
    element.text, element.tail = draw(TEXTS), draw(TEXTS)
    if name := draw(st.sampled_from(["", "banner", "a-caption", "gallery x", "font_size"])):
        element.set("class", name)
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        element.append(draw(trees(depth - 1)))
    return element


@given(trees())
def test_a_block_written_in_one_step_gives_the_same_lines(tree: etree._Element) -> None:
    quick = lines.extract_lines(tree)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines._LineWriter, "add_paragraph", lambda *_: False)
        assert lines.extract_lines(tree) == quick


@given(trees())
def test_selectors_of_absent_classes_match_nothing(tree: etree._Element) -> None:
    selectors = ("div.banner", ".x", ".font_size", "p", "#id", "li > .gallery", "[class*=caption]")
    possible = possible_selectors(selectors, class_names(tree))
    assert not [element for css in set(selectors) - set(possible) for element in select(tree, css)]


@given(st.text(st.sampled_from("ab#-+=1٢.)[]*_<&\\ |~`\u00e9"), min_size=1, max_size=12))
def test_a_plain_line_gives_the_same_markdown(text: str) -> None:
    for prefix, heading in (("", 0), ("- ", 0), ("> ", 2)):
        line = lines.Line(clean_inline(text), heading=heading, prefix=prefix)
        if line.text:
            special = [mark for mark in markdown._SPECIAL_MARKS if mark in text]
            written = markdown._write_line(line, None, lambda href: href, "")
            assert prefix + markdown._write_plain(line.text, special) == written


@given(st.text(st.sampled_from("aБсAІıİ\u00a0\u200d \n"), max_size=12))
def test_a_clean_text_is_folded_in_one_step(text: str) -> None:
    assert fold_clean(clean_inline(text)) == fold(text)


@given(st.lists(st.text(st.sampled_from("ЧтoPRINTşİ\u200dаcopy © 2024Caliber.Az"), min_size=1, max_size=14)))
def test_only_lines_that_begin_like_boilerplate_may_be_boilerplate(texts: list[str]) -> None:
    known = [lines.Line(clean_inline(text)) for text in (*texts, "PRINT", "print Talks", "ПРИНТ", "Caliber.Az © 2024")]
    assert without_boilerplate(known, SITE) == [line for line in known if not is_boilerplate(line.text, SITE)]


@given(
    st.sampled_from(SITE.boilerplate + SITE.editions[0].boilerplate + SITE.editions[1].boilerplate),
    st.text(st.sampled_from("aаoоiİı\u200d \n\u0307"), max_size=8),
    st.booleans(),
)
def test_a_sentence_of_boilerplate_is_found_in_any_spelling(line: str, text: str, is_capital: bool) -> None:
    spelled = (line.upper() if is_capital else line).replace("a", "а").replace("о", "o").replace(" ", "\n\n", 1)
    body = "\n".join(map(clean_inline, f"{text} {spelled}\n{text}".splitlines()))
    long = [each for each in boilerplate_of(SITE) if len(each) >= MIN_SENTENCE_LENGTH]
    assert boilerplate_inside(body, SITE) == next((each for each in long if fold(each) in fold(body)), None)


@given(st.sampled_from(SITE.boilerplate), st.sampled_from(["", " ", "x", "\u200b", "  "]), st.booleans())
def test_a_line_of_boilerplate_of_the_site_is_known_by_its_start(line: str, around: str, is_first: bool) -> None:
    written = f"{around}{line}" if is_first else f"{line}{around}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_BoilerplateLines, "may_begin", lambda *_: True)
        known = is_site_boilerplate(written, SITE)
    assert is_site_boilerplate(written, SITE) == known


def test_a_long_article_on_a_known_layout_is_no_wall() -> None:
    paragraph = "<p>The envoys met in Baku and agreed on nothing. </p>"
    for number, is_long in ((40, True), (10, False)):
        page = clean_page(open_page(capture_of(f"<div class=post>{paragraph * number}</div>"), SITE))
        assert has_long_text(page) is is_long
    items = "<ul><li>The envoys met in <b>Baku and agreed</b> on nothing. </ul>"
    assert has_long_text(clean_page(open_page(capture_of(f"<div class=post>{items * 40}</div>"), SITE)))
    assert not has_long_text(clean_page(open_page(capture_of(f"<div class=post>{items * 10}{' ' * 2000}</div>"), SITE)))
    hidden = f"<div class=post><noscript>{paragraph * 40}</noscript><div hidden>{paragraph * 40}</div></div>"
    assert not has_long_text(clean_page(open_page(capture_of(hidden), SITE)))


PIECES = st.sampled_from(
    [
        b"<p>",
        b"</p>",
        b"<a title='>'>",
        b"<script>",
        b"</script>",
        b"a b",
        b" \n",
        "é\u00a0ю".encode(),
        b"\xd0",
        b"x" * 700,
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_the_length_of_a_text_is_that_of_its_words(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    length, position = 0, 0
    while part := non_articles._PART.match(body, position):
        position = part.end()
        if part["hidden"] is not None:
            position = body.find(b"</script", position) if b"</script" in body[position:] else len(body)
        words = (part["text"] or b"").decode(errors="replace").split()
        length += sum(map(len, words)) + len(words)
    known, limit = max(0, length - 1), non_articles.MAX_NON_ARTICLE_TEXT
    assert min(non_articles._length_of_text(body), limit) == min(known, limit)


COUNTERS = st.text(st.sampled_from("Views: 0123456789 .,'kmінbmin%тыс٣"), max_size=16)


@given(COUNTERS, st.sampled_from([None, "en", "az", "tr", "es", "pt", "ru"]))
def test_a_counter_of_digits_is_the_same_in_each_language(text: str, language: str | None) -> None:
    count = count_in_any_language(text)
    assert count is None or count == parse_count(text, language)


def test_most_counters_need_no_language() -> None:
    assert [count_in_any_language(text) for text in ("Views: 354", "1 234", "1.2K", "12 min")] == [
        354,
        1234,
        None,
        None,
    ]


@given(st.text(st.sampled_from("a٣۴１：/é "), max_size=12))
def test_digits_of_all_scripts_are_written_in_ascii(text: str) -> None:
    assert with_ascii_digits(text) == text.translate(printed._digits())


@given(
    st.lists(
        st.tuples(st.text(st.sampled_from("a \u00a0\u200b\u200d\n|é"), min_size=1, max_size=5), STYLES), max_size=4
    )
)
def test_runs_have_single_blanks_and_no_invisible_characters(runs: list[tuple[str, lines.Style]]) -> None:
    line = lines.Line("x", runs=tuple(runs))
    for text, _ in markdown._clean_runs(line):
        assert text == re.sub(r"\s+", " ", without_invisible(text))


@given(trees())
def test_a_visit_finds_what_selectors_find(tree: etree._Element) -> None:
    selection = Selection(tree)
    for _ in range(2):
        for css in (".banner", "p.x", ".x", "div.a-caption", "li > .gallery", ""):
            assert selection.select(css) == select(tree, css)
        wanted = (".banner", "p.x", ".font_size", ".x", "p > b")
        assert selection.firsts(wanted) == {css: first(tree, css) for css in wanted if css != "p > b"}
        assert set(selection.classes.split()) == set(class_names(tree).split())
        for element in tree.iter("p", "span"):
            element.set("class", "x banner")
        selection.forget()


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='og:url' content=' '><meta name='OG:URL' content='/a'><meta property='og:url' content='/b'>",
        "<base href='/b'><meta itemprop=name>",
        "<meta name=x content=y><p>Text</p><meta name='og:url' content='/in-the-body'>",
    ],
)
def test_the_meta_elements_of_a_page_are_those_of_its_metadata(head: str) -> None:
    quick, whole, first = (Document(head.encode()) for _ in range(3))
    assert quick.metas == whole.metadata.metas
    assert [first.meta(name) for name in ("og:url", "no")] == [whole.metadata.metas.get(n) for n in ("og:url", "no")]
    assert not {"metadata"} & {*vars(quick), *vars(first)}


PHRASES = (
    *("_CF_chl_opt", "Just a Moment...", "Are you a robot", "Checking your browser", "cf-turnstile", "ddos-guard"),
    *("g-recaptcha", "h-Captcha", "smartcaptcha", "Smart-Captcha", "geo.captcha-delivery", "px-captcha"),
    *("Verify you are human", "verifying that you are a human", "Enable JavaScript and cookies to continue"),
)


def page_with(markup: str, size: int = 0) -> Capture:
    padding = "<script>" + "x = 1;" * (size // 6) + "</script>"
    return capture_of(f"<html><body>{padding}<p>Short.</p>{markup}</body></html>")


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_challenge_is_known_by_each_of_its_parts(phrase: str) -> None:
    for size in (0, 100_000):
        problem = non_articles.classify(page_with(f"<div data-x='{phrase}'></div>", size), SITE)
        assert problem is not None
        assert problem.reason == "bot_challenge"


def test_blanks_around_a_line_of_boilerplate_do_not_count() -> None:
    assert is_boilerplate(" night_theme\n", SITE)


@pytest.mark.parametrize("phrase", ["captcha", "verify that you are", "just a moment", "cf-turn stile"])
def test_other_words_are_no_challenge(phrase: str) -> None:
    assert non_articles.classify(page_with(phrase), SITE) is None


@pytest.mark.parametrize(
    ("attribute", "is_refresh"),
    [("http-equiv=refresh", True), ("HTTP-EQUIV = 'Refresh'", True), ("xhttp-equiv=refresh", False)],
)
def test_a_refresh_is_known_in_any_case(attribute: str, is_refresh: bool) -> None:
    found = refresh_target(capture_of(f"<head><meta {attribute} content='0; url=https://caliber.az/en/post/b'></head>"))
    assert (found is not None) is is_refresh


@pytest.mark.parametrize(
    ("attribute", "is_link"), [("href", True), ("HREF", True), ("data-href", True), ("xhref", False)]
)
def test_a_link_to_the_second_page_is_known_in_any_case(attribute: str, is_link: bool) -> None:
    url = "https://news.example/2026/01/talks-resume"
    body = f"<html><body><h1>Talks</h1><p>Text.</p><a {attribute}='{url}?page=2'>2</a></body></html>".encode()
    capture = Capture(site="news.example", url=url, fetched_at=READ_AT, status=200, body=body)
    second, _ = continuation(open_page(capture, generic_site(url)))
    assert (second is not None) is is_link


@pytest.mark.parametrize(
    "head",
    [
        "<base href='/b/'><link rel='Canonical x' href='/c'><link rel=canonical href='/d'>",
        "<link rel=icon href='/i'>",
        "<base><base href='/b'><title>A</title>",
        "<title>A</title><p>Text</p><link rel=canonical href='/c'><base href='/b'><link rel=canonical href='/d'>",
        "<link rel=canonical href='/c'><p>Text</p><base href='/b'>",
    ],
)
def test_the_links_of_a_page_are_those_of_its_metadata(head: str) -> None:
    quick, whole = Document(head.encode()), Document(head.encode())
    assert (quick.canonical, quick.base) == (whole.metadata.canonical, whole.metadata.base)
    assert "metadata" not in vars(quick)


@pytest.mark.parametrize("sign", mojibake._SIGNS)
def test_all_signs_of_mojibake_begin_with_one_of_two_bytes(sign: str) -> None:
    assert mojibake.may_be_mojibake(f"A plain text. {sign}".encode())
    assert not mojibake.may_be_mojibake("“A plain text” – €5…".encode())


def test_a_selector_that_lexbor_does_not_support_leaves_others_as_they_are() -> None:
    node = LexborHTMLParser("<p class=a>1</p><p>2</p>").root
    for _ in range(3):
        with pytest.raises(SelectolaxError):
            find_nodes("p[", node)
        assert [found.text() for found in find_nodes("p.a", node)] == ["1"]
    assert len(find_nodes("p", node)) == 2


@given(st.text(st.sampled_from("https:/\\.@?#%[] ab1\t\u00e9"), max_size=30))
def test_the_base_of_a_page_does_not_change_whole_urls(rest: str) -> None:
    def resolved(url: str, *base: str) -> str | None:
        try:
            return browser_url(url, *base)
        except ValueError:
            return None

    for scheme in ("https://", "http://"):
        for base in ("https://news.example/a/b?c", "http://news.example:8080/", "https://other.example"):
            assert resolved(scheme + rest) == resolved(scheme + rest, base)


@given(st.lists(st.sampled_from(["menu", "x", "row", "none"]), max_size=3), st.sampled_from(["", "menu", "row"]))
def test_names_of_dropped_elements_are_matched_as_selectors(classes: list[str], name: str) -> None:
    tree = html.fromstring(f"<div><p class='{' '.join(classes)}'>a</p><p id='{name}'>b</p><p>c</p></div>")
    expected = [p.text for p in tree.iter("p") if p not in select(tree, ".menu, #row, .none > b, .row")]
    _drop(tree, (".menu", "#row", ".none > b", ".row"))
    assert [p.text for p in tree.iter("p")] == expected


def test_the_paragraphs_of_a_learned_text_tell_a_long_one() -> None:
    url = "https://news.example/2026/01/talks-resume"
    site = replace(generic_site(url), learned=LearnedLayout(body=(".text",), headline=("h1",), is_trusted=True))
    for words, is_long in ((400, True), (20, False)):
        text = "word " * words
        body = f"<html><body><p>{'word ' * 400}</p><div class=text><p>{text}</p></div></body></html>".encode()
        page = open_page(Capture(site=site.name, url=url, fetched_at=READ_AT, status=200, body=body), site)
        assert has_long_text(page) is is_long


@given(trees(), st.sampled_from(["p", "div", "li", "ul", "table"]))
def test_what_a_selection_found_is_right_after_a_removal(tree: etree._Element, tag: str) -> None:
    tags = frozenset(("p", "td", "blockquote"))
    selection = Selection(tree)
    selection.tagged(tags)
    selection.remove(list(tree.iter(tag)), "removed")
    again = Selection(tree)
    assert selection.tagged(tags) == again.tagged(tags) == list(tree.iter(*tags))
    for css in (".banner", ".x", "p.x", ".font_size"):
        assert selection.select(css) == again.select(css) == select(tree, css)
    assert selection.classed("caption") == [node for node in tree.iter() if "caption" in (node.get("class") or "")]


def test_an_article_with_a_tree_of_its_own_is_cleaned_in_place() -> None:
    page = open_page(capture_of("<div class=post><p>Text</p><div class='banner'>Buy</div><p hidden>x</p></div>"), SITE)
    cleaned = clean_page(page)
    assert cleaned.article is page.article
    assert page.root is not None
    assert clean_page(page).article is not page.article  # an element may be part of the tree of the whole page
    assert cleaned.article is not None
    assert html.tostring(cleaned.article) == b'<div class="post"><p>Text</p></div>'


def test_trusted_layouts_do_not_load_trafilatura() -> None:
    code = "import sys, caliber_crawler.extraction.generic; print('trafilatura' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == "False"
