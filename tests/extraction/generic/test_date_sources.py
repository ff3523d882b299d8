"""Rare names and forms of publication dates, and dates in a header or beside other numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.dates.stamps import parse_stamp
from caliber_crawler.extraction.generic.date_names import FAINT_METAS
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.dated import PRINTED, TEXT, URL, article, found_on, linked, meta
from tests.extraction.generic.newspage import HEADLINE


@pytest.mark.parametrize("name", FAINT_METAS)
def test_a_name_with_several_meanings_counts_last(name: str) -> None:
    faint = meta("2026-01-05T09:00:00+04:00", name.upper())
    assert article("", head=faint) == "2026-01-05T09:00:00+04:00"
    assert article(PRINTED, lang="az", head=faint) == "2026-01-07T14:35:00"
    assert article("", head=faint + meta("2026-01-07", "date")) == "2026-01-07T00:00:00"
    assert article("<p>7 January 2026</p>", head=meta("2026-01-07 14:35", name)) == "2026-01-07T14:35:00"


@pytest.mark.parametrize("escaped", ["/Date({})/", r"\/Date({})\/", r"\\/Date({})\\/"])
@pytest.mark.parametrize(
    ("number", "instant"),
    [("1700000000000", "2023-11-14T22:13:20+00:00"), ("1700000000123+0400", "2023-11-15T02:13:20+04:00")],
)
def test_a_date_serialized_by_dotnet_is_an_instant(escaped: str, number: str, instant: str) -> None:
    assert article("", head=linked(escaped.format(number))) == instant
    assert article("", head=meta(escaped.format(number))) == instant


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "+0400", "-0930", "+9999"]))
def test_no_serialized_number_is_an_error(number: int, offset: str) -> None:
    stamp = parse_stamp(f"/Date({number}{offset})/")
    assert stamp is None or stamp.at.year >= 1991


def test_a_header_beside_the_headline_is_the_article_s_if_it_is_not_the_site_s() -> None:
    navigation = '<nav><a href="/world">World</a></nav>'
    body = "<{0}>{1}<h1>{2}</h1>{3}</{0}>"
    for tag in ("article", "main", "div"):
        own = body.format(tag, f"<header>{PRINTED}</header>", HEADLINE, TEXT)
        found = found_on(f"<header>{navigation} 28 February 2026</header>{own}", lang="az")
        assert found is not None
        assert found.at.isoformat() == "2026-01-07T14:35:00"
        assert found_on(body.format(tag, f"<header>{navigation}{PRINTED}</header>", HEADLINE, TEXT), lang="az") is None
    assert found_on(f"<header>{PRINTED}</header><h1>{HEADLINE}</h1>{TEXT}", lang="az") is None


def test_a_count_beside_two_dates_hides_neither() -> None:
    counted = "<header><div>阅读量：9</div> <div>更新时间：2026年2月10日</div> <p>发布时间：2026年1月7日</p></header>"
    assert article(counted, lang="zh") == "2026-01-07T00:00:00"
    assert article("<div><b>Views 9</b> <p class='date'>7 January 2026</p></div>") == "2026-01-07T00:00:00"
    parts = "<div><div>07</div><div>January</div><div>2026</div></div>"
    assert article(parts) == "2026-01-07T00:00:00"


def test_short_paragraphs_in_chinese_are_text() -> None:
    text = "<br><br>".join(
        "代表团首次举行会晤，同意在本月底之前重新开放这条公路，以便恢复两地之间的正常往来。" for _ in range(6)
    )
    teaser = '<div class="sidebar"><h3>山谷收成</h3><span class="date">2026年2月9日</span></div>'
    printed = "<p>2026年1月7日 14:35</p>"
    body = f"<div class='wrap'><div class='post'>{printed}<h1>{HEADLINE}</h1><div>{text}</div></div>{teaser}</div>"
    found = found_on(body, lang="zh")
    assert found is not None
    assert found.at.isoformat() == "2026-01-07T14:35:00"


def test_a_link_to_the_author_is_not_a_headline_of_another_article() -> None:
    byline = '<a {} href="/people/7">A report by Jane Roe, our correspondent in the capital</a>'
    printed = f"<div>{byline.format('rel=author')} 7 January 2026</div>"
    assert article(printed) == "2026-01-07T00:00:00"
    assert article(printed.replace("rel=author", "").replace("/people/", "/author/")) == "2026-01-07T00:00:00"
    counted = f'<div>{byline.format("rel=author")} <div class="views">Views: 354</div></div>'
    page = (
        f"<html><head><title>{HEADLINE}</title></head><body><div><h1>{HEADLINE}</h1>{counted}{TEXT}</div></body></html>"
    )
    assert extract_tree(parse_html(page.encode()), URL).views == 354
    assert article(f"<ul><li>{byline.format('')} <i>7 January 2026</i></li></ul>") is None


@pytest.mark.parametrize(
    "line",
    [
        "Published: 7 January 2026, updated 10:15",
        *("Veröffentlicht: 7. Januar 2026, aktualisiert 10:15", "Опубликовано: 7 января 2026, обновлено: 10:15"),
    ],
)
def test_the_time_of_an_update_is_not_that_of_the_publication(line: str) -> None:
    found = found_on(f"<article><h1>{HEADLINE}</h1><p class='date'>{line}</p>{TEXT}</article>")
    assert found is not None
    assert (found.at.isoformat(), found.precision) == ("2026-01-07T00:00:00", "day")
