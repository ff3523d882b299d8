"""Plain-text pages generated from the ground truth, with the damage that programs and people cause."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.demo import DemoSite
from caliber_crawler.extraction import extract_page
from tests.extraction.pages import capture_of, site_named
from tests.properties import examples

SITE = site_named("caliber")
DEMO = DemoSite(300, base_url="https://caliber.az")
TRUTHS = list(DEMO.truth(datetime(2026, 11, 23, 12, tzinfo=UTC)))
SOCIAL = ["twitter", "youtube", "instagram", "facebook", "telegram", "apple store", "play market", "night_theme"]
TOP = {
    "en": ["ru", "arm", "search", "WHAT ARE YOU LOOKING FOR ?", "", "",
           "Any use of materials is allowed only if there is a hyperlink to Caliber.az", "Caliber.az © 2026. ."],
    "ru": ["en", "arm", "search", "ЧТО ВЫ ИЩЕТЕ ?", "ПОПУЛЯРНЫЕ ПОИСКОВЫЕ ЗАПРОСЫ", "",
           "Любое использование материалов допускается только при наличии гиперссылки на Caliber.az",
           "Caliber.az © 2026. Все права защищены.."],
    "hy": ["ru", "en", "search", "ԻՆՉ ԵՍ ՓՆՏՐՈՒՄ ?", "ՀԱՅԱՍՏԱՆԻ ՈՐՈՆՄԱՆ ՀԱՐՑԵՐ", "",
           "Նյութերի ցանկացած օգտագործում թույլատրվում է միայն Caliber.az-ին հիպերհղման առկայության դեպքում",
           "Caliber.az © 2026. All rights reserved.."],
}  # fmt: skip
BOTTOM = ["share-lineLiked the story? Share it on social media!", "print", "copy link", "Ссылка скопирована"]
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "Января Февраля Марта Апреля Мая Июня Июля Августа Сентября Октября Ноября Декабря",
    "hy": "Հունվարի Փետրվարի Մարտի Ապրիլի Մայիսի Հունիսի Հուլիսի Օգոստոսի Սեպտեմբերի Հոկտեմբերի Նոյեմբերի Դեկտեմբերի",
}


class TextPage(NamedTuple):
    """A page as lines, with the positions of its parts."""

    lines: list[str]
    label_at: int
    headline_at: int
    body_at: int
    end: int
    """The line after the view counter."""


def dateline_of(truth: dict[str, Any], dash: str) -> str:
    date = datetime.fromisoformat(truth["published_local"])
    month = MONTHS[truth["language"]].split()[date.month - 1]
    return f"{date:%d} {month} {date:%Y}{dash}{date:%H:%M}"


def title_lines(truth: dict[str, Any], *, joined: bool) -> list[str]:
    lines = [truth["headline"], *([truth["subtitle"]] if truth["subtitle"] else [])]
    return [" ".join(lines)] if joined else lines


def byline_of(truth: dict[str, Any]) -> list[str]:
    has_byline = truth["authors"] and truth["authors"][0] not in (truth["subtitle"] or "")
    return [f"By {truth['authors'][0]}", ""] if has_byline else []


def new_page(truth: dict[str, Any], *, joined: bool, pinned: bool) -> TextPage:
    lines = [*SOCIAL, *TOP[truth["language"]]]
    if pinned:
        lines.append("June 22, 2025 – Israel vs Iran: LIVE")
    label_at = len(lines)
    lines += [truth["section_label"], "A+", "A-", ""]
    headline_at = len(lines)
    lines += [*title_lines(truth, joined=joined), "", dateline_of(truth, " "), ""]
    body_at = len(lines)
    for paragraph in truth["body"].split("\n\n"):
        lines += [paragraph, ""]
    lines += [*byline_of(truth), truth["signature"], truth["views_shown"]]
    end = len(lines)
    return TextPage([*lines, *BOTTOM, truth["section_label"], "loading"], label_at, headline_at, body_at, end)


@st.composite
def damaged_pages(draw: st.DrawFn) -> tuple[dict[str, Any], str, bool]:
    """A damaged text page of the new layout: its ground truth, its text, and whether its titles are joined."""
    truth = draw(st.sampled_from(TRUTHS))
    joined = draw(st.booleans())
    page = new_page(truth, joined=joined, pinned=draw(st.booleans()))
    lines = list(page.lines)
    if draw(st.booleans()):  # the font buttons are joined, or joined with the section
        start, stop = draw(
            st.sampled_from([(page.label_at + 1, page.label_at + 3), (page.label_at, page.label_at + 3)])
        )
        lines[start:stop] = [draw(st.sampled_from([" ", "  ", "\t"])).join(lines[start:stop])] + [""] * (
            stop - start - 1
        )
    if draw(st.booleans()):  # the boilerplate below is joined
        lines[page.end :] = [
            draw(st.sampled_from([" ", ""])).join(lines[page.end : page.end + 4]),
            *lines[page.end + 4 :],
        ]
    if draw(st.booleans()):
        lines = lines[: draw(st.integers(page.end, len(lines)))]
    cut = draw(st.integers(0, page.headline_at)) if draw(st.booleans()) else 0
    lines = lines[cut:]
    if draw(st.booleans()):
        lines = [line for line in lines if line]
    indent = draw(st.sampled_from(["", "  ", "\t", "\u00a0"]))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r", " \n"]))
    return truth, line_end.join(indent + line if line else line for line in lines), joined


@pytest.mark.slow
@settings(max_examples=examples(150))
@given(damaged_pages())
def test_a_damaged_text_page_is_extracted_correctly(damaged: tuple[dict[str, Any], str, bool]) -> None:
    truth, text, joined = damaged
    article = extract_page(capture_of(text, url="urn:text:1"), SITE).article
    assert f"{article.headline} {article.subtitle or ''}".split() == " ".join(title_lines(truth, joined=True)).split()
    if not joined:
        assert (article.headline, article.subtitle) == (truth["headline"], truth["subtitle"])
    assert article.published_at is not None
    assert article.published_at.isoformat() == truth["published_local"]
    assert article.body == truth["body"]
    assert (article.views, article.signature, article.language) == (
        truth["views"],
        truth["signature"],
        truth["language"],
    )


@settings(max_examples=examples(60))
@given(damaged_pages())
def test_the_section_is_found_if_its_label_is_present(damaged: tuple[dict[str, Any], str, bool]) -> None:
    truth, text, _joined = damaged
    article = extract_page(capture_of(text, url="urn:text:1"), SITE).article
    above = text[: text.index(truth["headline"][:10])]
    assert article.section == (truth["section"] if truth["section_label"] in above else article.section)


@st.composite
def old_pages(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    truth = draw(st.sampled_from([truth for truth in TRUTHS if truth["old_layout_urls"]]))
    lines = [
        truth["headline"],
        *([f"    {truth['subtitle']}"] if truth["subtitle"] else []),
        f"    {truth['section_label']}  {dateline_of(truth, ' - ')}",
        *(f"    {author}" for author in truth["authors_on_old_layout"]),
        *draw(st.sampled_from([[], ["    Caliber.Az"], ["    Политический обозреватель Caliber.Az"]])),
    ]
    for paragraph in truth["body"].split("\n\n"):
        lines += [f"    {paragraph}", ""]
    if draw(st.booleans()):
        lines = [*SOCIAL, *TOP[truth["language"]], *lines]
    if draw(st.booleans()):
        lines = [line for line in lines if line]
    return truth, draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@settings(max_examples=examples(100))
@given(old_pages())
def test_a_text_page_of_the_old_layout_is_extracted_correctly(page: tuple[dict[str, Any], str]) -> None:
    truth, text = page
    article = extract_page(capture_of(text, url="urn:text:1"), SITE).article
    assert (article.headline, article.subtitle) == (truth["headline"], truth["subtitle"])
    assert article.published_at is not None
    assert article.published_at.isoformat() == truth["published_local"]
    assert article.body == truth["body"]
    assert article.section == truth["section"]
    named = truth["authors_on_old_layout"]
    assert [author for author in article.authors if author in named] == named
    assert article.views is None
