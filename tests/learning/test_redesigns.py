"""Sites without a definition get another design between two crawls: no article changes by that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from caliber_crawler.site.generic import generic_site
from tests.archive.newsroom import Newsroom
from tests.learning.rehearsal import Rehearsal
from tests.learning.themes import Story, Theme, classic, plain

Side = Callable[[Story], str]


def nothing(story: Story) -> str:
    return ""


def newest(story: Story) -> str:
    return f'<p class="side">Newest: {Story(story.number + 3).headline}</p>'


def weather(story: Story) -> str:
    text = f"Weather of the day in the harbour town: {story.number} degrees and {story.word(3)} wind, with rain on the"
    return f'<div class="side"><p>{text} {story.word(8)}.</p></div>'


def quotation(story: Story) -> str:
    text = Story(story.number + 9).paragraphs[1]
    return f'<div class="side"><h3>Quotation of the day</h3><p>"{text}"</p></div>'


def notice(story: Story) -> str:
    text = "The newspaper of the harbour town has been printed here since the year 1911, and it is read by everyone."
    return f'<div class="side"><p>{text}</p></div>'


def page(story: Story, body: str, lang: str = "en") -> str:
    return f'<html lang="{lang}"><head><title>{story.headline}</title></head><body>{body}</body></html>'


def paragraphs(story: Story) -> str:
    return "".join(f"<p>{text}</p>" for text in story.paragraphs)


def flat(side: Side) -> Theme:
    """Headline, date, text and what stands beside it in one element."""
    return lambda story: page(
        story,
        f'<div class="nav"><a href="/">Home</a></div><div class="main"><h1>{story.headline}</h1>'
        f'<span class="when">{story.day:%d.%m.%Y}</span>{paragraphs(story)}{side(story)}</div>',
    )


def parted(side: Side) -> Theme:
    """The first paragraph in an element of its own."""
    return lambda story: page(
        story,
        f'<div class="nav"><a href="/">Home</a></div><div class="main"><h1>{story.headline}</h1>'
        f'<span class="when">{story.day:%d.%m.%Y}</span><div class="intro"><p>{story.paragraphs[0]}</p></div>'
        f'<div class="txt">{"".join(f"<p>{text}</p>" for text in story.paragraphs[1:])}</div>{side(story)}</div>',
    )


def modern(side: Side) -> Theme:
    """Other elements, the date as a timestamp for machines, and a column beside the text."""
    return lambda story: page(
        story,
        '<header class="top"><a href="/">Home</a></header><main class="page"><article class="story"><header class="sh">'
        f'<h1>{story.headline}</h1><time class="sd" datetime="{story.day}">{story.day:%d %B %Y}</time></header>'
        f'<div class="sb">{paragraphs(story)}</div></article><aside class="rail">{side(story)}</aside></main>',
    )


def timed(time: str) -> Theme:
    """The modern design with a time of day."""
    return lambda story: modern(nothing)(story).replace(f'datetime="{story.day}', f'datetime="{story.day}{time}')


def renamed(theme: Theme) -> Theme:
    """The same elements with other names."""
    return lambda story: theme(story).replace('class="', 'class="n9-').replace('id="', 'id="n9-')


def calling(story: Story) -> str:
    """Other names and elements, and a call for readers in the middle of the text."""
    parts = [f"<div class='txt56'>{text}</div>" for text in story.paragraphs]
    parts.insert(2, f"<div class='call'>Read more: {Story(story.number + 2).headline}</div>")
    return page(
        story,
        f'<div class="bar56"><a href="/">Home</a></div><div class="page56"><div class="head56">{story.headline}</div>'
        f'<div class="when56">{story.day:%d.%m.%Y}</div><div class="words56">{"".join(parts)}</div></div>'
        '<div class="low56">Write to the desk of the newspaper if you know more about this story of ours</div>',
    )


REDESIGNS: dict[str, tuple[Theme, Theme, int]] = {
    "a line about other articles ends": (flat(newest), calling, 12),
    "the weather moves to a column": (parted(weather), modern(weather), 12),
    "a quotation ends, the names change": (flat(quotation), renamed(flat(nothing)), 8),
    "a notice comes": (parted(nothing), modern(notice), 8),
    "named elements become others": (classic, calling, 8),
    "an old design without h1": (plain, modern(newest), 12),
    "a day becomes a time in its zone": (flat(nothing), timed("T10:30:00+04:00"), 8),
}


def rehearsal(newsroom: Newsroom) -> Rehearsal:
    return Rehearsal(newsroom.archive, generic_site(Story(0).url))


@pytest.mark.slow
@pytest.mark.parametrize("name", REDESIGNS)
def test_a_redesign_loses_no_article_and_makes_no_edit(newsroom: Newsroom, name: str) -> None:
    old, new, count = REDESIGNS[name]
    stories, crawls = [Story(number) for number in range(count)], rehearsal(newsroom)
    assert crawls.crawl((story.url, old(story)) for story in stories)["new"] == count
    crawls.crawl((story.url, new(story)) for story in stories)
    assert crawls.edits == 0
    assert crawls.values("SELECT count(*) FROM articles") == [count]
    # Every article has been seen in the new design.
    seen = f"SELECT count(*) FROM articles WHERE last_seen_at >= '{crawls.at:%Y-%m-%dT%H:%M:%SZ}'"
    assert crawls.values(seen) == [count]
    bodies = newsroom.archive.db.execute("SELECT body FROM article_texts ORDER BY id").fetchall()
    for story, (body,) in zip(stories, bodies, strict=True):
        assert set(story.paragraphs) <= set(body.split("\n\n"))


def test_an_edit_in_a_redesign_is_an_edit(newsroom: Newsroom) -> None:
    stories, crawls = [Story(number) for number in range(12)], rehearsal(newsroom)
    crawls.crawl((story.url, flat(weather)(story)) for story in stories)
    new = "The mayor of the town was not asked about it until the evening, says the corrected text."

    def changed(story: Story) -> str:
        text = modern(nothing)(story)
        return text.replace(story.paragraphs[2], new) if story.number in (2, 9) else text

    crawls.crawl((story.url, changed(story)) for story in stories)
    assert crawls.edits == 2
    assert len(crawls.values(f"SELECT 1 FROM article_texts WHERE body LIKE '%{new}%'")) == 2


def test_an_edit_in_the_same_design_is_an_edit_at_once(newsroom: Newsroom) -> None:
    stories, crawls = [Story(number) for number in range(6)], rehearsal(newsroom)
    crawls.crawl((story.url, modern(weather)(story)) for story in stories)
    outcomes = crawls.crawl(
        (story.url, modern(weather)(story).replace(story.paragraphs[1], "Corrected: the meeting was on Monday."))
        for story in stories[:1]
    )
    assert (crawls.edits, outcomes) == (1, {"updated": 1})


def test_only_the_learned_selector_that_failed_is_replaced(newsroom: Newsroom) -> None:
    stories, crawls = [Story(number) for number in range(12)], rehearsal(newsroom)
    crawls.crawl((story.url, classic(story)) for story in stories)
    texts = "SELECT id, headline, body FROM article_texts"
    before = newsroom.archive.db.execute(texts).fetchall()
    old = crawls.learning.site.learned
    assert old is not None
    assert old.is_trusted

    def without_timestamps(story: Story) -> str:
        text = re.sub("<time.*?</time>", "", classic(story), flags=re.DOTALL)
        return text.replace("</h1>", f'</h1><i class="printed">{story.day:%d.%m.%Y}</i>')

    crawls.crawl((story.url, without_timestamps(story)) for story in stories)
    (report,) = crawls.reports
    assert report.message.startswith("The learned selector of `date` of news.example fits 0 of the last")
    assert "Used instead: date .printed (found again on" in report.message
    new = crawls.learning.site.learned
    assert new is not None
    assert (new.date, new.is_trusted) == ((*old.date, ".printed"), True)
    assert replace(new, date=old.date) == old
    assert crawls.edits == 0
    assert newsroom.archive.db.execute(texts).fetchall() == before
    days = crawls.values("SELECT substr(published_at, 1, 10) FROM article_texts ORDER BY id")
    assert days == [str(story.day) for story in stories]
