"""The headline among a page's titles: heading, linked data, OpenGraph, title."""

import json

import pytest

from caliber_crawler.extraction.generic.byline_lines import is_byline_line
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.newspage import PARAGRAPHS, page, read
from tests.extraction.generic.stories import STORIES

TITLE = "Mountain road to open again"
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def headline(
    heading: str = "", *, linked: str = "", og: str = "", title: str = "", site: str = "", publisher: str = ""
) -> str | None:
    head = f"<title>{title}</title>"
    head += f'<meta property="og:title" content="{og}">' if og else ""
    head += f'<meta property="og:site_name" content="{site}">' if site else ""
    if linked:
        node = {"@type": "NewsArticle", "headline": linked, "publisher": {"name": publisher}}
        head += f'<script type="application/ld+json">{json.dumps(node)}</script>'
    return read(page(f"<main><article>{heading}{TEXT}</article></main>", head)).headline


@pytest.mark.parametrize(
    "written", ["Opinion | {}", "{} | Opinion", "Politics · {}", "{} – News of the day", "{} » World"]
)
def test_a_label_at_either_end_goes_if_the_heading_does_not_have_it(written: str) -> None:
    h1 = f"<h1>{TITLE}</h1>"
    assert headline(h1, linked=written.format(TITLE), title=written.format(TITLE)) == TITLE
    assert headline(h1, og=written.format(TITLE)) == TITLE
    assert headline(h1, title=written.format(TITLE)) == TITLE


def test_a_kicker_before_a_colon_is_part_of_the_headline_in_linked_data() -> None:
    assert headline(f"<h1>{TITLE}</h1>", linked=f"Lesh: {TITLE}") == f"Lesh: {TITLE}"
    assert headline(f"<h1>Politics: {TITLE}</h1>", linked=TITLE, og=TITLE) == TITLE


@pytest.mark.parametrize("separator", [" : ", ": ", " | ", " - ", " — ", " :: ", " • "])
def test_the_name_of_the_site_goes_behind_any_separator(separator: str) -> None:
    assert headline(title=f"{TITLE}{separator}Example News", site="Example News") == TITLE
    assert headline(title=f"Lesh: {TITLE}{separator}Example News", site="Example News") == f"Lesh: {TITLE}"


def test_a_publisher_named_like_the_headline_does_not_remove_it() -> None:
    assert headline(f"<h1>{TITLE}</h1>", linked=TITLE, og=TITLE, title=TITLE, publisher=f"{TITLE} ") == TITLE


@pytest.mark.parametrize("mark", ['itemprop="headline"', 'property="schema:headline"', 'itemprop="name headline"'])
def test_an_element_marked_as_headline_wins_over_the_section_heading(mark: str) -> None:
    assert headline(f"<h1>Politics</h1><h2 {mark}>{TITLE}</h2>") == TITLE


@pytest.mark.parametrize("h1", ["Politics", "Our World", "Pulse!"])
def test_a_short_heading_that_no_title_has_is_a_section(h1: str) -> None:
    assert headline(f"<h1>{h1}</h1>", title=TITLE) == TITLE


def test_tags_in_metadata_are_not_part_of_the_headline() -> None:
    assert headline(f"<h1>{TITLE}</h1>", linked="<b>Mountain</b> road to <i class='x'>open</i> again") == TITLE
    assert headline(linked="If a < b and c > d, the road opens") == "If a < b and c > d, the road opens"


def test_another_wording_in_the_heading_wins_over_the_title_for_search_engines() -> None:
    assert headline(
        "<h1>How the mountain road opens again in 2026</h1>", og="The mountain road opens again in 2025"
    ) == ("How the mountain road opens again in 2026")
    assert headline("<h1>Contact our office in town</h1>", og=TITLE, title=TITLE) == TITLE


def test_a_title_cut_at_the_limit_of_search_engines_is_completed() -> None:
    whole = (
        "The mountain road from Upper to Lower Lesh is to open again before the end of the month, both ministers said"
    )
    assert headline(linked=whole[:110].rsplit(" ", 1)[0], og=whole) == whole


def test_a_page_without_h1_has_its_headline_in_another_heading() -> None:
    assert headline(f"<h2>{TITLE}</h2>", title=f"{TITLE} - Photographs") == TITLE
    assert headline("<h2>Read more</h2>", title=TITLE) == TITLE


@pytest.mark.parametrize("feed", ["{} RSS Feed", "{} » Feed", "{} - Atom", "{} &raquo; Feed", "RSS 2.0"])
def test_the_feed_of_a_page_names_its_site(feed: str) -> None:
    link = f'<link rel="alternate" type="application/rss+xml" title="{feed.format("Letters to Anna")}" href="/feed">'
    found = read(page(f"<main>{TEXT}</main>", f"<title>wanted! : Letters to Anna</title>{link}")).headline
    assert found == ("wanted!" if "{}" in feed else "wanted! : Letters to Anna")


@pytest.mark.parametrize("separator", [" ⋆ ", " ~ ", " › ", " « ", " ★ "])
def test_ornaments_separate_the_name_of_the_site(separator: str) -> None:
    assert headline(title=f"{TITLE}{separator}Example News", site="Example News") == TITLE


