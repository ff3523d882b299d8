"""Extraction from plain text, by the order of its lines."""

import pytest

from caliber_crawler.extraction import Unreadable, extract_page
from caliber_crawler.items import Article
from tests.extraction.pages import PAGES, capture_of, site_named

SITE = site_named("caliber")
TOP = {
    "en": "twitter\nyoutube\nnight_theme\nru\nsearch\nWHAT ARE YOU LOOKING FOR ?\n\n"
    "Any use of materials is allowed only if there is a hyperlink to Caliber.az\nCaliber.az © 2025. .\n",
    "ru": "en\narm\nЧТО ВЫ ИЩЕТЕ ?\nПОПУЛЯРНЫЕ ПОИСКОВЫЕ ЗАПРОСЫ\n\n"
    "Любое использование материалов допускается только при наличии гиперссылки на Caliber.az\n"
    "Caliber.az © 2025. Все права защищены..\n",
    "hy": "ru\nen\nԻՆՉ ԵՍ ՓՆՏՐՈՒՄ ?\nՀԱՅԱՍՏԱՆԻ ՈՐՈՆՄԱՆ ՀԱՐՑԵՐ\n"
    "Նյութերի ցանկացած օգտագործում թույլատրվում է միայն Caliber.az-ին հիպերհղման առկայության դեպքում\n"
    "Caliber.az © 2026. All rights reserved..\n",
}
BOTTOM = "share-lineLiked the story? Share it on social media!\nprint\ncopy link\nСсылка скопирована\n"


def extract(text: str) -> Article:
    return extract_page(capture_of(text, url="urn:text:1"), SITE).article


@pytest.mark.parametrize("pinned", ["", "June 22, 2025 – Israel vs Iran: LIVE\n", "22 June 2025 10:15\n"])
def test_a_pinned_headline_is_not_the_headline(pinned: str) -> None:
    article = extract(
        f"{TOP['en']}{pinned}INTERVIEWS\nA+\nA-\n\nFurther processes depend on the war\n\n"
        f"17 June 2023 14:21\n\nOne.\n\nTwo.\n\n"
        f"Caliber.Az\nViews: 291\n\n{BOTTOM}INTERVIEWS\nThe best talks\nloading"
    )
    assert article.headline == "Further processes depend on the war"
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2023-06-17T14:21:00+04:00"
    assert (article.section, article.language, article.views) == ("interviews", "en", 291)
    assert article.body == "One.\n\nTwo."


def test_a_russian_page_is_extracted() -> None:
    article = extract(
        f"{TOP['ru']}АНАЛИТИКА\nA+\nA-\n\nПуть Баку, ультиматум Москвы и паника Парижа\n\n"
        f"15 Июня 2024 19:14\n\nПервый.\n\nВторой.\n\n"
        f"Caliber.Az\nПросмотров: 12 179\n{BOTTOM}АНАЛИТИКА\nloading"
    )
    assert (article.language, article.section, article.views) == ("ru", "analytics", 12179)
    assert article.body == "Первый.\n\nВторой."


def test_an_armenian_page_with_an_unknown_counter_is_extracted() -> None:
    article = extract(
        f"{TOP['hy']}Քաղաքականություն\nA+\nA-\nԴեսպանատունը չկարողացավ հերքել\n"
        f"08 Օգոստոսի 2024 10:26\nԱռաջին։\n\nԵրկրորդ։\n\n"
        f"Caliber.Az\nԴիտված: 77\n{BOTTOM}loading"
    )
    assert (article.language, article.section, article.views) == ("hy", "politics", 77)
    assert article.body == "Առաջին։\n\nԵրկրորդ։"


def test_a_byline_at_the_end_is_an_author() -> None:
    article = extract(
        "ECONOMICS\nA-\nTitle\n15 November 2025 15:27\n\nOne.\n\nBy Aghakazim Guliyev\nCaliber.Az\nViews: 291"
    )
    assert (article.body, article.authors, article.signature) == ("One.", ("Aghakazim Guliyev",), "Caliber.Az")


def test_a_page_truncated_before_its_counter_has_no_views() -> None:
    article = extract("ECONOMICS\nA-\nTitle\n15 November 2025 15:27\n\nOne.\n\nTwo.")
    assert (article.body, article.views) == ("One.\n\nTwo.", None)


def test_paragraphs_are_separate_even_without_blank_lines() -> None:
    seed = (PAGES / "caliber/baku-s-geopolitical-formula-as-text/page.txt").read_text(encoding="utf-8")
    squeezed = "\n".join(line for line in seed.splitlines() if line.strip())
    assert extract(squeezed) == extract(seed)


def test_a_page_without_its_header_is_extracted() -> None:
    seed = (PAGES / "caliber/baku-s-geopolitical-formula-as-text/page.txt").read_text(encoding="utf-8")
    headline = "Baku’s geopolitical formula How Azerbaijan is redefining sovereignty"
    article = extract(seed[seed.index(headline) :])
    assert (article.headline, article.body, article.views) == (headline, extract(seed).body, 354)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_are_recognized(line_end: str) -> None:
    text = "ECONOMICS\nA-\nTitle\n15 November 2025 15:27\n\nOne.\n\nTwo."
    assert extract(text.replace("\n", line_end)) == extract(text)


@pytest.mark.parametrize("text", ["Just a note.", "15 November 2025 15:27", "A list\nof\nthings", "354"])
def test_a_text_without_an_article_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        extract(text)
    assert refused.value.reason == "not_an_article"
