from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.demo import DemoSite, truth
from caliber_crawler.demo.truth import Truth
from tests.demo.visible import CAPTURED, LATER, everything, lines, only, page, text

SEED_PATH = "/en/post/baku-s-geopolitical-formula"
SECOND = timedelta(seconds=1)


def moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def truth_of(site: DemoSite, slug: str, at: datetime) -> Truth:
    article = next(article for article in site.visible(at) if article.slug == slug)
    return truth.truth_of(article, site.newsroom, site.base_url, at)


def edited_articles(site: DemoSite, kind: str) -> list[Truth]:
    """Return the articles that were edited exactly once, in this way."""
    return [article for article in everything(site) if [edit["kind"] for edit in article["edits"]] == [kind]]


def test_the_real_article_has_354_views_at_its_capture(site: DemoSite) -> None:
    assert text(only(page(site, SEED_PATH, CAPTURED), ".post_hits")) == "Views: 354"
    assert truth_of(site, "baku-s-geopolitical-formula", CAPTURED - timedelta(hours=4))["views"] < 354


def test_an_article_appears_when_the_clock_passes_its_publication(site: DemoSite) -> None:
    published_at = datetime(2026, 1, 6, 15, 13, tzinfo=UTC)
    before = published_at - SECOND
    assert site.respond(SEED_PATH, before).status == 404
    assert site.respond(SEED_PATH, published_at).status == 200
    for listing in ("/en/category/analytics", "/en", "/rss.xml", "/search/geopolitical"):
        assert b"baku-s-geopolitical-formula" not in site.respond(listing, before).body
        assert b"baku-s-geopolitical-formula" in site.respond(listing, published_at).body
    assert site.count(at=published_at) == site.count(at=before) + 1


def test_one_article_in_fifty_is_newer_than_the_real_one(site: DemoSite) -> None:
    assert site.count(at=LATER) == 600
    assert site.count(at=CAPTURED) == 600 - 600 // 50


def test_the_site_is_empty_before_the_first_article(site: DemoSite) -> None:
    early = datetime(2020, 1, 1, tzinfo=UTC)
    assert list(site.truth(early)) == []
    assert site.respond("/en/category/analytics", early).status == 200
    assert site.respond("/rss.xml", early).status == 200


def test_the_clock_is_used_if_no_time_is_given() -> None:
    now = [CAPTURED]
    site = DemoSite(100, clock=lambda: now[0])
    first = len(list(site.truth()))
    now[0] = LATER
    assert first == 98
    assert len(list(site.truth())) == site.count() == 100


@given(hours=st.lists(st.floats(0, 20_000), min_size=2, max_size=6))
def test_counters_never_decrease(site: DemoSite, hours: list[float]) -> None:
    article = next(site.visible(CAPTURED, "ru"))
    views = [article.views(article.published_at + timedelta(hours=h)) for h in sorted(hours)]
    assert views == sorted(views)
    assert article.views(article.published_at - SECOND) == article.views(article.published_at) == 0


def test_counters_grow_fast_at_first_and_then_slowly(site: DemoSite) -> None:
    for article in site.visible(CAPTURED):
        day, week, month = (article.views(article.published_at + timedelta(days=days)) for days in (1, 7, 30))
        if article.most_views is None:
            assert day > (week - day) / 6 > (month - week) / 23 > 0


@pytest.mark.parametrize("kind", ["headline", "paragraph_added", "paragraph_changed", "typo_fixed"])
def test_an_edit_takes_effect_at_its_time_and_changes_one_field(site: DemoSite, kind: str) -> None:
    found = edited_articles(site, kind)
    assert len(found) > 5
    for after in found:
        edited_at = moment(after["edited_at"])
        before = truth_of(site, after["slug"], edited_at - SECOND)
        assert before["edited_at"] is None
        assert before["edits"] == []
        assert truth_of(site, after["slug"], edited_at)["edited_at"] == after["edited_at"]
        old, new = before["body"].split("\n\n"), after["body"].split("\n\n")
        if kind == "headline":
            assert before["headline"] != after["headline"]
            assert old == new
            continue
        assert before["headline"] == after["headline"]
        if kind == "paragraph_added":
            assert len(new) == len(old) + 1
            assert [paragraph for paragraph in new if paragraph in old] == old
        else:
            assert len(old) == len(new)
            changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
            assert len(changed) == 1
            if kind == "typo_fixed":
                assert sorted(changed[0][0]) == sorted(changed[0][1])


def test_a_page_changes_with_its_truth(site: DemoSite) -> None:
    for after in edited_articles(site, "headline")[:5] + edited_articles(site, "paragraph_changed")[:5]:
        edited_at = moment(after["edited_at"])
        before = truth_of(site, after["slug"], edited_at - SECOND)
        shown = lines(page(site, after["url"], edited_at - SECOND)), lines(page(site, after["url"], edited_at))
        assert shown[0] != shown[1]
        assert any(before["headline"] in line for line in shown[0])
        assert any(after["headline"] in line for line in shown[1])


def test_an_article_with_a_new_headline_keeps_its_slug(site: DemoSite) -> None:
    for article in edited_articles(site, "headline"):
        assert article["url"].endswith(truth_of(site, article["slug"], moment(article["published_at"]))["url"][-20:])
        assert site.respond(article["url"].removeprefix(site.base_url), LATER).status == 200


def test_some_articles_are_edited_twice(site: DemoSite) -> None:
    twice = [article for article in everything(site) if len(article["edits"]) == 2]
    assert twice
    for article in twice:
        assert article["published_at"] < article["edits"][0]["at"] < article["edits"][1]["at"] == article["edited_at"]


def test_pages_have_no_validators_by_default(site: DemoSite) -> None:
    assert not {"etag", "last-modified"} & dict(site.respond(SEED_PATH, LATER).headers).keys()


def test_a_validator_changes_with_the_text_and_not_with_the_counter(site: DemoSite) -> None:
    article = edited_articles(site, "typo_fixed")[0]
    edited_at, path = moment(article["edited_at"]), article["url"].removeprefix(site.base_url)
    site = DemoSite(site.articles, seed=site.seed, validators=True)

    def etag(at: datetime) -> str:
        return dict(site.respond(path, at).headers)["etag"]

    assert etag(edited_at) == etag(LATER)
    assert etag(edited_at) != etag(edited_at - SECOND)
    assert etag(LATER).startswith('W/"')
    assert site.respond(path, edited_at).body != site.respond(path, LATER).body
