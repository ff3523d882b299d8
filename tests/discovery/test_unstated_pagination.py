"""Definitions that state no pagination, or one that finds nothing: the listings themselves show how they continue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from caliber_crawler.discovery.healed_facts import HealedFact
from caliber_crawler.doctor.corrections import corrected_source
from tests.discovery.driven import LISTING, Answer, Paper, PaperCrawler, listing_of, paper_site, teaser

ALL = list(range(1, 26))
STATED = {
    "nothing": replace(LISTING, more="", page_size=0),
    "another link": replace(LISTING, more="", page_size=0, next="a.onward"),
}
FORMS = {
    "a link marked as next": '<a rel="next" href="/world?page={next}">Older</a>',
    "a marked path": '<link rel="next" href="/world/page/{next}/">',
    "a cursor": '<a rel="next" href="/world?after={cursor}">Older</a>',
    "numbers": '<a href="?page=1">1</a> <a href="?page=2">2</a> <a href="?page=3">3</a>',
    "a button": '<button class="more" data-url="/ajax/news" data-page="2">More</button>',
    "a script": "<script>load('/ajax/news', {{kind: 'b', page: n}})</script>",
}


def paper_with(form: str) -> Paper:
    paper = Paper(sections={"hidden": list(range(25, 0, -1))})

    def page(number: int) -> Answer:
        further = FORMS[form].format(next=number + 1, cursor=f"x{number}") if form else ""
        has_more = number < 3 or "rel=" not in further
        return listing_of(paper.part("hidden", number), further if has_more else "")

    def world(query: dict[str, str]) -> Answer:
        return page(int(query.get("after", "x0")[1:]) + 1 if "after" in query else int(query.get("page", 1)))

    def more(query: dict[str, str]) -> Answer:
        return Answer("".join(map(teaser, paper.part("hidden", int(query["page"])))))

    paper.pages |= {"/world": world, "/ajax/news": more, "/world/page/2": page(2), "/world/page/3": page(3)}
    paper.pages |= {"/world/page/2/": page(2), "/world/page/3/": page(3)}
    return paper


def problems(crawler: PaperCrawler) -> list[str]:
    return [message for (message,) in crawler.rows("SELECT message FROM problems ORDER BY id")]


@pytest.mark.parametrize("stated", STATED)
@pytest.mark.parametrize("form", FORMS)
def test_a_pagination_that_is_not_stated_is_found(form: str, stated: str, tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_with(form), paper_site("world", listing=STATED[stated]))
    assert crawler.crawl().stories == ALL
    (sentence,) = problems(crawler)
    assert "for further teasers of https://paper.example/world" in sentence
    again = crawler.crawl(backfill=True)
    assert len(again.lists) >= 3
    assert "as an earlier run found" in problems(crawler)[1]


def test_a_listing_of_one_page_is_complete(tmp_path: Path) -> None:
    crawler = PaperCrawler(tmp_path / "a.db", paper_with(""), paper_site("world", listing=STATED["nothing"]))
    crawl = crawler.crawl()
    assert (len(crawl.stories), crawl.lists, problems(crawler)) == (10, ["/world"], [])


@pytest.mark.parametrize("answer", [Answer("", 404), Answer("<p>Nothing.</p>"), listing_of(list(range(25, 15, -1)))])
def test_guesses_that_fail_leave_a_listing_complete(answer: Answer, tmp_path: Path) -> None:
    paper = paper_with("a button")
    paper.pages["/ajax/news"] = answer
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world", listing=STATED["nothing"]))
    crawl = crawler.crawl()
    assert (len(crawl.stories), problems(crawler)) == (10, [])
    assert crawler.rows("SELECT crawled_since IS NOT NULL FROM frontier WHERE url LIKE '%/world'") == [(1,)]
    assert not crawl.counts.get("incomplete_lists")


def test_a_pagination_that_works_elsewhere_is_not_sought_on_a_short_listing(tmp_path: Path) -> None:
    button = FORMS["a button"]
    paper = Paper(sections={"sport": [1, 2, 3]})
    paper.pages["/world"] = listing_of([30, 29], '<a class="onward" href="/world/2">More</a>')
    paper.pages["/world/2"] = listing_of([28])
    paper.pages["/sport"] = listing_of([3, 2, 1], button)
    crawler = PaperCrawler(tmp_path / "a.db", paper, paper_site("world", "sport", listing=STATED["another link"]))
    assert "/ajax/news?page=2" not in crawler.crawl().requested


def test_the_doctor_adds_a_pagination_that_a_definition_lacks() -> None:
    site = paper_site("world", listing=STATED["nothing"])
    fact = HealedFact("healed_pagination", "", "/ajax/news?page={page}", "/world")
    source = 'ListingLayout(\n    teaser="article.teaser",\n    link="a",\n)'
    assert corrected_source(source, fact, site) == source.replace(
        'teaser"', 'teaser", more="/ajax/news?page={page}"', 1
    )
    posted = replace(fact, used="/ajax/news#page={page}")
    assert 'more="/ajax/news", form="page={page}"' in corrected_source(source, posted, site)
