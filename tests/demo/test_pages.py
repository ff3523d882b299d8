"""The documented facts of the real site's pages, checked on the demo site."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite
from tests.demo.visible import CAPTURED, LATER, everything, lines, only, page, source, text

HEADER = [
    "twitter",
    "youtube",
    "instagram",
    "facebook",
    "telegram",
    "apple store",
    "play market",
    "night_theme",
]
SHARE = ["share-lineLiked the story? Share it on social media!", "print", "copy link", "Ссылка скопирована"]


def truths(site: DemoSite, **wanted: Any) -> list[dict[str, Any]]:
    return [t for t in everything(site) if all(t[key] == value for key, value in wanted.items())]


def test_a_page_has_every_line_of_the_boilerplate_of_the_real_site(site: DemoSite) -> None:
    truth = next(t for t in site.truth(CAPTURED) if t["slug"] == "baku-s-geopolitical-formula")
    body = truth["body"].split("\n\n")
    assert len(body) == 14
    assert body[0].startswith("On January 5, ")
    assert body[-1].endswith(" is simply not possible.")
    assert lines(page(site, truth["url"], CAPTURED)) == [
        *HEADER,
        "ru",
        "arm",
        "search",
        "WHAT ARE YOU LOOKING FOR ?",
        "Any use of materials is allowed only if there is a hyperlink to Caliber.az",
        "Caliber.az © 2026. .",
        "ANALYTICS",
        "A+",
        "A-",
        "Baku’s geopolitical formula How Azerbaijan is redefining sovereignty",
        "06 January 2026 19:13",
        *body,
        "Caliber.Az",
        "Views: 354",
        *SHARE,
        "youtube",
        "Follow us on Youtube",
        "Follow us on Youtube",
        "ANALYTICS",
        "Analytical materials of te authors of Caliber.az",
        "loading",
    ]


def test_a_russian_page_has_the_russian_boilerplate(site: DemoSite) -> None:
    truth = truths(site, edition="ru", section="interviews")[0]
    shown = lines(page(site, truth["url"]))
    assert shown[: len(HEADER) + 7] == [
        *HEADER,
        "en",
        "arm",
        "search",
        "ЧТО ВЫ ИЩЕТЕ ?",
        "ПОПУЛЯРНЫЕ ПОИСКОВЫЕ ЗАПРОСЫ",
        "Любое использование материалов допускается только при наличии гиперссылки на Caliber.az",
        "Caliber.az © 2026. Все права защищены..",
    ]
    assert "ИНТЕРВЬЮ" in shown


def test_an_armenian_page_has_the_armenian_boilerplate(site: DemoSite) -> None:
    truth = truths(site, edition="arm", section="politics")[0]
    shown = lines(page(site, truth["url"]))
    assert shown[: len(HEADER) + 7] == [
        *HEADER,
        "ru",
        "en",
        "search",
        "ԻՆՉ ԵՍ ՓՆՏՐՈՒՄ ?",
        "ՀԱՅԱՍՏԱՆԻ ՈՐՈՆՄԱՆ ՀԱՐՑԵՐ",
        "Նյութերի ցանկացած օգտագործում թույլատրվում է միայն Caliber.az-ին հիպերհղման առկայության դեպքում",
        "Caliber.az © 2026. All rights reserved..",
    ]
    assert "Քաղաքականություն" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edition", "printed"),
    [
        ("en", r"\d\d (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"),
        ("ru", r"\d\d (Января|Февраля|Марта|Апреля|Мая|Июня|Июля|Августа|Сентября|Октября|Ноября|Декабря) \d{4}"),
        (
            "arm",
            r"\d\d (Հունվարի|Փետրվարի|Մարտի|Ապրիլի|Մայիսի|Հունիսի|Հուլիսի|Օգոստոսի|Սեպտեմբերի|Հոկտեմբերի|Նոյեմբերի"
            r"|Դեկտեմբերի) \d{4}",
        ),
    ],
)
def test_dates_are_printed_in_baku_time_with_capitalised_months(site: DemoSite, edition: str, printed: str) -> None:
    months = set()
    for truth in truths(site, edition=edition):
        shown = text(only(page(site, truth["url"]), ".post_time"))
        match = re.fullmatch(printed + r" (\d\d:\d\d)", shown)
        assert match, shown
        assert match[2] == truth["published_local"][11:16]
        assert truth["published_local"].endswith("+04:00")
        local = datetime.fromisoformat(truth["published_at"]) + timedelta(hours=4)
        assert shown.startswith(f"{local.day:02} ")
        assert f" {local.year} " in shown
        months.add((local.month, match[1]))
    assert len(months) == 12


@pytest.mark.parametrize(("edition", "label"), [("en", "Views"), ("ru", "Просмотров"), ("arm", "Դիտումներ")])
def test_the_counter_is_shown_with_its_label(site: DemoSite, edition: str, label: str) -> None:
    truth = truths(site, edition=edition)[0]
    assert truth["views"] > 0
    assert text(only(page(site, truth["url"]), ".post_hits")) == f"{label}: {truth['views']}" == truth["views_shown"]


@pytest.mark.slow
def test_every_part_of_the_new_layout_has_its_class(site: DemoSite) -> None:
    for truth in truths(site):
        root = page(site, truth["url"])
        post = only(root, ".post")
        heading = only(post, ".post_title")
        assert heading.tag == "h1"
        assert text(only(post, ".post_categoty")) == truth["section_label"]
        assert text(only(post, ".post_signature")) == truth["signature"]
        assert " ".join((heading.text or "").split()) == truth["headline"]
        assert [text(span) for span in heading.iter("span")] == ([truth["subtitle"]] if truth["subtitle"] else [])


def written_paragraphs(truth: dict[str, Any]) -> list[str]:
    """Return the paragraphs that the newspaper wrote: all except the lines of embedded posts."""
    posts = {f"[Post on X: {tweet['url']}]" for tweet in truth["tweets"]}
    paragraphs = truth["body"].split("\n\n")
    assert posts <= set(paragraphs)
    return [paragraph for paragraph in paragraphs if paragraph not in posts]


@pytest.mark.slow
def test_the_body_contains_every_paragraph_of_the_truth_in_order(site: DemoSite) -> None:
    for truth in truths(site):
        shown, at = text(only(page(site, truth["url"]), ".post_body")), 0
        for paragraph in written_paragraphs(truth):
            at = shown.index(paragraph, at) + len(paragraph)


def test_bodies_contain_only_paragraphs_advertising_posts_and_pictures(site: DemoSite) -> None:
    for truth in truths(site):
        body = only(page(site, truth["url"]), ".post_body")
        for drop in body.xpath(
            ".//div[@class='banner'] | .//blockquote[@class='twitter-tweet'] | .//script | .//figcaption"
        ):
            drop.drop_tree()
        shown = text(body)
        for author in truth["authors"]:
            shown = shown.removesuffix(f"By {author}")
        assert shown.replace(" ", "") == "".join(written_paragraphs(truth)).replace(" ", "")


def test_the_cover_is_a_background_image_with_quotes_or_none(site: DemoSite) -> None:
    quotes = set()
    for truth in truths(site):
        match = re.fullmatch(
            r"""background-image:url\((['"]?)(\S+/media/photos/original/[0-9a-f]{32}\.webp)\1\)""",
            only(page(site, truth["url"]), ".post_cover").get("style"),
        )
        assert match
        assert match[2] == truth["cover_image"]
        quotes.add(match[1])
    assert quotes == {"", "'", '"'}


def test_canonical_link_and_open_graph_contain_the_slug_url(site: DemoSite) -> None:
    truth = truths(site, edition="arm")[0]
    root = page(site, truth["urls"][-1].rstrip("/"))
    assert root.xpath("//link[@rel='canonical']/@href") == [truth["url"]]
    meta = {tag.get("property"): tag.get("content") for tag in root.xpath("//meta[@property]")}
    assert meta["og:url"] == truth["url"]
    assert " ".join(meta["og:title"].split()) == truth["headline"]
    assert meta["og:image"] == truth["cover_image"]
    assert not root.xpath("//script[@type='application/ld+json']")


def test_a_pinned_live_headline_precedes_the_category(site: DemoSite) -> None:
    pinned = []
    for truth in truths(site, edition="en"):
        shown = lines(page(site, truth["url"], LATER))
        live = [place for place, line in enumerate(shown) if line.endswith(": LIVE")]
        if live:
            assert shown[live[0]] == "November 23, 2026 – Israel vs Iran: LIVE"
            assert live[0] < shown.index(truth["section_label"])
            pinned.append(truth["published_at"])
    assert pinned
    assert min(pinned) < "2023"


@pytest.mark.parametrize(("year", "label"), [(2024, False), (2025, True)])
def test_the_footer_has_the_year_of_the_request(site: DemoSite, year: int, label: bool) -> None:
    truth = truths(site, edition="en")[-1]
    shown = lines(page(site, truth["url"], datetime(year, 8, 1, tzinfo=UTC)))
    assert f"Caliber.az © {year}. ." in shown
    assert ("night_theme" in shown) is label


def test_in_february_2026_english_pages_do_not_offer_armenian(site: DemoSite) -> None:
    truth = truths(site, edition="en")[-1]
    february = lines(page(site, truth["url"], datetime(2026, 2, 14, tzinfo=UTC)))
    march = lines(page(site, truth["url"], datetime(2026, 3, 14, tzinfo=UTC)))
    assert "arm" not in february
    assert "arm" in march


OCCURRING: dict[str, Callable[[str, dict[str, Any]], bool]] = {
    "a double blank in a headline": lambda html, t: bool(re.search(r'post_title">[^<]*\S  \S', html)),
    "an unpaired quotation mark": lambda html, t: ("“" in t["headline"]) != ("”" in t["headline"]),
    "a headline without subtitle": lambda html, t: t["subtitle"] is None,
    "a signature with a Cyrillic А": lambda html, t: t["signature"] == "Caliber.\N{CYRILLIC CAPITAL LETTER A}z",
    "By and a name as last line": lambda html, t: bool(re.search(r"By [^<]+(</\w+>)*</p>\s*</div>", html)),
    "Analysis by and a name": lambda html, t: (t["subtitle"] or "").startswith("Analysis by ") and bool(t["authors"]),
    "a weekly review": lambda html, t: "weekly review" in (t["subtitle"] or "").lower() and not t["authors"],
    "advertising in the body": lambda html, t: '<div class="banner">' in html,
    "an embedded post": lambda html, t: "&mdash; Caliber English (@CaliberEnglish)" in html and bool(t["tweets"]),
    "a picture in the body": lambda html, t: bool(t["images"]),
    "decoration beside a picture": lambda html, t: "/templates/Default/api/zoom.png" in html,
    "a link to another article": lambda html, t: any("/post/" in link for link in t["links"]),
    "a link to another site": lambda html, t: any("127.0.0.1" not in link for link in t["links"]),
    "an empty paragraph": lambda html, t: bool(re.search(r"<p>(&nbsp;|<br>)?</p>", html)),
    "a paragraph in a div": lambda html, t: bool(re.search(r"<div>[^<]{20,}</div>", html)),
    "paragraphs parted by line breaks": lambda html, t: bool(re.search(r"<br ?/?>\s*<br ?/?>", html)),
    "a list": lambda html, t: "<ul><li>" in html,
    "a quotation": lambda html, t: "<blockquote><p>" in html,
    "a named entity": lambda html, t: "&rsquo;" in html or "&laquo;" in html,
    "an ampersand, escaped": lambda html, t: "& easy" in t["body"] and "&amp; easy" in html and "& easy" not in html,
    "a no-break blank": lambda html, t: "&nbsp;" in html,
    "letters taken apart": lambda html, t: "\N{COMBINING BREVE}" in html or "\N{COMBINING ACUTE ACCENT}" in html,
}


@pytest.mark.parametrize("name", OCCURRING)
def test_600_articles_include(site: DemoSite, name: str) -> None:
    found = OCCURRING[name]
    for truth in everything(site):
        if found(source(site, truth["url"]), truth):
            return
    pytest.fail(f"no article with {name}")


@pytest.mark.slow
def test_the_old_layout_has_category_and_date_on_one_line_above_bylines(site: DemoSite) -> None:
    variants = set()
    for truth in truths(site, edition="ru"):
        if not truth["old_layout_urls"]:
            continue
        response = site.respond(truth["old_layout_urls"][0].removeprefix(site.base_url), LATER).body.decode()
        assert 'class="post' not in response
        assert "canonical" not in response
        assert re.search(re.escape(truth["section_label"]) + r"  \d\d [А-Я][а-я]+ \d{4} - \d\d:\d\d<", response)
        shown = lines(page(site, truth["old_layout_urls"][0]))
        assert not any(line.startswith("Просмотров") for line in shown)
        start = shown.index(truth["headline"])
        if truth["subtitle"]:
            assert shown[start + 1] == truth["subtitle"]
            start += 1
        assert " - " in shown[start + 1]
        end = shown.index(truth["body"].split("\n\n")[0]) if truth["body"].split("\n\n")[0] in shown else start + 4
        byline = " / ".join(shown[start + 2 : min(end, start + 4)]) if truth["authors_on_old_layout"] else ""
        for author in truth["authors_on_old_layout"]:
            assert byline.startswith(author)
            variants.add(byline.removeprefix(author).strip())
    assert {
        "",
        "Caliber.Az |",
        "/ Caliber.Az",
        "/ Политический обозреватель Caliber.Az",
        "/ Caliber.Az | Политический обозреватель Caliber.Az",
    } <= variants


def test_bylines_of_the_old_layout_are_missing_in_the_new_one(site: DemoSite) -> None:
    signed = [truth for truth in truths(site) if truth["authors_on_old_layout"] and not truth["authors"]]
    assert signed
    for truth in signed[:100]:
        for url in (truth["url"], truth["numeric_urls"][-1]):
            assert truth["authors_on_old_layout"][0] not in lines(page(site, url))
