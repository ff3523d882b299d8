"""The walk through a site: which link is next, and when it is complete."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.exploration import LinkClass, PageOutcome, Walk
from caliber_crawler.exploration import walk as walking
from caliber_crawler.exploration.estimate import Estimate
from caliber_crawler.exploration.link_classes import PAGING
from caliber_crawler.exploration.outcomes import weight_of
from caliber_crawler.exploration.probabilities import Group, LearnedProbabilities
from caliber_crawler.items import PageLink
from tests.properties import examples

BASE = "https://site.example"
CLASSES = st.sampled_from(list(LinkClass))
OUTCOMES = st.sampled_from(list(PageOutcome))
PATHS = st.sampled_from(
    ["/a", "/news/talks-resume-now", "/page/2", "/page/3", "/tag/x", "/2026/01/word-two-three", "/?p=9"]
)
LINKS = st.lists(st.builds(lambda path, kind: PageLink(BASE + path, kind.value, "div.x"), PATHS, CLASSES), max_size=12)


def link(path: str, link_class: LinkClass = LinkClass.HEADLINE, signature: str = "main>h2") -> PageLink:
    return PageLink(BASE + path, link_class.value, signature)


@given(st.dictionaries(PATHS, st.tuples(LINKS, OUTCOMES)))
@settings(max_examples=examples(60))
def test_every_link_is_requested_once_at_most_and_the_walk_ends(
    site: dict[str, tuple[list[PageLink], PageOutcome]],
) -> None:
    walk, requested = Walk(), []
    walk.add(f"{BASE}/a", LinkClass.NAVIGATION)
    while (url := walk.next()) is not None:
        requested.append(url)
        links, outcome = site.get(url.removeprefix(BASE), ([], PageOutcome.DEAD))
        new = walk.add_page(links, is_start=len(requested) == 1)
        walk.observe(url, outcome, len(new))
        assert len(requested) <= 20
    assert len(requested) == len(set(requested))
    assert set(requested) | set(walk.left()) == set(walk.candidates)


@given(st.lists(st.tuples(CLASSES, PATHS, OUTCOMES), max_size=60), CLASSES)
def test_learned_probabilities_are_probabilities(
    seen: list[tuple[LinkClass, str, PageOutcome]], kind: LinkClass
) -> None:
    learned = LearnedProbabilities()
    for link_class, shape, outcome in seen:
        learned.observe(Group(link_class, shape, "main"), outcome)
    probabilities = learned.of(Group(kind, "/a", "main"))
    assert abs(sum(probabilities) - 1) < 1e-9
    assert all(0 <= each <= 1 for each in probabilities)


def test_outcomes_teach_what_links_of_a_group_lead_to() -> None:
    learned = LearnedProbabilities()
    tags, news = Group(LinkClass.SHORT, "tag/S1", "footer"), Group(LinkClass.SHORT, "news/S5", "main")
    for _ in range(15):
        learned.observe(tags, PageOutcome.LIST)
        learned.observe(news, PageOutcome.ARTICLE)
    assert learned.of(tags)[PageOutcome.ARTICLE] < 0.1
    assert learned.of(news)[PageOutcome.ARTICLE] > 0.9


def test_a_template_that_holds_everything_does_not_hide_the_class_of_a_link() -> None:
    learned = LearnedProbabilities()
    for _ in range(100):
        learned.observe(Group(LinkClass.HEADLINE, "S4", "main"), PageOutcome.ARTICLE)
    assert learned.of(Group(LinkClass.NAVIGATION, "S4", "nav"))[PageOutcome.ARTICLE] < 0.4


def test_known_articles_come_before_lists() -> None:
    walk = Walk()
    walk.add_page([link("/tag/a", LinkClass.TAG), link("/story"), link("/page/2", LinkClass.PAGER)])
    assert walk.next() == f"{BASE}/story"


def test_the_far_end_of_a_pager_is_requested_before_the_end() -> None:
    walk = Walk()
    for number in range(2, 10):
        walk.add(f"{BASE}/page/{number}", LinkClass.NUMBER)
    order = []
    while (url := walk.next()) is not None:
        order.append(int(url.rpartition("/")[2]))
        # Only the last three pages name something new.
        new = order[-1] >= 7
        walk.observe(url, PageOutcome.LIST, int(new))
    assert {7, 8, 9} <= set(order)


def test_the_next_page_of_a_list_with_news_is_requested_before_the_end() -> None:
    walk = Walk()
    for number in range(30):  # lists of this site name nothing new
        walk.add(f"{BASE}/old?cursor=x{number}", LinkClass.NEXT)
        walk.observe(f"{BASE}/old?cursor=x{number}", PageOutcome.LIST)
    walk.add(f"{BASE}/old?cursor=next", LinkClass.NEXT)
    walk.follow([f"{BASE}/old?cursor=next"])
    assert walk.next() == f"{BASE}/old?cursor=next"
    assert walk.next() is None


def test_nothing_is_checked_at_the_end_while_pages_are_requested() -> None:
    walk = Walk()
    walk.add_page([link("/imprint", LinkClass.AUTHOR)], is_start=True)
    for _ in range(30):
        walk.probabilities.observe(Group(LinkClass.AUTHOR, "S1", "main>h2"), PageOutcome.OTHER)
    assert walk.next(is_idle=False) is None
    assert walk.next() == f"{BASE}/imprint"


def test_a_link_on_most_pages_is_no_evidence() -> None:
    walk = Walk()
    for number in range(20):
        walk.add_page([link("/about-the-people-of-this-site"), link(f"/story-{number}")])
    assert not walk.is_evident(f"{BASE}/about-the-people-of-this-site")
    assert walk.is_evident(f"{BASE}/story-3")


def test_what_only_the_menu_of_every_page_links_to_is_told_apart() -> None:
    walk = Walk()
    for number in range(20):
        walk.add_page([link("/infra", LinkClass.NAVIGATION), link(f"/story-{number}", LinkClass.NAVIGATION)])
    assert walk.is_in_menu(f"{BASE}/infra")
    assert not walk.is_in_menu(f"{BASE}/story-3")


def test_the_size_of_a_site_is_estimated_from_its_longest_list() -> None:
    estimate = Estimate()
    for number in (1, 2, 3, 30):
        estimate.add_number(f"{BASE}/page/{number}")
    sidebar = {"/popular-1", "/popular-2"}
    for page in (2, 3):
        estimate.add_page(f"{BASE}/page/{page}", sidebar | {f"/story-{page}-{each}" for each in range(10)})
    assert estimate.articles == 291
    assert PAGING


@given(per_page=st.integers(2, 30), pages=st.integers(4, 20))
def test_offsets_and_page_numbers_give_the_same_estimate(per_page: int, pages: int) -> None:
    def size(form: str, step: int, first: int) -> int:
        estimate = Estimate()
        for page in range(2, pages + 1):
            estimate.add_number(form.format((page - 1) * step + first))
        for page in range(2, 5):
            articles = {f"{page}-{each}" for each in range(per_page)}
            estimate.add_page(form.format((page - 1) * step + first), articles)
        return estimate.articles

    numbered = size("https://a.example/news/page/{}", 1, 1)
    assert numbered == per_page * (pages - 1) + 1
    assert size("https://a.example/news?offset={}", per_page, 0) == numbered


def test_only_a_dead_link_counts_half() -> None:
    assert {outcome: weight_of(outcome) for outcome in PageOutcome} == {
        PageOutcome.ARTICLE: 1.0,
        PageOutcome.LIST: 1.0,
        PageOutcome.OTHER: 1.0,
        PageOutcome.DEAD: 0.5,
    }


def test_pages_whose_outcome_is_known_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MAX_CANDIDATES", 50)
    monkeypatch.setattr(walking, "FORGOTTEN_AT_ONCE", 10)
    walk, requested = Walk(), set[str]()
    for number in range(500):
        assert walk.add(f"{BASE}/story-{number}", LinkClass.HEADLINE)
        if number % 2 and (url := walk.next(is_idle=False)) is not None:
            requested.add(url)
            walk.observe(url, PageOutcome.ARTICLE)
    assert len(walk.candidates) <= 50
    assert walk.has_ignored
    assert walk.articles == len(requested)
    assert requested.isdisjoint(walk.left())


def test_the_links_of_a_hub_are_requested_before_the_end() -> None:
    walk = Walk([f"{BASE}/"])
    for _ in range(30):
        walk.probabilities.observe(Group(LinkClass.NAVIGATION, "S1", "main>h2"), PageOutcome.OTHER)
    walk.add_page([link("/world", LinkClass.NAVIGATION)], is_start=True)
    assert walk.next() == f"{BASE}/world"
    walk.add_page([link("/asia", LinkClass.NAVIGATION), link("/africa", LinkClass.NAVIGATION)])
    walk.observe(f"{BASE}/world", PageOutcome.OTHER)
    walk.add_hub(f"{BASE}/world", f"{BASE}/", [f"{BASE}/asia", f"{BASE}/africa"])
    assert [walk.next(), walk.next(), walk.next()] == [f"{BASE}/asia", f"{BASE}/africa", None]


def test_a_hub_without_end_ends() -> None:
    walk = Walk([f"{BASE}/"])
    for _ in range(30):
        walk.probabilities.observe(Group(LinkClass.NAVIGATION, "S1", "main>h2"), PageOutcome.OTHER)
    walk.add_page([link("/day-0", LinkClass.NAVIGATION)], is_start=True)
    above, requested = f"{BASE}/", 0
    while (url := walk.next()) is not None:
        requested += 1
        walk.add_page([link(f"/day-{requested}", LinkClass.NAVIGATION)])
        walk.observe(url, PageOutcome.OTHER)
        walk.add_hub(url, above, [f"{BASE}/day-{requested}"])
        above = url
    assert 20 <= requested <= 22


def test_a_withdrawn_article_is_taken_from_the_yield_of_its_list() -> None:
    """Of two kinds of lists that named the same number of articles, the one that keeps them comes first."""
    walk = Walk()
    for name in ("a", "b"):
        for number in (1, 2):
            walk.add(f"{BASE}/{name}/list?p={number}", LinkClass.PAGER)
        walk.observe(f"{BASE}/{name}/list?p=1", PageOutcome.LIST, 3)
    for _ in range(5):
        walk.withdraw(f"{BASE}/a/list?p=1")
    walk.withdraw(None)
    walk.withdraw(f"{BASE}/unknown")
    assert walk.next() == f"{BASE}/b/list?p=2"


def test_an_outcome_counts_once_and_later_links_to_the_page_teach_too() -> None:
    walk = Walk()
    walk.add(f"{BASE}/a", LinkClass.NAVIGATION)
    for _ in range(3):
        walk.observe(f"{BASE}/a", PageOutcome.OTHER)
    walk.observe(f"{BASE}/a", PageOutcome.ARTICLE)
    assert walk.articles == 0
    before = walk.probabilities.of(Group(LinkClass.HEADLINE, "S1"))[PageOutcome.OTHER]
    assert not walk.add(f"{BASE}/a", LinkClass.HEADLINE)
    assert walk.probabilities.of(Group(LinkClass.HEADLINE, "S1"))[PageOutcome.OTHER] > before
    assert walk.next() is None, "a requested page is not requested for a second link"


def test_the_size_of_a_site_counts_its_articles_and_probable_articles() -> None:
    walk = Walk()
    walk.add_page([link("/story-1"), link("/story-2"), link("/tag/a", LinkClass.TAG)])
    walk.observe(f"{BASE}/story-1", PageOutcome.ARTICLE)
    assert walk.articles_left() == [f"{BASE}/story-2"]
    assert walk.size == 2
    assert sorted(walk.left()) == [f"{BASE}/story-2", f"{BASE}/tag/a"]
    links = [link("/story-1"), link("/tag/a", LinkClass.TAG)]
    assert walk.probable_articles(links) == [f"{BASE}/story-1"]


def test_only_menus_and_sitemaps_of_nearly_all_pages_are_menus() -> None:
    walk = Walk()
    for number in range(10):
        menu = [link("/all", LinkClass.NAVIGATION), link("/headline", LinkClass.HEADLINE)]
        menu += [link("/most", LinkClass.SITEMAP)] * (number < 8) + [link("/seven", LinkClass.SITEMAP)] * (number < 7)
        assert not walk.is_in_menu(f"{BASE}/all") or walk.pages >= 8
        walk.add_page([*menu, link("/all", LinkClass.NAVIGATION)])
    paths = ("/all", "/most", "/seven", "/headline", "/unknown")
    assert [walk.is_in_menu(BASE + path) for path in paths] == [True, True, False, False, False]


def test_a_page_returns_its_links_to_unknown_urls_once() -> None:
    walk = Walk()
    first = walk.add_page([link("/a"), link("/a", LinkClass.SHORT), link("/b")], is_start=True)
    assert [each.url for each in first] == [f"{BASE}/a", f"{BASE}/b"]
    assert [each.url for each in walk.add_page([link("/b"), link("/c")])] == [f"{BASE}/c"]
    assert walk.candidates[f"{BASE}/a"].links == 1
    assert walk.candidates[f"{BASE}/b"].links == 2
