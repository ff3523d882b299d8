from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from caliber_crawler.extraction import check, check_address, check_length, extract_page
from caliber_crawler.extraction.checks import MAX_LENGTH, MAX_REFERENCES, MAX_TITLE_LENGTH
from caliber_crawler.items import Capture, Extraction, Image, Link, Problem
from caliber_crawler.site.generic import generic_site
from tests.extraction.pages import PAGES, READ_AT, recorded_capture, site_named

SITE = site_named("caliber")
VALID = extract_page(recorded_capture(PAGES / "caliber/baku-s-geopolitical-formula"), SITE)


def problems(extraction: Extraction = VALID, now: datetime = READ_AT, **fields: Any) -> list[Problem]:
    return check(replace(extraction, article=replace(extraction.article, **fields)), SITE, now)


def test_a_valid_article_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("fields", "reason", "fatal"),
    [
        ({"headline": ""}, "no_headline", True),
        ({"headline": "Caliber.Az"}, "site_title", True),
        ({"headline": "404 Not Found"}, "not_found", True),
        ({"headline": "Страница не найдена"}, "not_found", True),
        ({"headline": "Follow us on Youtube"}, "boilerplate_in_headline", True),
        ({"subtitle": "WHAT ARE YOU LOOKING FOR ?"}, "boilerplate_in_subtitle", False),
        ({"body": "", "images": ()}, "no_body", True),
        ({"body": "Too short.", "images": ()}, "short_body", True),
        ({"body": ""}, "no_body", False),
        ({"body": VALID.article.body + "\n\nLiked the story? Share it on social media!"}, "boilerplate_in_body", False),
        ({"body": VALID.article.body + "\ufffd"}, "broken_characters", False),
        ({"published_at": None}, "no_date", False),
        ({"published_at": READ_AT + timedelta(days=1, minutes=1)}, "future_date", True),
        ({"published_at": READ_AT.replace(year=1970)}, "impossible_date", True),
        ({"views": None}, "no_views", False),
        ({"section": None}, "unknown_section", False),
        ({"section": None, "section_label": None}, "no_section", False),
    ],
)
def test_each_defect_is_reported(fields: dict[str, Any], reason: str, fatal: bool) -> None:
    (problem,) = problems(**fields)
    assert (problem.stage, problem.reason, problem.fatal) == ("check", reason, fatal)
    assert problem.message.endswith(".")


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "a" * (MAX_LENGTH + 1)},
        {"body_markdown": "a" * (MAX_LENGTH + 1)},
        {"headline": "a" * (MAX_TITLE_LENGTH + 1)},
        {"authors": ("a" * (MAX_TITLE_LENGTH + 1),)},
        {"links": (Link(url="https://example.org/"),) * (MAX_REFERENCES + 1)},
        {"images": (Image(url="https://example.org/a.webp"),) * (MAX_REFERENCES + 1)},
    ],
    ids=["body", "markdown", "headline", "author", "links", "images"],
)
def test_what_is_longer_than_any_article_is_refused(fields: dict[str, Any]) -> None:
    assert check_length(VALID) is None
    problem = check_length(replace(VALID, article=replace(VALID.article, **fields)))
    assert problem is not None
    assert (problem.reason, problem.fatal) == ("too_long", True)


def test_a_headline_may_contain_not_found_or_404() -> None:
    assert problems(headline="Missing plane not found after 404 days of search") == []
    assert problems(headline="404 days of war") == []


def test_a_short_page_with_a_404_headline_is_refused() -> None:
    body = "What you are looking for was here once, and is here no longer."
    (problem,) = problems(headline="Error 404: nothing here", body=body)
    assert (problem.reason, problem.fatal) == ("not_found", True)


def test_a_date_less_than_a_day_ahead_is_tolerated() -> None:
    assert problems(published_at=READ_AT + timedelta(hours=23)) == []


@pytest.mark.parametrize("status", [301, 404, 500])
def test_an_unsuccessful_response_has_no_article(status: int) -> None:
    (problem,) = problems(replace(VALID, capture=replace(VALID.capture, status=status)))
    assert (problem.reason, problem.fatal) == (f"http_{status}", True)


def test_an_unknown_layout_is_reported() -> None:
    (problem,) = problems(replace(VALID, layout="unknown"))
    assert (problem.reason, problem.fatal) == ("unknown_layout", False)


GENERIC = generic_site("https://news.example/")
STORY = "https://news.example/2026/01/06/bridge-rebuilt-in-town"


