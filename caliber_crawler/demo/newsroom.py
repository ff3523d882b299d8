"""Generator of articles: article ``k`` of a site depends only on ``k`` and the seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from caliber_crawler.demo.article import Article, Edit, EditKind
from caliber_crawler.demo.dice import dice
from caliber_crawler.demo.editions import BY_NAME, EDITIONS, Edition
from caliber_crawler.demo.timeline import NUMBERED_UNTIL, SEED_PUBLISHED_AT, Rota, Shelf, Timeline
from caliber_crawler.demo.vocabulary import Form, Vocabulary, slugify, vocabulary

SEED_SLUG = "baku-s-geopolitical-formula"
STORY_SHARE = 0.6
"""Share of English articles whose story the other editions may tell."""
STORY_SPAN = timedelta(days=2)
"""Time within which another edition tells a story."""
SHARED_COVER = 0.35
"""Share of retold stories with the same cover picture."""
NEWS_SECTIONS = ("politics", "economics", "karabakh", "world")
KEPT_ARTICLES = 4_096
EDIT_KINDS: tuple[EditKind, ...] = ("headline", "paragraph_added", "paragraph_changed", "typo_fixed")


class Newsroom:
    """All articles of a site, none of them stored."""

    def __init__(self, articles: int, seed: int, sections: Sequence[str] | None = None) -> None:
        self.seed = seed
        self.timeline = Timeline(articles, seed)
        self.rota = Rota(seed, sections)
        self.has_seed_article = self.rota.cell(0) == ("en", "analytics")
        self._shelves: dict[tuple[str | None, str | None], Shelf | None] = {}
        self._recent = lru_cache(maxsize=KEPT_ARTICLES)(self._generate)

    def shelf(self, edition: str | None = None, section: str | None = None) -> Shelf | None:
        """Return the articles of an edition, a section, both or all; ``None`` if there are none."""
        key = (edition, section)
        if key not in self._shelves:
            self._shelves[key] = self.rota.shelf(edition, section)
        return self._shelves[key]

    def edition(self, k: int) -> Edition:
        """Return the edition of article ``k``."""
        return BY_NAME[self.rota.cell(k)[0]]

    def chance(self, k: int, purpose: str) -> Random:
        """Return an article's random generator for one purpose; purposes do not affect each other."""
        return dice(self.seed, k, purpose)

    def is_seed_article(self, k: int) -> bool:
        """Return whether this is the only real article."""
        return k == 0 and self.has_seed_article

    def article(self, k: int) -> Article:
        """Return article ``k``. It is kept for a while: a listing, its page and the ground truth show it."""
        return self._recent(k)

    def _generate(self, k: int) -> Article:
        if self.is_seed_article(k):
            return _seed_article(self.chance(0, "head"))
        name, section = self.rota.cell(k)
        edition = BY_NAME[name]
        words = vocabulary(edition.language)
        chance = self.chance(k, "head")
        form = words.choose_form(section, chance)
        headline = form.headline(form.scatter(self._ordinal(k), self.seed))
        published_at = self.timeline.published_at(k)
        numbered = published_at < NUMBERED_UNTIL
        subtitle, subtitle_author = _subtitle(words, section, form.family, chance)
        old_author = subtitle_author or words.person(chance) if numbered and chance.random() < 0.7 else None
        story = self.story(k)
        signed = not numbered and edition.name == "en" and section in NEWS_SECTIONS and chance.random() < 0.4
        return Article(
            k=k,
            edition=edition,
            section_key=section,
            theme=form.theme,
            published_at=published_at,
            post_number=self.timeline.number(k) if numbered else None,
            slug=slugify(headline, edition.language),
            first_headline=_dressed(headline, edition, chance),
            second_headline=form.headline(chance.randrange(form.size)),
            subtitle=subtitle,
            subtitle_author=subtitle_author,
            byline=words.person(chance) if signed else None,
            old_author=old_author,
            old_bylines=_old_bylines(old_author, words, chance),
            # The second ends in a Cyrillic А, as the real site's signature sometimes does.
            signature="Caliber.Az" if chance.random() < 0.93 else "Caliber.\N{CYRILLIC CAPITAL LETTER A}z",
            cover=self._cover(k, story, chance),
            story=story,
            readers=max(40, min(20_000, round(chance.lognormvariate(6, 0.9)))),
            half_life=chance.uniform(6, 30),
            edits=_edits(published_at, chance),
        )

    def with_slug(self, edition: Edition, slug: str) -> int | None:
        """Return the article of an edition with this slug (NFC, lower case)."""
        if slug == SEED_SLUG and edition.name == "en" and self.has_seed_article:
            return 0
        for form, number in vocabulary(edition.language).read_slug(slug):
            for section in dict.fromkeys(section for _, section in self.rota.cells):
                k = self._at_ordinal(edition, section, form.gather(number, self.seed))
                if k is not None and not self.is_seed_article(k) and self._form_is(k, section, form):
                    return k
        return None

    def with_number(self, edition: Edition, number: int) -> int | None:
        """Return the article of an edition with this number in a numeric URL."""
        k = self.timeline.numbered(number)
        if k is None or self.edition(k) is not edition or self.timeline.published_at(k) >= NUMBERED_UNTIL:
            return None
        return k

    def neighbour(self, k: int, distance: int) -> Article | None:
        """Return the article of the same edition that is ``distance`` positions older."""
        shelf = self.shelf(self.edition(k).name)
        assert shelf is not None
        other = shelf.at(shelf.index(k) + distance)
        return self.article(other) if other in self.timeline else None

    def story(self, k: int) -> int | None:
        """Return the English article whose story article ``k`` tells; ``k`` itself if others tell its story.

        In each other edition, the next article after an English one may tell its story, whatever its section: with the
        same facts, sometimes with the same cover, and without a link.
        """
        if self.edition(k).name != "en":
            return self._story_told_by(k)
        return k if any(self.retellings(k)) else None

    def retellings(self, k: int) -> list[int]:
        """Return the articles of other editions that tell the story of an English article."""
        found: list[int] = []
        for edition in EDITIONS[1:]:
            shelf = self.shelf(edition.name)
            other = shelf.at(shelf.index(k) - 1) if shelf is not None else k
            if other != k and other in self.timeline and self._story_told_by(other) == k:
                found.append(other)
        return found

    def counterparts(self, k: int, moment: datetime) -> list[int]:
        """Return the articles of other editions, published by then, that tell the same story."""
        story = self.story(k)
        told = [] if story is None else [story, *self.retellings(story)]
        return [other for other in told if other != k and self.timeline.published_at(other) <= moment]

    def _story_told_by(self, k: int) -> int | None:
        english, own = self.shelf("en"), self.shelf(self.edition(k).name)
        if english is None or own is None:
            return None
        lead = english.at(english.index(k))
        # The article before it in its edition must be older than the English one: a story is told once.
        if (
            lead not in self.timeline
            or own.at(own.index(k) + 1) < lead
            or self.is_seed_article(lead)
            or self.timeline.published_at(k) - self.timeline.published_at(lead) > STORY_SPAN
            or self.chance(lead, "story").random() >= STORY_SHARE
        ):
            return None
        return lead

    def _cover(self, k: int, story: int | None, chance: Random) -> str:
        own = f"{chance.getrandbits(128):032x}"
        if story is None or (story != k and self.chance(k, "shared cover").random() >= SHARED_COVER):
            return own
        return f"{self.chance(story, 'story cover').getrandbits(128):032x}"

    def _ordinal(self, k: int) -> int:
        shelf = self.shelf(*self.rota.cell(k))
        assert shelf is not None
        return shelf.index(k) - shelf.index(self.timeline.newest)

    def _at_ordinal(self, edition: Edition, section: str, ordinal: int) -> int | None:
        shelf = self.shelf(edition.name, section)
        if shelf is None or ordinal >= shelf.count(self.timeline.newest, self.timeline.oldest):
            return None
        return shelf.at(shelf.index(self.timeline.newest) + ordinal)

    def _form_is(self, k: int, section: str, form: Form) -> bool:
        words = vocabulary(self.edition(k).language)
        return words.choose_form(section, self.chance(k, "head")) is form


