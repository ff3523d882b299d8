import json

import pytest

from caliber_crawler.reading import Unreadable, read_listing
from tests.reading.pages import capture_of, site_named

SITE = site_named("caliber")
URL = "https://caliber.az/en/category/analytics"
CARD = (
    '<div class="float_block"><a href="{href}"></a><a href="{href}"><h2 class="float_block_title">{title}</h2></a>'
    '<div class="float_block_bottom"><a href="/en/category/{section}"><span class="float_block_category">'
    '{label}</span></a><span class="float_block_time">{date}</span></div></div>'
)


def card(**more: str) -> str:
    facts = {
        "href": "/en/post/a",
        "title": "A",
        "section": "analytics",
        "label": "ANALYTICS",
        "date": "07 June 2025 16:28",
    }
    return CARD.format(**{**facts, **more})


def test_an_article_listed_twice_is_one_card() -> None:
    page = card() + card(href="https://caliber.az/en/post/b/?fbclid=1") + card(href="/en/post/a/")
    cards = read_listing(capture_of(page, url=URL), SITE).cards
    assert [entry.url for entry in cards] == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_a_subtitle_in_a_card_is_not_of_its_headline() -> None:
    (entry,) = read_listing(capture_of(card(title="Head <span>Sub</span>"), url=URL), SITE).cards
    assert entry.headline == "Head"


def test_a_section_is_known_by_its_link_when_its_label_is_not() -> None:
    (entry,) = read_listing(capture_of(card(label="Long reads"), url=URL), SITE).cards
    assert (entry.section, entry.section_label) == ("analytics", "Long reads")


def test_a_card_without_a_date_is_still_a_card() -> None:
    (entry,) = read_listing(capture_of(card(date=""), url=URL), SITE).cards
    assert entry.published_at is None


@pytest.mark.parametrize("body", ["", " \n", "<div></div>"])
def test_an_empty_batch_has_no_cards(body: str) -> None:
    assert read_listing(capture_of(body, url=URL), SITE).cards == ()


def test_a_listing_of_unknown_layout_is_read_by_its_links() -> None:
    page = '<a href="/en/post/a"><img src="a.webp"></a><a href="/en/post/a">Peace</a><a href="/en/category/x">More</a>'
    (entry,) = read_listing(capture_of(page, url=URL), SITE).cards
    assert (entry.url, entry.headline) == ("https://caliber.az/en/post/a", "Peace")


def test_a_batch_may_come_as_json_around_html() -> None:
    body = json.dumps({"pages_left": True, "result": [{"html": card()}, {"html": card(href="/en/post/b")}]})
    cards = read_listing(capture_of(body, url=URL, headers=(("Content-Type", "application/json"),)), SITE).cards
    assert [entry.url for entry in cards] == ["https://caliber.az/en/post/a", "https://caliber.az/en/post/b"]


def test_a_picture_is_no_listing() -> None:
    with pytest.raises(Unreadable):
        read_listing(capture_of(b"\x89PNG\r\n\x1a\n", url=URL), SITE)