def address_problem(
    url: str = STORY, final_url: str | None = None, layout: str = "generic", method: str = "text", **fields: Any
) -> str | None:
    """The reason to refuse a page at a URL, which by default has no date and no word of the URL."""
    text = {"headline": "We value your privacy", "subtitle": None, "body": "We store cookies.", "published_at": None}
    extraction = replace(
        VALID,
        capture=Capture(site=GENERIC.name, url=url, final_url=final_url, fetched_at=READ_AT, status=200),
        article=replace(VALID.article, **text | fields),
        layout=layout,
        methods={"published_at": method},
    )
    problem = check_address(extraction, GENERIC)
    return problem.reason if problem is not None else None


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({}, "unlike_url"),
        ({"published_at": READ_AT, "method": "url"}, "unlike_url"),
        ({"published_at": READ_AT}, None),
        ({"layout": "new"}, None),
        ({"headline": "The bridges of the north"}, None),
        ({"headline": "News", "body": "Everything is REBUILT."}, None),
        ({"url": "https://news.example/world-europe-67890123"}, "unlike_url"),
        ({"url": "https://news.example/1234567.html"}, "wall"),
        ({"url": "https://news.example/1234567.html", "headline": "A bridge"}, None),
        ({"url": "https://news.example/2026/01/06/uebung-cafe"}, "unlike_url"),
        ({"url": "https://news.example/2026/01/06/uebung-cafe", "body": "Ein Café öffnet."}, None),
        ({"headline": "Мост построен заново", "body": "Совет решил восстановить мост."}, None),
        ({"url": "https://news.example/about"}, None),
        ({"final_url": "https://news.example/consent?return=x", "layout": "new"}, "unlike_url"),
        ({"final_url": "https://news.example/consent", "layout": "new", "published_at": READ_AT}, None),
        ({"final_url": "https://news.example/2026/01/06/privacy-for-all", "layout": "new"}, None),
        ({"final_url": "http://[", "layout": "new"}, "unlike_url"),
        ({"url": "urn:text:1"}, None),
    ],
)
def test_a_page_without_a_date_must_fit_its_url(page: dict[str, Any], reason: str | None) -> None:
    assert address_problem(**page) == reason


WALLS = {
    "consent": ("Before you continue", "We use cookies and data to deliver services."),
    "login": ("Log in to continue", "Enter your e-mail and password."),
    "subscription": ("This article is for subscribers", "Choose the offer that suits you, from 1 euro a month."),
    "region": ("Not available in your region", "Our site is currently unavailable in most European countries."),
    "maintenance": ("Сайт временно недоступен", "На сайте ведутся технические работы, зайдите позже."),
    "error": ("Etwas ist schiefgelaufen", "Bitte versuchen Sie es später erneut."),
    "ad blocker": ("Please disable your ad blocker", "We noticed that you are using an ad blocker."),
    "age": ("Are you over 18?", "Confirm your age to continue."),
}
NUMBERED = "https://news.example/news/1234567.html"


@pytest.mark.parametrize("kind", WALLS)
@pytest.mark.parametrize("url", [NUMBERED, "https://news.example/2026/01/06/postroen-novyi-most"])
def test_a_wall_is_recognized_by_its_phrases(kind: str, url: str) -> None:
    headline, body = WALLS[kind]
    assert address_problem(url, headline=headline, body=body) in ("wall", "unlike_url")
    assert address_problem(url, headline=headline, body=body, published_at=READ_AT, method="url") is not None
    assert address_problem(url, headline=headline, body=body, layout="new") is None


def test_a_wall_that_states_a_date_needs_more_evidence() -> None:
    consent = {"headline": "We value your privacy", "published_at": READ_AT}
    assert address_problem(NUMBERED, **consent, body="We and our partners store information on a device.") == "wall"
    assert address_problem(NUMBERED, **consent, body="The minister said so on Monday.") is None


@pytest.mark.parametrize(
    ("headline", "body"),
    [
        ("Welcome to Baku: ministers meet at the sea", "The ministers met in the old town on Monday."),
        ("Cookies on trial: the court in Luxembourg decides about consent to cookies", "The court met on Monday."),
        ("We value your privacy", "The court in Luxembourg decided on Monday. " * 100),
    ],
)
def test_an_article_about_such_things_is_not_a_wall(headline: str, body: str) -> None:
    assert address_problem(NUMBERED, headline=headline, body=body, published_at=READ_AT) is None
