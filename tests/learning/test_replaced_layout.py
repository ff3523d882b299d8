"""A site with a definition gets other names for everything, and some pages have a block that taught nothing yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

import pytest

from caliber_crawler.site import Edition, Layout, Section, Site
from tests.archive.newsroom import Newsroom
from tests.learning.rehearsal import Rehearsal
from tests.learning.themes import Story, classic

pytestmark = pytest.mark.slow

SITE = Site(
    name="news",
    title="The News",
    base_url="https://news.example",
    timezone="UTC",
    article_path=r"/\d+/\d+/(?P<slug>[^/]+)",
    default_sections=("news",),
    editions=(Edition(language="en", name="en", sections={"news": Section(path="/")}),),
    layouts=(
        Layout(
            name="2020",
            article="article.post",
            headline=".entry-title",
            date=".published@datetime",
            authors="[rel=author]",
            body=".entry-content",
            drop=(".related", ".ad", ".call"),
        ),
    ),
)
COUNT = 32
RARE = [number for number in range(5, COUNT) if number % 4 == 2]
"""A quarter of the articles, and none of the five from which the new layout is learned."""
EDIT = "The mayor of the town was not asked about it until the evening, says the corrected text."
BODIES = "SELECT body FROM article_texts ORDER BY url"


def page(story: Story, *, has_ad: bool = False, has_call: bool = False, edit: str = "") -> str:
    text = classic(story)
    ad = f'<div class="ad"><p>ADVERTISEMENT Your bank. Your {story.number} percent</p></div>'
    call = f'<div class="call"><p>Write to us about the {story.word(4)} of {story.word(9)}</p></div>'
    first = f"<p>{story.paragraphs[0]}</p>"
    text = text.replace(first, first + ad * has_ad + call * has_call)
    return text.replace(story.paragraphs[2], edit) if edit else text


def serve(
    numbers: Iterable[int],
    *,
    is_new: bool,
    ads: Collection[int] = RARE,
    calls: Collection[int] = (),
    edits: Mapping[int, str] | None = None,
) -> list[tuple[str, str]]:
    """The pages of articles; ``is_new``: with other names for all classes and IDs."""
    pages = []
    for number in numbers:
        story = Story(number)
        text = page(story, has_ad=number in ads, has_call=number in calls, edit=(edits or {}).get(number, ""))
        if is_new:
            text = text.replace('class="', 'class="n9-').replace('id="', 'id="n9-')
        pages.append((story.url, text))
    return pages


@pytest.fixture
def crawls(newsroom: Newsroom) -> Rehearsal:
    """A site of which every article is known in its first design."""
    crawls = Rehearsal(newsroom.archive, SITE)
    assert crawls.crawl(serve(range(COUNT), is_new=False)) == {"new": COUNT}
    return crawls


def test_a_block_on_some_pages_that_taught_nothing_makes_no_edit(crawls: Rehearsal) -> None:
    before = crawls.values(BODIES)
    crawls.crawl(serve(range(COUNT), is_new=True))
    assert crawls.counts["layout_changed"] == 4
    assert [report.reason for report in crawls.reports] == ["fact_replaced"] * 2
    assert "Dropped from now on: .n9-ad (on 5 known articles)." in crawls.reports[1].message
    assert crawls.edits == 0
    assert crawls.values(BODIES) == before
    seen = f"SELECT count(*) FROM articles WHERE last_seen_at >= '{crawls.at:%Y-%m-%dT%H:%M:%SZ}'"
    assert crawls.values(seen) == [COUNT]
    learned = crawls.learning.site.layouts[-1]
    assert (learned.name, sorted(learned.drop[:2])) == ("learned", [".n9-ad", ".n9-related"])
    assert crawls.crawl(serve(range(COUNT), is_new=True)) == {"unchanged": COUNT}


def test_a_redesign_of_the_article_alone_makes_no_edit_either(crawls: Rehearsal) -> None:
    """Both designs have most of their names in common: those of the menu."""
    menu = "".join(f'<a class="menu-{number}" href="/m/{number}">Menu</a>' for number in range(60))

    def with_menu(pages: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(url, text.replace("</body>", f"{menu}</body>")) for url, text in pages]

    crawls.crawl(with_menu(serve(range(COUNT), is_new=False)))
    before = crawls.values(BODIES)
    crawls.crawl(with_menu(serve(range(COUNT), is_new=True)))
    assert crawls.edits == 0
    assert crawls.values(BODIES) == before


@pytest.mark.parametrize("ads", [[1, *RARE], [1, 3, *RARE], [0, 4, *RARE]])
def test_a_block_on_one_or_two_pages_that_taught_the_layout_makes_no_edit(crawls: Rehearsal, ads: list[int]) -> None:
    before = crawls.values(BODIES)
    crawls.crawl(serve(range(COUNT), is_new=True, ads=ads))
    crawls.crawl(serve(range(COUNT), is_new=True, ads=ads))
    assert crawls.edits == 0
    assert crawls.values(BODIES) == before


def test_pages_put_aside_by_several_runs_teach_together(crawls: Rehearsal) -> None:
    before = crawls.values(BODIES)
    for start in range(0, COUNT, 8):
        crawls.crawl(serve(range(start, start + 8), is_new=True))
    assert "Dropped from now on: .n9-ad (on 5 known articles)." in crawls.reports[-1].message
    assert crawls.edits == 0
    assert crawls.values(BODIES) == before


def test_a_block_that_comes_later_is_learned_too(crawls: Rehearsal) -> None:
    """The rules that earlier pages taught stay."""
    before = crawls.values(BODIES)
    crawls.crawl(serve(range(20), is_new=True, ads=range(6, 12)))
    crawls.crawl(serve(range(20, COUNT), is_new=True, ads=(), calls=range(24, COUNT)))
    assert len(crawls.reports) == 3
    assert sorted(crawls.learning.site.layouts[-1].drop[:3]) == [".n9-ad", ".n9-call", ".n9-related"]
    assert crawls.edits == 0
    assert crawls.values(BODIES) == before


def test_a_real_edit_right_after_the_redesign_becomes_a_version_after_three_days(crawls: Rehearsal) -> None:
    """One on a page with the block, and one on another page; one from before the layout is known counts at once."""
    edits = {3: EDIT, 14: EDIT, 21: EDIT}
    crawls.crawl(serve(range(COUNT), is_new=True, edits=edits))
    outcomes = crawls.crawl(serve(edits, is_new=True, edits=edits), after=timedelta(days=1))
    assert outcomes == {"unchanged": 1, "layout_changed": 2}
    assert crawls.edits == 1
    outcomes = crawls.crawl(serve(edits, is_new=True, edits=edits), after=timedelta(days=7))
    assert outcomes == {"unchanged": 1, "updated": 2}
    assert crawls.edits == 3
    assert len(crawls.values(f"SELECT 1 FROM article_texts WHERE body LIKE '%{EDIT}%'")) == 3
    assert crawls.values("SELECT 1 FROM article_texts WHERE body LIKE '%ADVERTISEMENT%'") == []
    # It is not doubted again, and neither is what comes after it.
    assert crawls.crawl(serve(edits, is_new=True, edits=edits)) == {"unchanged": 3}
    again = dict.fromkeys(edits, f"{EDIT} And so on.")
    assert crawls.crawl(serve(edits, is_new=True, edits=again)) == {"updated": 3}


def test_an_edit_of_a_page_that_the_layout_fitted_before_is_a_version_at_once(crawls: Rehearsal) -> None:
    crawls.crawl(serve(range(COUNT), is_new=True))
    assert crawls.crawl(serve([7, 14], is_new=True, edits={7: EDIT, 14: EDIT})) == {"updated": 2}
    assert crawls.edits == 2


def test_a_new_article_loses_the_block_at_its_next_visit_without_an_edit(crawls: Rehearsal) -> None:
    new = range(COUNT, COUNT + 4)
    with_ad = "SELECT count(*) FROM article_texts WHERE body LIKE '%ADVERTISEMENT%'"
    crawls.crawl(serve(range(6), is_new=True))
    assert crawls.crawl(serve(new, is_new=True, ads=new)) == {"new": 4}
    assert crawls.values(with_ad) == [4]
    crawls.crawl(serve(RARE, is_new=True))
    crawls.crawl(serve(new, is_new=True, ads=new))
    assert crawls.values(with_ad) == [0]
    assert crawls.edits == 0


def test_edits_of_many_pages_teach_nothing_to_drop(crawls: Rehearsal) -> None:
    """The changed paragraphs have the same names as others that are part of known texts."""
    edits = {number: f"{EDIT} So says desk {number}." for number in range(6, 18)}
    crawls.crawl(serve(range(COUNT), is_new=True, ads=(), edits=edits))
    assert crawls.counts["layout_changed"] == len(edits)
    assert len(crawls.reports) == 1
    outcomes = crawls.crawl(serve(range(COUNT), is_new=True, ads=(), edits=edits), after=timedelta(days=3))
    assert outcomes == {"updated": len(edits), "unchanged": COUNT - len(edits)}


def test_an_element_that_is_text_on_other_pages_is_not_dropped(crawls: Rehearsal) -> None:
    """Pages that the layout fits are counter-evidence: on them, the same class has a paragraph of the text."""
    framed = []
    for number, (url, text) in enumerate(serve(range(COUNT), is_new=True)):
        paragraph = f"<p>{Story(number).paragraphs[1]}</p>"
        frame = f'<div class="n9-ad">{paragraph}</div>'
        framed.append((url, text.replace(paragraph, frame) if number % 4 == 1 and number > 4 else text))
    crawls.crawl(framed)
    assert crawls.counts["layout_changed"] == len(RARE)
    assert ".n9-ad" not in crawls.learning.site.layouts[-1].drop
    assert crawls.edits == 0


DOUBTS = {
    "the known text in another design": (True, {}, None),
    "another text in another design": (True, {"edits": {7: EDIT}}, "layout_changed"),
    "a block in another design": (True, {"ads": [7]}, "layout_changed"),
    "another text in the stated design": (False, {"edits": {7: EDIT}}, None),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_another_text_in_another_design_is_doubted(crawls: Rehearsal, case: str) -> None:
    is_new, changes, reason = DOUBTS[case]
    crawls.crawl(serve(range(6), is_new=True))
    crawls.crawl(serve([7], is_new=is_new, **{"ads": (), **changes}))  # type: ignore[arg-type]
    assert crawls.counts["layout_changed"] == (reason is not None)
    assert crawls.edits == (case == "another text in the stated design")
