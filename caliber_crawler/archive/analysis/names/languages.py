"""The rules of a language: names, quotations, and the version of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import regex

from caliber_crawler.archive.analysis.names.gazetteer import require_packages, word_lists, words
from caliber_crawler.archive.analysis.names.quotations import Cues, Quotation, SpeakerRules, quotations_of
from caliber_crawler.archive.analysis.names.tokens import Mention

LANGUAGES = ("en", "ru")
METHOD = "rules 1"
"""The version of the rules: texts that were searched with another one are searched anew."""


class NameRules(Protocol):
    def mentions(self, body: str) -> list[Mention]: ...


def without_signature(mentions: list[Mention], body: str) -> list[Mention]:
    """The mentions without one that is the whole last paragraph: there a site names itself, or an author."""
    end = len(body.rstrip(" .\n"))
    start = body.rfind("\n", 0, end) + 1
    return [mention for mention in mentions if mention.start > start or mention.end < end]


@dataclass(frozen=True, slots=True)
class Text:
    """What a text names and quotes."""

    mentions: Sequence[Mention]
    quotations: Sequence[Quotation]


class EnglishSpeakers(SpeakerRules):
    """Subjects of English sentences: not after a preposition."""

    _PREPOSITION = regex.compile(
        r"\b(?:with|of|to|about|by|for|from|against|on|at|in|after|before|via|into|between)\s+(?:the\s+)?(?:[\p{L}'’-]+\s+){0,2}$"
    )

    def __init__(self) -> None:
        lists = word_lists("en")
        super().__init__(Cues(lists["according"], lists["pronouns"].split()))
        self._verbs = words("en", "speech_verbs")
        self._transitive = words("en", "transitive_verbs")

    def is_verb(self, word: str) -> bool:
        return word in self._verbs

    def may_follow(self, word: str) -> bool:
        return word not in self._transitive

    def may_be_subject(self, mention: Mention, before: str) -> bool:
        return self._PREPOSITION.search(before) is None


class RussianSpeakers(SpeakerRules):
    """Subjects of Russian sentences: in the nominative."""

    has_dialogue = True

    def __init__(self) -> None:
        lists = word_lists("ru")
        super().__init__(Cues(lists["according"], lists["pronouns"].split()))
        self._verbs = words("ru", "speech_verbs")

    def is_verb(self, word: str) -> bool:
        from caliber_crawler.archive.analysis.names.morphology import parses

        return any(p.tag.POS == "VERB" and p.normal_form.replace("ё", "е") in self._verbs for p in parses(word)[:2])

    def may_follow(self, word: str) -> bool:
        return True

    def may_be_subject(self, mention: Mention, before: str) -> bool:
        from caliber_crawler.archive.analysis.names.morphology import is_in

        if mention.kind == "person":
            last = mention.written.split()[-1]
            return mention.name.split()[-1].casefold().replace("ё", "е") == last.casefold().replace("ё", "е")
        first = mention.written.split()[0].strip('«»"')
        return mention.written.isupper() or is_in(first, "nomn") or not first[:1].isalpha()


class Language:
    """The rules of one language."""

    def __init__(self, names: NameRules, speakers: SpeakerRules) -> None:
        self._names = names
        self._speakers = speakers

    def search(self, body: str) -> Text:
        """Find the names and quotations of a body."""
        mentions = without_signature(self._names.mentions(body), body)
        return Text(mentions, quotations_of(body, mentions, self._speakers))


def rules_of(language: str) -> Language | None:
    """The rules for texts in a language, given as a BCP 47 code, if there are any."""
    code = language.partition("-")[0].lower()
    return language_rules(code) if code in LANGUAGES else None


@cache
def language_rules(language: str) -> Language:
    """The rules of a language of ``LANGUAGES``. Raises ``MissingExtra``."""
    require_packages()
    if language == "en":
        from caliber_crawler.archive.analysis.names.english import English

        return Language(English(), EnglishSpeakers())
    from caliber_crawler.archive.analysis.names.russian import Russian

    return Language(Russian(), RussianSpeakers())
