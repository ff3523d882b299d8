"""The publication date of a page of any site: the best of its candidates, made exact by the others."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from caliber_crawler.extraction.dates.stamps import parse_stamp
from caliber_crawler.extraction.generic.date_names import FAINT_METAS
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.generic.outline import Outline
from caliber_crawler.extraction.generic.publication_dates import extract_published_at, rank_dates
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.dated import FETCHED_AT, PRINTED, TEXT, URL, article, found_on, linked, meta
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS

TEASER_TIME = (
    '<li><a href="/x">Harvest was poor in the valley</a> <time datetime="2026-01-09T08:00:00+04:00">8:00</time></li>'
)


@pytest.mark.parametrize(
    "around",
    [
        {"after": f"<aside><ul>{TEASER_TIME}</ul></aside>"},
        {"after": f'<div class="related-news"><ul>{TEASER_TIME * 4}</ul></div>'},
        {"after": '<div class="comments"><b>Guest</b> <time datetime="2026-02-09T08:00:00Z">x</time></div>'},
        {"before": '<header><time datetime="2026-02-28">Saturday, 28 February 2026</time></header>'},
        {"before": '<div class="top"><span class="date">28 February 2026</span></div>'},
        {"before": f'<div class="ticker"><time datetime="2026-01-09">9 Jan</time>{TEASER_TIME}</div>'},
        {"after": '<footer>© 1 February 2026 Gazette</footer>'},
        {"after": '<div class="upcoming"><span class="date">8 February 2026</span> Workshop</div>'},
    ],
)  # fmt: skip
def test_a_date_of_another_part_of_the_page_is_not_taken(around: dict[str, str]) -> None:
    assert article(PRINTED, lang="az", **around) == "2026-01-07T14:35:00"
    assert article("", lang="az", **around) is None


@pytest.mark.parametrize("name", ["news_nav", "nav", "post-navigation", "menu_next"])
def test_a_box_without_links_is_not_navigation(name: str) -> None:
    printed = f'<div class="{name}"><span class="{name}-title">Published:</span> 07.01.2026 14:35</div>'
    assert article(printed) == "2026-01-07T14:35:00"
    links = f'<div class="{name}"><a href="/x">The next story</a> 09.01.2026 10:00</div>'
    assert article(links) is None


def test_a_date_in_a_sentence_is_not_taken() -> None:
    sentence = '<p>The agreement of <time datetime="2014-05-03">3 May 2014</time> is void.</p>'
    assert article(sentence + PRINTED, lang="az") == "2026-01-07T14:35:00"
    assert article(sentence) is None


@pytest.mark.parametrize(
    ("updated", "published"),
    [
        ("Updated", "Published"), ("Yenilənib:", "Dərc olunub:"), ("Обновлено", "Опубликовано"),
        ("Güncelleme:", "Yayın:"),
        ("Aktualisiert am", "Veröffentlicht am"), ("Թարմացվել է", "Հրապարակվել է"), ("განახლდა", "გამოქვეყნდა"),
        ("Mis à jour le", "Publié le"), ("آخر تحديث", "نشر في"), ("به‌روزرسانی:", "انتشار:"), ("更新", "发布"),
        ("Оновлено", "Опубліковано"), ("Жаңартылды", "Жарияланды"), ("Yangilandi", "Chop etildi"),
        ("Stand:", "Erstellt:"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mark", ["</span><span>", " ", "<br>", "</span></div><div><span>"])
def test_an_update_is_not_the_publication(updated: str, published: str, mark: str) -> None:
    lines = f"<div><span>{updated} 09.01.2026 10:00{mark}{published} 07.01.2026 14:35</span></div>"
    assert article(lines) == "2026-01-07T14:35:00"


def test_a_live_blog_is_published_when_it_says_so_else_when_its_coverage_starts() -> None:
    coverage = linked("2026-01-07T08:00:00Z", "coverageStartTime").replace("NewsArticle", "LiveBlogPosting")
    assert article("", head=coverage) == "2026-01-07T08:00:00+00:00"
    assert article("", head=coverage + meta("2026-01-07T14:35:00Z")) == "2026-01-07T14:35:00+00:00"


def test_an_update_named_by_its_element_is_not_the_publication() -> None:
    lines = (
        '<time class="updated" datetime="2026-01-09T10:00Z">9 Jan</time><time datetime="2026-01-07T14:35Z">7 Jan</time>'
    )
    assert article(lines) == "2026-01-07T14:35:00+00:00"
    assert article('<time class="entry-date updated" datetime="2026-01-07T14:35Z">7 Jan</time>') is not None


def test_a_page_that_states_only_the_day_of_its_update_has_no_date() -> None:
    assert article("<p>Updated January 9, 2026</p>") is None
    found = found_on(f"<article><h1>{HEADLINE}</h1><p>Updated January 9, 2026, 10:00</p>{TEXT}</article>")
    assert found is not None
    assert found.details["published_at_role"] == "updated"


@pytest.mark.parametrize(
    "lines",
    [
        '<abbr class="published" title="2026-01-07T14:35:00+04:00">7.1.2026</abbr>',
        '<span class="news-date" data-date="2026-01-07T14:35:00+04:00">bu gün, 14:35</span>',
        '<a title="2026-01-07 14:35:00 +0400">3 days ago</span>',
        '<span itemprop="datePublished" content="2026-01-07T14:35:00+04:00"></span>',
        '<time datetime="2026-01-07T14:35:00+04:00">x</time>',
        '<div data-publish-time="1767782100" data-update-time="1767999999">bu gün</div>',
        '<div property="datePublished" content="2026-01-07T14:35:00+04:00">x</div>',
    ],
)
def test_an_attribute_for_machines_is_read(lines: str) -> None:
    at = article(lines)
    assert at is not None
    assert datetime.fromisoformat(at) == datetime.fromisoformat("2026-01-07T14:35:00+04:00")


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("January 7, 2026 2:35 pm", "2026-01-07T14:35:00"), ("2026-01-07T14:35:00 GMT+4", "2026-01-07T14:35:00+04:00"),
        ("2026-01-07 14:35:00 EST", "2026-01-07T14:35:00-05:00"), ("07.01.2026 14:35:00", "2026-01-07T14:35:00"),
        ("Wed, 01/07/2026 - 14:35", "2026-01-07T14:35:00"),
        ("Wed Jan 07 14:35:00 +0400 2026", "2026-01-07T14:35:00+04:00"),
        ("20260107T143500Z", "2026-01-07T14:35:00+00:00"),
        ("2026-01-07T14:35:00.000000000Z", "2026-01-07T14:35:00+00:00"),
        ("1767796500", "2026-01-07T14:35:00+00:00"), ("2026-01-07", "2026-01-07T00:00:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [linked, meta])
def test_a_timestamp_in_any_form_is_read(stamp: str, at: str, write: object) -> None:
    assert callable(write)
    assert article("", head=write(stamp)) == at


@pytest.mark.parametrize(
    "stamp", ["2206-01-07T14:35:00Z", "1970-01-01", "0001-01-01T00:00:00Z", "2026-13-01", "soon", ""]
)
def test_an_impossible_timestamp_gives_way_to_the_printed_date(stamp: str) -> None:
    assert article(PRINTED, head=linked(stamp)) == "2026-01-07T14:35:00"


def test_a_local_time_gets_its_offset_from_the_same_instant() -> None:
    head = linked("2026-01-07T14:35:00") + meta("2026-01-07T10:35:12+00:00")
    found = found_on(f"<article><h1>{HEADLINE}</h1>{TEXT}</article>", head=head)
    assert found is not None
    assert found.at == datetime(2026, 1, 7, 10, 35, tzinfo=UTC)
    assert found.details == {"published_at_precision": "minute", "published_at_zone": "two_clocks"}


@pytest.mark.parametrize(
    ("printed", "at"),
    [
        ("Published Jan. 14, 2026, 10:28 p.m. ET", "2026-01-14T22:28:35-05:00"),
        ("Published Jan. 14, 2026, 10:28 p.m.", "2026-01-14T22:28:35-05:00"),
        ("January 14, 2026", "2026-01-14T23:28:35-04:00"),
        ("January 15, 2026", "2026-01-15T03:28:35+00:00"),
        ("Jan. 15, 2026, 7:11 a.m.", "2026-01-15T03:28:35+00:00"),
        ("Updated Jan. 14, 2026, 10:28 p.m.", "2026-01-15T03:28:35+00:00"),
    ],
)
def test_the_printed_local_day_takes_precedence_over_the_day_in_utc(printed: str, at: str) -> None:
    head = meta("2026-01-15T03:28:35+00:00")
    assert article(f'<p class="meta">{printed}</p>', head=head) == at


def test_the_declared_instant_is_never_moved() -> None:
    head = meta("2026-01-15T03:28:35+00:00")
    for printed in ("Jan. 14, 2026, 10:28 p.m.", "January 14, 2026", "16.01.2026", "January 12, 2026"):
        at = article(f"<p>{printed}</p>", head=head)
        assert at is not None
        assert datetime.fromisoformat(at) == datetime(2026, 1, 15, 3, 28, 35, tzinfo=UTC)


def test_the_time_of_an_update_gives_no_offset() -> None:
    head = linked("2026-01-07 14:35") + meta("2026-01-07T14:35:29+02:00", "og:updated_time")
    assert article("", head=head) == "2026-01-07T14:35:00"


def test_a_declared_day_gets_its_time_from_the_printed_one() -> None:
    assert article(PRINTED, head=linked("2026-01-07")) == "2026-01-07T14:35:00"
    assert article(PRINTED, head=linked("2026-01-05")) == "2026-01-05T00:00:00"


@pytest.mark.parametrize(
    ("lang", "host", "at"),
    [
        ("en-US", "gazette.example", "2026-01-02T14:35:00"), ("en-GB", "gazette.example", "2026-02-01T14:35:00"),
        ("en", "gazette.example.au", "2026-02-01T14:35:00"), ("ar", "gazette.example", "2026-02-01T14:35:00"),
        ("en", "gazette.example", None),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_that_of_the_region(lang: str, host: str, at: str | None) -> None:
    text = (
        TEXT if lang != "ar" else f"<p>{'أعلنت الوزارة اليوم عن إعادة فتح الطريق الجبلي بين الوادي والقرى. ' * 5}</p>"
    )
    body = f'<article><h1>{HEADLINE}</h1><span class="date">01/02/2026 14:35</span>{text}</article>'
    found = found_on(body, lang=lang, url=f"https://{host}/pier")
    assert (found.at.isoformat() if found else None) == at


def test_another_date_of_the_page_decides_between_day_and_month() -> None:
    line = '<span class="date">02/01/2026</span>'
    assert article(line, url="https://gazette.example/2026/01/02/pier") == "2026-01-02T00:00:00"
    assert article(line, url="https://gazette.example/2026/02/01/pier") == "2026-02-01T00:00:00"


@pytest.mark.parametrize(
    "line",
    [
        "<div><b>07</b><i>yanvar</i><u>2026</u></div>",
        '<div class="day"><div>07</div><div>yanvar</div><div>2026</div></div>',
        "<table><tr><td><span>Tarix:</span> 7 yanvar 2026</td><td>Siyasət</td></tr></table>",
        "<div><svg></svg> 7 yanvar 2026 </div>",
        "<p>By Jane Roe | 7 yanvar 2026 | Politics</p>",
    ],
)
def test_a_printed_date_may_stand_in_several_elements(line: str) -> None:
    assert article(line) == "2026-01-07T00:00:00"


def test_the_precision_and_the_zone_are_recorded() -> None:
    def details(line: str) -> tuple[str, ...]:
        page = f"<article><h1>{HEADLINE}</h1><p>{line}</p>{TEXT}</article>"
        return tuple(extract_tree(parse_html(page.encode()), URL, now=FETCHED_AT).date_details.values())

    assert details("7 January 2026") == ("day", "site")
    assert details("7 January 2026 14:35") == ("minute", "site")
    assert details("7 January 2026 14:35 GMT+4") == ("minute", "page")


def test_a_date_after_the_page_was_fetched_is_not_taken() -> None:
    assert article('<span class="date">7 April 2026</span>') is None


PIECES = [
    *(
        "<div>",
        "</div>",
        "<time datetime='2026-01-09'>",
        "7 January 2026",
        "<p>",
        "14:35",
        "<a href=x>",
        "<h1>",
        "</h1>",
    ),
    *("x" * 120, "<br>", "<aside>", "</aside>", "<svg>", "2026"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_tree_gives_a_date_or_none(pieces: list[str]) -> None:
    found = found_on("".join(pieces))
    assert found is None or found.at.year == 2026


@given(st.lists(st.sampled_from([*PIECES, TEXT, "<footer>", "</footer>", "<article>", "<h2>"]), max_size=30))
def test_an_explanation_does_not_change_the_date(pieces: list[str]) -> None:
    outline = Outline(parse_html(f"<body><h1>{HEADLINE}</h1>{''.join(pieces)}".encode()), HEADLINE)
    found = [rank_dates(outline, LinkedData(), URL, "en", complete=complete).best for complete in (False, True)]
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "<time datetime='x'>7 January 2026</time>", "<div>7 January 2026 14:35</div>", "<p>2026</p>", "<span>12</span>",
        "<li><a href=/x>one two three four five six</a> <time>7 January 2026</time></li>", "<i></i>1",
    ],
)  # fmt: skip
def test_the_cost_grows_with_the_length_of_the_page(unit: str) -> None:
    def seconds(count: int) -> float:
        root: etree._Element = parse_html(f"<body><h1>{HEADLINE}</h1><div>{unit * count}</div>{TEXT}".encode())
        started = time.process_time()
        extract_published_at(Outline(root, HEADLINE), LinkedData(), URL, "en", now=FETCHED_AT)
        return time.process_time() - started

    assert seconds(20_000) < 1 + 40 * seconds(1000)


SOURCE_INDENT = "\n" + " " * 150


def test_the_indentation_of_the_source_does_not_matter() -> None:
    pieces = SOURCE_INDENT.join(("News |", "07.01.2026", "14:35"))
    assert article(f"<h2><b>{SOURCE_INDENT}{pieces}{SOURCE_INDENT}</b></h2>", lang="de") == "2026-01-07T14:35:00"


def test_an_unlabelled_update_beside_the_publication_is_not_taken() -> None:
    lines = (
        '<div class="entry-meta"><time class="updated">May 21, 2025</time>'
        '<time class="entry-date published">April 24, 2025</time></div>'
    )
    assert article(lines) == "2025-04-24T00:00:00"


@pytest.mark.parametrize(
    "box",
    [
        '<aside class="meta"><time>7 January 2026</time></aside>',
        '<div class="footer"><p><time>07.01.2026</time></p></div>',
    ],
)  # fmt: skip
def test_the_only_date_of_the_article_counts_wherever_it_is(box: str) -> None:
    far = f"{TEXT}{box}{TEXT}"
    assert article(far, lang="az") == "2026-01-07T00:00:00"
    other = box.replace("7 January", "8 January").replace("07.01", "08.01")
    assert article(f"{far}{other}{TEXT}", lang="az") is None  # which one is it?
    comment = '<div class="comments"><time>9 January 2026</time> Guest</div>'
    assert article(far, after=comment, lang="az") == "2026-01-07T00:00:00"


@pytest.mark.parametrize(
    "box", ["<aside class='sidebar'><p class='date'>{}</p></aside>", "<aside><time>{}</time></aside>"]
)
def test_the_only_date_of_a_box_beside_the_text_counts(box: str) -> None:
    page, box = f"<article><div><h1>{HEADLINE}</h1>{TEXT}</div>{{}}</article>{{}}", box.format("7 January 2026")
    assert (found := found_on(page.format(box, ""))) is not None
    assert found.at.isoformat() == "2026-01-07T00:00:00"
    assert found_on(page.format("", f"<p>{PARAGRAPHS[0]}</p>{box}")) is None  # outside the article


def test_the_date_of_a_teaser_in_the_text_is_not_the_only_date() -> None:
    card = (
        '<div><a href="/x"><h3>Harvest was poor in the whole valley</h3></a>'
        "<div><time>9 January 2026</time></div></div>"
    )
    assert article(f"{TEXT}<div>{card}</div>{TEXT}") is None


def test_the_only_date_is_that_of_an_update_if_only_its_class_says_so() -> None:
    line = '<p class="meta"><time class="{}">{}May 21, 2025</time></p>'
    found = found_on(f"<article><h1>{HEADLINE}</h1>{line.format('updated', '')}{TEXT}</article>")
    assert found is not None
    assert (found.at.isoformat(), found.details["published_at_role"]) == ("2025-05-21T00:00:00", "updated")
    assert article(line.format("updated", "Updated: ")) is None
    assert article(line.format("modified", "")) is None


@pytest.mark.parametrize(
    ("paragraph", "is_date"),
    [
        ("<span class='date'>07.01.2026, 14:35 Uhr</span> The council met once more and agreed on the new pier.", True),
        ("The council met once more and agreed on the pier. <span class='date'>Wednesday, 7 January 2026</span>", True),
        ("The council met on <span class='date'>7 January 2026</span> and agreed on the pier.", False),
        ("<b>7 January 2026</b> was the day on which the council met and agreed on the pier.", False),
    ],
)
def test_a_date_element_may_begin_or_end_a_paragraph(paragraph: str, is_date: bool) -> None:
    found = article(f"<p>{paragraph}</p>", lang="de")
    assert (found or "")[:10] == ("2026-01-07" if is_date else "")


@pytest.mark.parametrize("path", ["2026/jan/07/", "2026/january/7/", "news/07-01-2026-", "2026/01/07/", "20260107-"])
def test_the_url_states_a_day_in_any_form(path: str) -> None:
    assert article("", url=f"https://gazette.example/{path}pier") == "2026-01-07T00:00:00"


def test_the_locale_of_the_url_decides_between_day_and_month() -> None:
    line = '<span class="date">01/02/2026</span>'
    assert article(line, url="https://gazette.example/en-gb/pier") == "2026-02-01T00:00:00"
    assert article(line, url="https://gazette.example/en-us/pier") == "2026-01-02T00:00:00"
    assert article(line) is None


@pytest.mark.parametrize("stamp", ["20260107T14:35:00Z", "2026-01-07T14:35:0Z", "20260107T1435Z"])
def test_nearly_correct_timestamps_are_read(stamp: str) -> None:
    assert article("", head=linked(stamp)) == "2026-01-07T14:35:00+00:00"


def test_a_date_inside_the_heading_is_read() -> None:
    heading = f'<h1><span class="top">Press <time>07.01.2026</time></span> {HEADLINE}</h1>'
    found = found_on(f"<article>{heading}{TEXT}</article>", lang="de")
    assert (found and found.at.isoformat()) == "2026-01-07T00:00:00"


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