def _seed_article(chance: Random) -> Article:
    return Article(
        k=0,
        edition=EDITIONS[0],
        section_key="analytics",
        theme="politics",
        published_at=SEED_PUBLISHED_AT,
        post_number=None,
        slug=SEED_SLUG,
        first_headline="Baku’s geopolitical formula",
        second_headline="Baku’s geopolitical formula",
        subtitle="How Azerbaijan is redefining sovereignty",
        subtitle_author=None,
        byline=None,
        old_author=None,
        old_bylines=(),
        signature="Caliber.Az",
        cover=f"{chance.getrandbits(128):032x}",
        # The page was captured at 354 views, at an unknown time. Here the counter reaches 354 within nine hours of
        # publication (before 2026-01-07T00:00:00Z) and stays there.
        readers=520,
        half_life=4.0,
        most_views=354,
    )


def _subtitle(words: Vocabulary, section: str, family: str, chance: Random) -> tuple[str | None, str | None]:
    """A subtitle, and the author it names."""
    draw = chance.random()
    if family == "weekly":
        return words.pick("weekly_subtitles", chance), None
    if section == "interviews":
        return words.pick("interview_subtitles", chance), None
    analysis: str | None = words.words["analysis_subtitle"]
    if section == "analytics" and analysis and draw < 0.15:
        author = words.person(chance)
        return analysis.format(author=author), author
    if draw < 0.45:
        return None, None
    # The real site sometimes has a blank at the end.
    return words.pick("subtitles", chance) + (" " if chance.random() < 0.05 else ""), None


def _dressed(headline: str, edition: Edition, chance: Random) -> str:
    """The headline with editors' habits: quotation marks, paired or not, double and no-break blanks."""
    opening, closing = ("“", "”") if edition.name == "en" else ("«", "»")
    draw = chance.random()
    if draw < 0.06:
        return f"{opening}{headline}{closing}"
    if draw < 0.09:
        return f"{opening}{headline}"
    if draw < 0.11:
        return f'{opening}{headline}"'
    if draw < 0.15:
        return headline.replace(" ", "  ", 1)
    if draw < 0.18:
        return headline.replace(" ", "\N{NO-BREAK SPACE}", 1)
    return headline


def _old_bylines(author: str | None, words: Vocabulary, chance: Random) -> tuple[str, ...]:
    """The byline of the old layout in one of its observed forms, including the stray bar."""
    variants: tuple[tuple[str, ...], ...] = (
        (f"{author}",),
        (f"{author}", "Caliber.Az"),
        (f"{author}", str(words.words["role"])),
        (f"{author}", f"Caliber.Az | {words.words['role']}"),
        (f"{author} Caliber.Az |",),
    )
    chosen = chance.choice(variants)
    return chosen if author else ()


def _edits(published_at: datetime, chance: Random) -> tuple[Edit, ...]:
    """One article in five is edited, one in twenty-five twice: ten minutes to five days after publication."""
    draw = chance.random()
    moment = published_at
    edits: list[Edit] = []
    for _ in range(0 if draw >= 0.2 else 1 if draw >= 0.04 else 2):
        moment += timedelta(minutes=round(10 * 720 ** chance.random()) // (1 + len(edits)) + 1)
        edits.append(Edit(moment, chance.choice(EDIT_KINDS), chance.random()))
    return tuple(edits)
