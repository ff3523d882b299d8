"""The whole container of an article is its text: what the libraries drop stays, what stands beside it goes."""

from datetime import UTC, datetime

import pytest

from caliber_crawler.extraction.generic.body import Body, _choose, shingles
from caliber_crawler.extraction.generic.container import Blocks, read_container
from caliber_crawler.extraction.generic.extractor import extract_tree
from caliber_crawler.extraction.tree import parse_html
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.site.generic import generic_site
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, article, body_of, page

FETCHED_AT = datetime(2026, 2, 1, tzinfo=UTC)
STAMP = '<meta property="article:published_time" content="2026-01-07T10:00:00+00:00">'
OTHER = [
    f"The {name} committee met on evening number {number} and heard three speakers about the plan for the next year."
    for number, name in enumerate(("harbour", "market", "school", "bridge", "library", "station"))
]
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
OTHER_TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in OTHER)
SENTENCE = "As Saturday comes near we greet you with a film about a bridge and its song."


def container(html: str, *readings: list[str]) -> list[str]:
    return read_container(parse_html(f"<html><body>{html}</body></html>".encode()), readings or ([], []))


@pytest.mark.parametrize(
    "html",
    [
        f'<div class="sidebar" id="sidebar"><p>{OTHER[0]}</p></div><div class="post">{TEXT}</div>',
        f'<div class="post">{TEXT}</div><div class="comments"><p>{OTHER[0]}</p><p>{OTHER[1]}</p></div>',
        f"<article>{TEXT}</article><article><h2>Another article</h2><p>{OTHER[0]}</p></article>",
        f'<div class="post">{TEXT}</div><footer><p>{OTHER[0]}</p></footer>',
        f'<div class="post">{TEXT}<div class="x"><h3><a href="/1">Another article of the site</a></h3><p>{OTHER[0]}</p>'
        "</div></div>",
    ],
    ids=["sidebar", "comments", "next article", "footer", "teaser"],
)
def test_what_stands_beside_the_text_is_not_part_of_its_container(html: str) -> None:
    assert container(html, PARAGRAPHS, PARAGRAPHS) == PARAGRAPHS


@pytest.mark.parametrize(
    "inside",
    [
        "<h2>Points of the agreement</h2><ul><li>Toll</li><li>Hours</li></ul>",
        "<table><tr><td>Toll</td><td>40</td></tr><tr><td>Hours</td><td>9</td></tr></table>",
        '<section class="box"><h3>Background</h3><p>The barrier was lowered in 2014.</p></section>',
        "<blockquote>We waited for eleven years.</blockquote><pre>km 12: closed</pre>",
        '<div style="display:none"><h3>What does it cost?</h3><p>Forty million, the ministry says.</p></div>',
    ],
    ids=["list", "table", "section", "quotation", "closed accordion"],
)
def test_everything_inside_the_container_is_its_text(inside: str) -> None:
    html = f'<div class="post"><p>{PARAGRAPHS[0]}</p>{inside}<p>{PARAGRAPHS[1]}</p></div>'
    found = container(html, PARAGRAPHS[:2], PARAGRAPHS[:2])
    words = " ".join(found).replace(" | ", " ").split()
    assert [found[0], found[-1]] == PARAGRAPHS[:2]
    assert words == parse_text(html)


def parse_text(html: str) -> list[str]:
    return [word for text in parse_html(html.encode()).itertext() for word in str(text).split()]


@pytest.mark.parametrize("name", ["sidebar-grid__content", "menu-part", "footer-columns", "part"])
def test_a_text_in_several_containers_of_one_name_is_whole(name: str) -> None:
    parts = "".join(f'<div class="{name}">{TEXT}<p>Part {number} ends here.</p></div>' for number in range(4))
    assert len(container(f"<article>{parts}</article>")) == 4 * (len(PARAGRAPHS) + 1)


def test_a_line_is_a_block_and_two_line_breaks_end_one() -> None:
    root = parse_html(
        b"<html><body><div>One<br>line.<br><br>Two <b>bold</b> <i></i>words.<p>Three.</p></div></body></html>"
    )
    assert [block.text for block in Blocks(root).blocks] == ["One line.", "Two bold words.", "Three."]


def test_the_reading_that_others_confirm_is_used() -> None:
    assert _choose(PARAGRAPHS, PARAGRAPHS, PARAGRAPHS).disagreement is None
    short = _choose(PARAGRAPHS[:1], [*PARAGRAPHS, *OTHER], [*PARAGRAPHS, *OTHER])
    assert (short.reader, short.paragraphs) == ("container", (*PARAGRAPHS, *OTHER))
    assert short.disagreement is not None
    agreed = _choose(PARAGRAPHS, PARAGRAPHS, [*PARAGRAPHS, *OTHER, *OTHER[:3]])
    assert (agreed.reader, agreed.paragraphs) == ("trafilatura", tuple(PARAGRAPHS))
    assert _choose([], OTHER, OTHER).reader == "container"
    assert _choose([], OTHER, []) == Body(tuple(OTHER), "resiliparse")


@pytest.mark.parametrize("name", ["sidebar", "sidebar_left", "sidebar-right", "left-sidebar", "side-column"])
def test_a_column_never_becomes_the_text_of_a_short_article(name: str) -> None:
    html = (
        f'<div class="entry"><h3>A film about a bridge</h3><p>{SENTENCE}</p></div><div id="{name}">{OTHER_TEXT}</div>'
    )
    assert body_of(page(html, head="<title>A film about a bridge</title>")) == SENTENCE


