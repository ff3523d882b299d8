import json
from dataclasses import replace

import pytest

from caliber_crawler.extraction import Unreadable, extract_listing
from tests.extraction.pages import capture_of, site_named

SITE = site_named("caliber")
URL = "https://caliber.az/en/category/analytics"
TEASER = (
    '<div class="float_block"><a href="{href}"></a><a href="{href}"><h2 class="float_block_title">{title}</h2></a>'
    '<div class="float_block_bottom"><a href="/en/category/{section}"><span class="float_block_category">'
    '{label}</span></a><span class="float_block_time">{date}</span></div></div>'
)


def teaser(**more: str) -> str:
    facts = {
        "href": "/en/post/a",
        "title": "A",
        "section": "analytics",
        "label": "ANALYTICS",
        "date": "07 June 2025 16:28",
    }
    return TEASER.format(**{**facts, **more})


def test_an_article_listed_twice_is_one_teaser() -> None:
    page = teaser() + teaser(href="https://caliber.az/en/post/b/?fbclid=1") + teaser(href="/en/post/a/")
    teasers = extract_listing(capture_of(page, url=URL), SITE).teasers
    assert [entry.url for entry in teasers] == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_a_subtitle_in_a_teaser_is_not_part_of_its_headline() -> None:
    (entry,) = extract_listing(capture_of(teaser(title="Head <span>Sub</span>"), url=URL), SITE).teasers
    assert entry.headline == "Head"


def test_an_unknown_section_label_is_resolved_by_its_link() -> None:
    (entry,) = extract_listing(capture_of(teaser(label="Long reads"), url=URL), SITE).teasers
    assert (entry.section, entry.section_label) == ("analytics", "Long reads")


def test_a_teaser_without_a_date_is_still_a_teaser() -> None:
    (entry,) = extract_listing(capture_of(teaser(date=""), url=URL), SITE).teasers
    assert entry.published_at is None


@pytest.mark.parametrize("body", ["", " \n", "<div></div>"])
def test_an_empty_page_has_no_teasers(body: str) -> None:
    assert extract_listing(capture_of(body, url=URL), SITE).teasers == ()


def test_links_are_the_teasers_of_a_listing_of_unknown_layout() -> None:
    page = '<a href="/en/post/a"><img src="a.webp"></a><a href="/en/post/a">Peace</a><a href="/en/category/x">More</a>'
    (entry,) = extract_listing(capture_of(page, url=URL), SITE).teasers
    assert (entry.url, entry.headline) == ("https://caliber.az/en/post/a", "Peace")


def test_a_page_may_be_json_that_contains_html() -> None:
    body = json.dumps({"pages_left": True, "result": [{"html": teaser()}, {"html": teaser(href="/en/post/b")}]})
    teasers = extract_listing(capture_of(body, url=URL, headers=(("Content-Type", "application/json"),)), SITE).teasers
    assert [entry.url for entry in teasers] == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_an_image_is_not_a_listing() -> None:
    with pytest.raises(Unreadable):
        extract_listing(capture_of(b"\x89PNG\r\n\x1a\n", url=URL), SITE)


@pytest.mark.parametrize(
    ("continues", "page", "ended"),
    [
        ("", "", False),
        ("button.more", "", True),
        ("button.more", "<button class=more>More</button>", False),
        ("button.more", "<button>More</button>", True),
    ],
)
def test_a_listing_ends_if_its_definition_names_a_button_that_the_page_lacks(
    continues: str, page: str, ended: bool
) -> None:
    assert SITE.listing is not None
    site = replace(SITE, listing=replace(SITE.listing, continues=continues))
    assert extract_listing(capture_of(teaser() + page, url=URL), site).ended is ended


def test_a_listing_without_a_known_layout_does_not_end() -> None:
    listing = extract_listing(capture_of(teaser(), url=URL), replace(SITE, listing=None))
    assert (listing.ended, listing.guessed, listing.next_url) == (False, True, None)


def test_a_teaser_without_a_headline_element_has_the_longest_text_of_its_links() -> None:
    page = '<div class="float_block"><a href="/en/post/a">A</a><a href="/en/post/a">The longer text</a></div>'
    (entry,) = extract_listing(capture_of(page, url=URL), SITE).teasers
    assert entry.headline == "The longer text"


@pytest.mark.parametrize("body", ["[]", "{}", '{"a": "no markup"}', '[{"b": 1}]'])
def test_json_without_html_is_a_page_without_teasers(body: str) -> None:
    assert (
        extract_listing(capture_of(body, url=URL, headers=(("Content-Type", "application/json"),)), SITE).teasers == ()
    )