@pytest.mark.parametrize("section", ["Opinion", "Road Works"])
def test_a_section_behind_a_bar_is_not_part_of_the_headline(section: str) -> None:
    head = f'<meta property="article:section" content="{section}"><title>{TITLE} | {section}</title>'
    found = read(page(f"<main><h1>{TITLE} | {section}</h1>{TEXT}</main>", head)).headline
    assert found == TITLE


def test_a_section_behind_a_dash_stays() -> None:
    head = '<meta property="article:section" content="Trade"><title>Peace - Trade</title>'
    assert read(page(f"<main><h1>Peace - Trade</h1>{TEXT}</main>", head)).headline == "Peace - Trade"


@pytest.mark.parametrize("written", ["Example News: {}", "{} (Example News)", "{}: Example News"])
def test_the_name_of_the_site_goes_with_a_colon_or_in_brackets(written: str) -> None:
    assert headline(title=written.format(TITLE), site="Example News") == TITLE


@pytest.mark.parametrize("label", ["<span>Opinion</span> {}", "{}<small>The council met on Tuesday</small>"])
def test_a_label_inside_the_heading_is_not_part_of_the_headline(label: str) -> None:
    assert headline(f"<h1>{label.format(TITLE)}</h1>", title=f"{TITLE} — Gazette") == TITLE
    # Nothing else says what the headline is: all of the heading.
    assert headline(f"<h1>{label.format(TITLE)}</h1>") != TITLE


def test_a_headline_in_capitals_is_written_as_elsewhere() -> None:
    assert headline(og=TITLE.upper(), title=TITLE) == TITLE
    assert headline(f"<h1>{TITLE.upper()}</h1>", og=TITLE.upper(), title=TITLE.upper()) == TITLE.upper()


@pytest.mark.parametrize("separator", [" | ", "｜", " – ", " ― ", " _ ", "_", " :: ", " · ", " » ", " ~ ", " • "])
@pytest.mark.parametrize("name", ["Daily Pass", "Новости дня", "山间日报"])
def test_the_name_of_the_site_is_cut_at_any_separator(separator: str, name: str) -> None:
    for language in ("en", "az", "ru", "zh"):
        story = STORIES[language]
        text = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs)
        for title in (f"{story.headline}{separator}{name}", f"{name}{separator}{story.headline}"):
            head = f'<title>{title}</title><meta property="og:site_name" content="{name}">'
            assert read(page(f"<main>{text}</main>", head, f'<html lang="{language}">')).headline == story.headline


def test_a_dash_without_blanks_separates_ideographs() -> None:
    story = STORIES["zh"]
    text = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs)
    head = f'<title>{story.headline}-山间日报</title><meta property="og:site_name" content="山间日报">'
    assert read(page(f"<main>{text}</main>", head, '<html lang="zh">')).headline == story.headline


@pytest.mark.parametrize(
    "line",
    [
        *("JANIE HAR Nov. 20", "JANIE HAR Nov. 20, 2019 Updated: Nov. 20, 2019 1:35 a.m.", "Jane Roe | 7 Jan"),
        *("By Jane Roe, 7 January 2026", "Jane Roe and Jon Moe — Tuesday, Nov. 20", "Posted by Jane Roe"),
        *("Von Anna Müller, 20. November", "Иван Петров 20 ноября 2026, 14:35", "Автор: Иван Петров, 20 ноября"),
        *("Müəllif: Əli Məmmədov, 7 yanvar", "Yazar: Ayşe Yılmaz 7 Kasım 2025", "By JANE ROE Associated Press Nov. 20"),
    ],
)  # fmt: skip
def test_a_byline_is_neither_headline_nor_subtitle(line: str) -> None:
    title = "Mountain road to open again in the spring"
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    for lines in (
        f"<h1>{line}</h1><h2>{title}</h2>",
        f"<h1>{title}<br>{line}</h1>",
        f"<h1>{title} <small>{line}</small></h1>",
        f'<h1>{title}</h1><div class="subhead">{line}</div>',
        f'<h1>{title}</h1><p class="standfirst">{line}</p>',
    ):
        page = (
            f"<html><head><title>{title} | Gazette</title></head><body><article>{lines}{text}</article></body></html>"
        )
        found = extract_tree(parse_html(page.encode()), "https://gazette.example/a/mountain-road")
        assert (found.headline, found.subtitle) == (title, None)
        assert not any(line in paragraph.text for paragraph in found.body)


@pytest.mark.parametrize(
    "line",
    [
        *("Ministry in Berlin: drivers must wait until May 20", "The road opens on 20 November", "Jane Roe"),
        *("Bakıda 20 Yanvar faciəsi anılır", "By midnight, roads were closed across the country"),
        *("9 May Victory Day parade cancelled", "In 2026 everything changes", "Residents wait, 20 years on"),
        *("In New York", "El Salvador Gana", "Le Monde Diplomatique"),
    ],
)  # fmt: skip
def test_a_line_that_says_more_is_not_a_byline(line: str) -> None:
    assert not is_byline_line(line)


@pytest.mark.parametrize("written", ["Valley Notes: {}", "Valley Notes - {}", "Valley Notes | {}"])
@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_a_heading_that_is_only_the_beginning_of_the_title_names_the_site(written: str, tag: str) -> None:
    heading = f"<h1>Valley Notes</h1><{tag}>{TITLE}</{tag}>"
    assert headline(heading, title=written.format(TITLE)) == TITLE
    assert headline(f"<h1>{TITLE}</h1><h2>Gazette</h2>", title=f"{TITLE} | The Gazette") == TITLE