def test_an_article_inside_an_element_called_a_column_stays() -> None:
    html = f'<div class="sidebar"><h1>A film about a bridge</h1>{TEXT}</div>'
    assert body_of(page(html, head="<title>A film about a bridge</title>")) == "\n\n".join(PARAGRAPHS)


def test_the_parts_that_a_page_sends_late_stand_in_their_places() -> None:
    first, second = PARAGRAPHS[:3], PARAGRAPHS[3:]
    parts = ["".join(f"<p>{text}</p>" for text in texts) for texts in (first, second)]
    html = (
        '<h1>The road</h1><article><template id="B:0"></template><template id="B:1"></template></article>'
        f'<div hidden id="S:1">{parts[1]}</div><div hidden id="S:0">{parts[0]}</div>'
    )
    assert body_of(page(html)) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "id", ["related-work-on-mountain-roads", "how-to-share-the-cost-of-it", "menu_of_the_new_inn_there"]
)
def test_an_id_of_many_words_is_the_text_of_a_heading(id: str) -> None:
    html = f'<article><h1>The road</h1>{TEXT}<section id="{id}"><h2>A heading</h2><p>{OTHER[0]}</p></section></article>'
    assert OTHER[0] in body_of(page(html))


def test_readings_that_disagree_are_a_problem_on_the_record() -> None:
    updates = "".join(
        f'<div class="live-post"><div class="time">10:{n}</div><h3>Item {n}</h3><div><p>{text} ({n})</p></div></div>'
        for n, text in enumerate(OTHER * 3)
    )
    lead = f'<article><h1>Storm live</h1><div class="articleBodyText">{TEXT}</div></article>'
    html = page(f'<main>{lead}<div class="live-posts">{updates}</div></main>', head=STAMP)
    url = "https://news.example/world/2026/01/07/storm-live"
    site = generic_site(url)
    capture = Capture(site=site.name, url=url, fetched_at=FETCHED_AT, status=200, body=html.encode())
    found = extract_page(capture, site, FETCHED_AT)
    assert isinstance(found, Extraction)
    assert [(problem.reason, problem.field, problem.fatal) for problem in found.warnings] == [
        ("readers_disagree", "body", False)
    ]
    assert all(text in found.article.body for text in (PARAGRAPHS[0], *OTHER))


def test_a_container_of_which_no_reading_has_anything_is_not_the_text() -> None:
    seen = ["A sketch", "By Lia Amari on Monday, May 17, 2010", "The harbour, seen from the pier"]
    assert _choose([], seen, [OTHER[0]]).paragraphs == tuple(seen)
    assert _choose([], [OTHER[0]], [OTHER[0]]).reader == "container"
    assert _choose([], [], [OTHER[0]]).reader == "container"


def test_what_one_reading_has_beside_a_container_that_two_agree_on_is_not_the_article() -> None:
    teaser = "A teaser of quite another page that nobody else took for a part of this article stood beside it."
    assert _choose([*OTHER, teaser], OTHER, OTHER) == Body(tuple(OTHER), "container")
    assert _choose([*OTHER, teaser], [*OTHER, teaser], [*OTHER, teaser]).paragraphs[-1] == teaser


def test_characters_are_compared_in_scripts_without_spaces() -> None:
    japanese = "委員会は火曜日の夜に開かれ、来年の計画について三人の報告を聞いた。"
    assert len(shingles([japanese])) > 20
    assert shingles([japanese]) & shingles([f"東京の{japanese}"])
    assert shingles(["one two three four five"]) == shingles(["One, two: three four five!"])


@pytest.mark.parametrize("href", ["/", "index.html", "https://news.example/", "/az/", "/home.htm"])
@pytest.mark.parametrize(
    "table",
    [
        "<tr><td>{home}</td><td>{lines}</td><td>.</td></tr>",
        "<tr><td>{home}</td></tr><tr><td>{paragraphs}</td></tr>",
        "<tr><td>{first}</td><td>{second}</td></tr><tr><td>{home}</td><td>{third}</td></tr><tr><td>{fourth}</td></tr>",
        "<tr><td>{lines}<table><tr><td>{home}</td></tr></table></td></tr>",
    ],
)
def test_a_table_with_a_link_home_arranges_the_page(table: str, href: str) -> None:
    url = "https://news.example/mountain-road-104522.html"
    parts = {
        "home": f'<a href="{href}"><b>Home</b></a>',
        "lines": "<br><br>".join(PARAGRAPHS),
        "paragraphs": "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS),
        **dict(zip(("first", "second", "third", "fourth"), PARAGRAPHS, strict=False)),
    }
    html = page(f"<h1>{HEADLINE}</h1><table>{table.format(**parts)}</table>")
    body = [line.text for line in extract_tree(parse_html(html.encode()), url).body]
    assert body == list(PARAGRAPHS[: len(body)])
    assert len(body) in (4, len(PARAGRAPHS))


def test_a_data_table_with_links_stays_a_table() -> None:
    rows = "".join(f'<tr><td><a href="/valley/{n}">Valley {n}</a></td><td>{n * 7} tonnes</td></tr>' for n in range(4))
    body = body_of(article(f"<table>{rows}</table><p>{PARAGRAPHS[0]} It was so.</p>"))
    assert "Valley 2 | 14 tonnes" in body
