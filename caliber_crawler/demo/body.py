"""The body of an article as blocks at a given time: its text and the boilerplate within it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Literal, NamedTuple
from urllib.parse import quote

from caliber_crawler.demo.article import Article
from caliber_crawler.demo.newsroom import Newsroom
from caliber_crawler.demo.vocabulary import Vocabulary, vocabulary

BlockKind = Literal[
    "p", "question", "div", "br", "quote", "list", "image", "banner", "tweet", "byline", "empty"
]  # fmt: skip

EXTERNAL_PAGES = (
    "https://www.osce.org/minsk-process",
    "https://www.ebrd.com/news.html",
    "https://www.worldbank.org/en/country/azerbaijan?utm_source=caliber",
    "https://www.stat.gov.az/?lang=en",
    "https://www.adb.org/where-we-work/azerbaijan",
    "https://turkicstates.org/en/news",
)


class Span(NamedTuple):
    """A run of text: plain, bold (``b``) or a link (``a``)."""

    text: str
    tag: Literal["", "b", "a"] = ""
    href: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a body, in document order."""

    kind: BlockKind
    lines: tuple[Line, ...] = ()
    """Its paragraphs, items or lines."""
    url: str = ""
    """The path of an image, or the URL of an embedded post."""
    caption: str = ""
    """The caption of an image, or the day of an embedded post."""

    @property
    def is_text(self) -> bool:
        """Return whether its lines are paragraphs of the article."""
        return self.kind in ("p", "question", "div", "br", "quote", "list")


def body_of(article: Article, newsroom: Newsroom, moment: datetime) -> tuple[Block, ...]:
    """Return the blocks of an article at a given time."""
    if newsroom.is_seed_article(article.k):
        return _seed_body()
    blocks = _Author(article, newsroom).write()
    for edit in reversed(article.edits_after(moment)):
        paragraphs = [place for place, block in enumerate(blocks) if block.kind == "p"]
        place = paragraphs[int(edit.where * len(paragraphs))]
        match edit.kind:
            case "paragraph_added":
                # A body never becomes empty.
                if len(paragraphs) > 1:
                    del blocks[place]
            case "paragraph_changed":
                before = newsroom.chance(article.k, f"before {edit.at.isoformat()}")
                words = vocabulary(article.edition.language)
                sentence = next(words.sentences(article.theme, before, article.published_at.year))
                blocks[place] = Block(kind="p", lines=((Span(sentence),),))
            case "typo_fixed":
                place = next(p for p in (place, *paragraphs) if _long_words(blocks[p]))
                blocks[place] = _mistyped(blocks[place])
            case "headline":
                pass
    return tuple(blocks)


@cache
def _seed_body() -> tuple[Block, ...]:
    text = files(__package__).joinpath("text", "seed_article.txt").read_text(encoding="utf-8")
    return tuple(Block(kind="p", lines=((Span(paragraph.strip()),),)) for paragraph in text.split("\n\n"))


