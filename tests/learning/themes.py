"""Article pages of a synthetic site in several designs, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from caliber_crawler.extraction.document import Document
from caliber_crawler.learning import Sample

PEOPLE = ("Jane Roe", "John Doe", "Mary Major", "Richard Miles")
_WORDS = (
    "council harbour winter bridge market school garden station library museum theatre river mayor budget tender plan "
    "speaker resident question committee evening project architect engineer region ministry export price harvest road"
)
WORDS = _WORDS.split()
SECTIONS = ("Politics", "Economy", "Culture")


@dataclass(frozen=True)
class Story:
    """An article, made from its number."""

    number: int

    @property
    def headline(self) -> str:
        return f"The {self.word(0)} and the {self.word(1)} of {self.word(2)} number {self.number}"

    @property
    def day(self) -> date:
        return date(2025, 1, 1) + timedelta(days=3 * self.number)

    @property
    def author(self) -> str:
        return PEOPLE[self.number % len(PEOPLE)]

    @property
    def section(self) -> str:
        return SECTIONS[self.number % len(SECTIONS)]

    @property
    def paragraphs(self) -> list[str]:
        return [
            f"Paragraph {place} of story {self.number}: the {self.word(place)} asked the {self.word(place + 3)} about"
            f" the {self.word(place + 7)}, and {self.word(place + 11)} people heard the {self.word(place + 13)} end."
            for place in range(4 + self.number % 3)
        ]

    @property
    def url(self) -> str:
        return f"https://news.example/{self.day:%Y/%m}/story-number-{self.number}-of-the-year"

    def word(self, place: int) -> str:
        return WORDS[(self.number * 7 + place * 5) % len(WORDS)]


def classic(story: Story) -> str:
    """A theme with named classes, a byline, related posts inside the article, and the date of the last change."""
    return f"""<html lang="en"><head><title>{story.headline} | The News</title></head>
<body class="single post-{story.number}">
<div id="menu"><a href="/">The News</a><a href="/politics">All of politics</a></div>
<article class="post category-{story.section.lower()}"><h1 class="entry-title">{story.headline}</h1>
<p class="meta">By <a rel="author" href="/author/{story.number % 4}">{story.author}</a>
<time class="updated" datetime="{story.day + timedelta(days=1)}T09:00:00+00:00">changed</time>
<time class="published" datetime="{story.day}T10:00:00+00:00">{story.day:%B %d, %Y}</time>
<a rel="category tag" href="/category/{story.section.lower()}">{story.section}</a></p>
<div class="entry-content">{"".join(f"<p>{text}</p>" for text in story.paragraphs)}
<div class="related"><p>Read also: {Story(story.number + 1).headline}</p></div></div></article>
<div id="footer"><p>All rights reserved by The News of the Town, 2026</p></div></body></html>"""


def plain(story: Story) -> str:
    """An old design without h1: a table with the date in a cell, and a container with an ID."""
    return f"""<html><head><title>{story.headline}</title></head><body><div id="wrap"><div class="top">The News</div>
<div class="title56">{story.headline}</div>
<table class="info"><tr><td>Town desk</td><td>{story.day:%d.%m.%Y}</td><td>print</td></tr></table>
<span class="writer-author">{story.author}</span>
<div id="text">{"<br><br>".join(story.paragraphs)}</div>
<div class="side"><p>Newest: {Story(story.number + 3).headline}</p></div></div></body></html>"""


def nameless(story: Story) -> str:
    """A design with generated class names, which differ between pages: only tags and attributes are left."""
    return f"""<html><head><title>{story.headline}</title></head><body><header><a href="/">The News</a></header>
<main class="css-{story.number}a"><h1 class="css-{story.number}b">{story.headline}</h1>
<time class="css-{story.number}c" datetime="{story.day}">{story.day:%d %B}</time>
<section class="css-{story.number}d">{"".join(f"<p>{text}</p>" for text in story.paragraphs)}</section></main>
</body></html>"""


Theme = Callable[[Story], str]
THEMES: dict[str, Theme] = {"classic": classic, "plain": plain, "nameless": nameless}


def document(page: str) -> Document:
    return Document(page.encode())


def sample(story: Story, theme: Theme, *, known: Story | None = None) -> Sample:
    """A page of a story with the answers of a teacher that is right, or of one that mistakes it for another story."""
    answer = known or story
    return Sample(
        page=document(theme(story)),
        url=story.url,
        headline=answer.headline,
        day=answer.day,
        authors=(answer.author,),
        body="\n\n".join(answer.paragraphs),
        language="en",
    )


def samples(theme: Theme, count: int = 10) -> list[Sample]:
    return [sample(Story(number), theme) for number in range(count)]