class _Author:
    """Writes the final body of one article."""

    def __init__(self, article: Article, newsroom: Newsroom) -> None:
        self.article, self.newsroom = article, newsroom
        self.words: Vocabulary = vocabulary(article.edition.language)
        self.chance = newsroom.chance(article.k, "body")
        self.year = article.published_at.year
        self.sentences = self.words.sentences(article.theme, self.chance, self.year)

    def write(self) -> list[Block]:
        count = int(5 + 21 * self.chance.random() ** 2)
        blocks = [self.paragraph(), self.paragraph()]
        while len(blocks) < count:
            blocks += self.passage()
        for kind, share in (("banner", 0.35), ("image", 0.3), ("image", 0.15), ("tweet", 0.12), ("empty", 0.15)):
            if self.chance.random() < share:
                blocks.insert(self.chance.randrange(1, len(blocks)), self.aside(kind))
        if self.chance.random() < 0.025:
            place = next(place for place, block in enumerate(blocks) if block.kind == "p")
            blocks[place] = _decomposed(blocks[place])
        if self.article.story is not None:
            blocks.insert(1, self.story_facts(self.article.story))
        if self.article.byline:
            blocks.append(Block(kind="byline", lines=((Span(self.article.byline),),)))
        return blocks

    def story_facts(self, story: int) -> Block:
        """The facts of a story: the same in every edition, because they are drawn alike."""
        facts = self.newsroom.chance(story, "facts")
        place = facts.randrange(len(self.words.words["story_facts"]))
        return Block(
            kind="p", lines=((Span(self.words.fill(self.words.words["story_facts"][place], facts, self.year)),),)
        )

    def passage(self) -> list[Block]:
        chance, words, draw = self.chance, self.words, self.chance.random()
        if self.article.section_key == "interviews" and draw < 0.5:
            question = Block(kind="question", lines=((Span(words.pick("questions", chance, self.year), "b"),),))
            return [question, self.paragraph()]
        if draw < 0.80:
            return [self.paragraph()]
        if draw < 0.85:
            return [Block(kind="div", lines=(self.line(),))]
        if draw < 0.90:
            return [Block(kind="br", lines=tuple(self.line() for _ in range(chance.randint(2, 3))))]
        if draw < 0.95:
            return [Block(kind="quote", lines=((Span(words.pick("quotes", chance, self.year)),),))]
        items = chance.sample(words.words["list_items"], 3)
        lead = Block(kind="p", lines=((Span(words.pick("list_leads", chance, self.year)),),))
        return [lead, Block(kind="list", lines=tuple((Span(words.fill(item, chance, self.year)),) for item in items))]

    def paragraph(self) -> Block:
        return Block(kind="p", lines=(self.line(),))

    def line(self) -> Line:
        chance = self.chance
        text = " ".join(islice(self.sentences, chance.randint(1, 4)))
        draw = chance.random()
        if draw < 0.08:
            return self.linked(text)
        if draw < 0.13:
            first, _, rest = text.partition(" ")
            return (Span(first, "b"), Span(f" {rest}"))
        if draw < 0.18:
            # Blanks that are invisible in a browser: double blanks, and a no-break space before a dash.
            return (Span(text.replace(" ", "  ", 1).replace(" —", "\N{NO-BREAK SPACE}—")),)
        return (Span(text),)

    def linked(self, text: str) -> Line:
        """The text with a linked source at its end: ``… (according to the statement).``"""
        chance = self.chance
        anchor = self.words.pick("anchors", chance, self.year)
        earlier = self.newsroom.neighbour(self.article.k, chance.randint(1, 40)) if chance.random() < 0.6 else None
        href = quote(earlier.path) if earlier else chance.choice(EXTERNAL_PAGES)
        end = "։" if self.words.language == "hy" else "."
        return (Span(f"{text.rstrip('.։')} ("), Span(anchor, "a", href), Span(f"){end}"))

    def aside(self, kind: str) -> Block:
        chance, words = self.chance, self.words
        match kind:
            case "banner":
                return Block(kind="banner", lines=((Span(words.pick("banners", chance, self.year)),),))
            case "image":
                caption = words.pick("captions", chance, self.year) if chance.random() < 0.5 else ""
                return Block(kind="image", url=photo(f"{chance.getrandbits(128):032x}"), caption=caption)
            case "tweet":
                status = f"https://twitter.com/CaliberEnglish/status/{chance.randrange(10**18, 2 * 10**18)}"
                day = self.article.published_at
                return Block(
                    kind="tweet",
                    lines=((Span(words.pick("tweets", chance, self.year)),),),
                    url=status,
                    caption=f"{day:%B} {day.day}, {day.year}",
                )
        return Block(kind="empty")


def photo(digits: str, size: str = "original") -> str:
    """Path of a picture; teasers use the size ``normal``."""
    return f"/media/photos/{size}/{digits}.webp"


def plain(line: Line) -> str:
    """A line as displayed: no markup, collapsed blanks, composed letters."""
    return unicodedata.normalize("NFC", " ".join("".join(span.text for span in line).split()))


def paragraphs(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Return the paragraphs of the article in order; an embedded post is one line with its kind and URL."""
    for block in blocks:
        if block.is_text:
            yield from (plain(line) for line in block.lines)
        elif block.kind == "tweet":
            yield f"[Post on X: {block.url}]"


def hrefs(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Return the links of the text in order without duplicates; paths for pages of the site itself."""
    found = (span.href for block in blocks if block.is_text for line in block.lines for span in line if span.tag == "a")
    yield from dict.fromkeys(found)


def _long_words(block: Block) -> list[re.Match[str]]:
    """The words in a paragraph's first run of text in which two letters can be swapped."""
    first = block.lines[0][0]
    return [word for word in re.finditer(r"[^\W\d_]{5,}", first.text) if word[0][2] != word[0][3]]


def _mistyped(block: Block) -> Block:
    """The paragraph with two swapped letters in one word."""
    first, *rest = block.lines[0]
    words = _long_words(block)
    at = words[len(words) // 2].start() + 2
    text = first.text[:at] + first.text[at + 1] + first.text[at] + first.text[at + 2 :]
    return Block(kind=block.kind, lines=((first._replace(text=text), *rest),))


def _decomposed(block: Block) -> Block:
    """The paragraph in NFD, as some editing systems store it."""
    return Block(
        kind=block.kind,
        lines=tuple(
            tuple(Span(unicodedata.normalize("NFD", span.text), span.tag, span.href) for span in line)
            for line in block.lines
        ),
    )
