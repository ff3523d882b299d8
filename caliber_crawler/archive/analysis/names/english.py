"""Names in English texts: capitalized words with titles, heads of organizations, gazetteers and verbs of speech. Pure.

A run of capitalized words is a person after a title, with a known given name, an initial or a surname of the region,
before a verb of speech, or before an apposition with a title. It is an organization if it ends or begins with a head
(``Bank``, ``Ministry of``), and a place if it is in the gazetteer or has a geographical noun. Other runs are no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stopwordsiso import stopwords

from caliber_crawler.archive.analysis.names.english_gazetteer import LANGUAGE, known_names
from caliber_crawler.archive.analysis.names.gazetteer import given_names, words
from caliber_crawler.archive.analysis.names.persons import Person, merge_initials, resolve
from caliber_crawler.archive.analysis.names.tokens import Kind, Mention, Token, is_adjacent, paragraphs_of

SURNAME = re.compile(
    r"(?:[^\W\d]{2,}(?:yan|ian|yants|ov|ova|ev|eva|yev|yeva|sky|skiy|ski|skaya|shvili|adze|idze|nidze|zade|zadeh|oglu|oğlu"
    r"|enko|chuk|yuk|bayev|bekov|[bdkmnr]li|lı|lu|oev)|[^\W\d]+[-’'](?:[^\W\d]+))",
    re.IGNORECASE,
)
PARTICLES = words(LANGUAGE, "particles")
MAX_NAME = 4
APPOSITION = 5
"""Words after a comma among which a title makes the name before it a person."""
FUNCTION_WORDS = words(LANGUAGE, "function_words")


@dataclass(slots=True)
class Found:
    """What the first look at an article found, and the runs of capitalized words that it could not judge."""

    mentions: list[Mention] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    open_runs: list[tuple[Sequence[Token], int, int]] = field(default_factory=list)
    lower_case: set[str] = field(default_factory=set)
    """Words that the article also writes in lower case."""


class English:
    """Finds names in English texts."""

    def __init__(self) -> None:
        self._known = known_names()
        self._given = given_names()
        self._titles = words(LANGUAGE, "titles")
        self._offices = words(LANGUAGE, "offices")
        self._demonyms = words(LANGUAGE, "demonyms")
        self._calendar = words(LANGUAGE, "calendar")
        self._common = words(LANGUAGE, "common")
        self._verbs = words(LANGUAGE, "speech_verbs")
        self._heads_last = words(LANGUAGE, "heads_last")
        self._heads_first = words(LANGUAGE, "heads_first")
        self._place_last = words(LANGUAGE, "place_heads_last")
        self._place_first = words(LANGUAGE, "place_heads_first")
        self._place_of = words(LANGUAGE, "place_of")
        self._place_nouns = words(LANGUAGE, "place_nouns")
        self._prepositions = words(LANGUAGE, "place_prepositions")
        self._not_acronyms = words(LANGUAGE, "not_acronyms")
        self._stopwords = (stopwords(LANGUAGE) | FUNCTION_WORDS) - {"us", "un"}

    def mentions(self, body: str) -> list[Mention]:
        """The names in a body, in order, without overlaps."""
        found = Found()
        paragraphs = list(paragraphs_of(body))
        found.lower_case = {
            token.text for tokens in paragraphs for token in tokens if token.is_word and not token.is_capital
        }
        for tokens in paragraphs:
            place = 0
            while place < len(tokens):
                place = self._step(body, tokens, place, found)
        self._judge_open_runs(body, found)
        people = [Mention(p.start, p.end, "person", name, body[p.start : p.end]) for p, name in resolve(found.people)]
        return sorted([*found.mentions, *people], key=lambda mention: mention.start)

    def _may_begin(self, token: Token) -> bool:
        return (
            token.is_acronym
            or token.lower not in self._stopwords
            or (not token.begins_sentence and token.lower not in FUNCTION_WORDS)
        )

    def _step(self, body: str, tokens: Sequence[Token], place: int, found: Found) -> int:
        """Judge the name that begins with a token; return the place after it."""
        if not tokens[place].is_capital:
            return place + 1
        known = self._known.match(tokens, place, body)
        if not self._may_begin(tokens[place]) and (known is None or known[0] - place < 2):
            return place + 1
        if end := self._organization_end(body, tokens, place):
            self._add(found, body, tokens, place, end, "organization", None)
            return end
        if known is not None and known[1] == "place" and tokens[place].lower in self._calendar:
            known = None
        end = self._place_end(body, tokens, place)
        if known is not None and known[0] >= end and not self._is_person_after_all(body, tokens, place, known[0]):
            self._add(found, body, tokens, place, *known)
            return known[0]
        if end:
            self._add(found, body, tokens, place, end, "place", None)
            return end
        token = tokens[place]
        if token.lower in self._titles or token.lower in self._offices or token.lower in self._demonyms:
            return place + 1
        if (token.lower in self._calendar and token.lower not in self._given) or token.lower in self._common:
            return place + 1
        end = self._person_run(body, tokens, place)
        if end == place:
            return place + 1
        start = self._trimmed(tokens, place, end, found)
        if self._is_person(body, tokens, start, end, found):
            self._add_person(found, tokens, start, end)
        elif end - start == 1 and tokens[start].is_acronym:
            if token.lower not in self._not_acronyms and self._has_lower_case(tokens):
                self._add(found, body, tokens, start, end, "organization", None)
        else:
            found.open_runs.append((tokens, start, end))
        return end

    def _trimmed(self, tokens: Sequence[Token], start: int, end: int, found: Found) -> int:
        """The beginning of a run without the first word of a sentence that is no name."""
        first = tokens[start]
        if end - start > 1 and first.begins_sentence and first.lower not in self._given:
            second = tokens[start + 1]
            is_word = first.lower in found.lower_case or first.lower.endswith("ly") or first.lower in self._stopwords
            if is_word or (second.lower in self._given and end - start > 2):
                return start + 1
        return start

    # --- organizations and places -------------------------------------------------------------------------------------

    def _organization_end(self, body: str, tokens: Sequence[Token], start: int) -> int:
        """The end of the name of an organization that begins with a token, or 0."""
        if tokens[start].lower in self._titles and tokens[start].lower not in self._heads_first:
            return 0
        last = self._run_end(body, tokens, start, stop=self._titles)
        best = 0
        for place in range(start, last):
            token = tokens[place]
            if (
                token.lower in self._heads_first
                and place + 1 < len(tokens)
                and tokens[place + 1].lower in ("of", "for", "on")
            ) and (end := self._complement_end(body, tokens, place + 1)):
                return end
            if token.lower in self._heads_last and place > start:
                best = place + 1
        if not best or (tokens[best - 1].lower in ("times", "post", "news", "front") and best - start < 2):
            return 0
        known = self._known.match(tokens, start, body)
        # "Armenia Foreign Ministry" stays one name; "Baku Parliament" does not begin with a person either.
        if known is not None and known[0] == best and known[1] != "organization":
            return 0
        return best

    def _complement_end(self, body: str, tokens: Sequence[Token], place: int) -> int:
        """The end of ``of Foreign Affairs`` and the like, or 0; a country after it is a name of its own."""
        end = 0
        links = 0
        while place < len(tokens) and tokens[place].lower in ("of", "for", "on", "and", "the", ",", "&", "in"):
            start = place
            if tokens[start].lower in ("and", ",", "&", "in") and not end:
                break
            if tokens[start].lower in (",", "in"):
                break
            while place < len(tokens) and tokens[place].lower in ("of", "for", "on", "and", "the", "&"):
                place += 1
            if place >= len(tokens) or not tokens[place].is_capital or tokens[place].start - tokens[place - 1].end > 1:
                break
            run = self._run_end(body, tokens, place, stop=self._titles)
            known = self._known.match(tokens, place, body)
            if links and (
                (tokens[start].lower == "and" and known is not None) or (known is not None and known[0] >= run)
            ):
                break
            if run == place:
                break
            end, place, links = run, run, links + 1
        return end

    def _place_end(self, body: str, tokens: Sequence[Token], start: int) -> int:
        token = tokens[start]
        end = self._run_end(body, tokens, start, stop=self._titles)
        if token.lower in self._place_first and end - start == 2:
            return end
        if token.lower in self._place_of and start + 2 < len(tokens) and tokens[start + 1].lower == "of":
            after = start + 2 + (tokens[start + 2].lower == "the")
            if after < len(tokens) and tokens[after].is_capital:
                return self._run_end(body, tokens, after, stop=self._titles)
        for place in range(start + 1, end):
            if tokens[place].lower in self._place_last and tokens[start].lower not in self._demonyms:
                return place + 1
        return 0

    def _run_end(self, body: str, tokens: Sequence[Token], start: int, *, stop: frozenset[str]) -> int:
        """The end of a run of capitalized words, which a title or a date ends."""
        place = start
        while place < len(tokens) and place - start < 8:
            token = tokens[place]
            if place > start and not is_adjacent(body, tokens[place - 1], token):
                break
            if token.text == "&" and place > start:
                place += 1
                continue
            if not token.is_capital or token.lower in self._calendar or (place > start and token.lower in stop):
                break
            if place > start and token.begins_sentence:
                break
            place += 1
        return place

    # --- people -------------------------------------------------------------------------------------------------------

    def _person_run(self, body: str, tokens: Sequence[Token], start: int) -> int:
        """The end of words that may be the name of a person; initials may have a full stop."""
        place = end = start
        while place < len(tokens) and end - start < 2 * MAX_NAME:
            token = tokens[place]
            if place > start and token.start - tokens[place - 1].end > 1:
                break
            if token.text == "." and place > start and tokens[place - 1].is_initial:
                place += 1
                continue
            if token.lower in PARTICLES and not token.is_capital and place > start:
                place += 1
                continue
            if place > start and tokens[place - 1].end == token.start and tokens[place - 1].text != ".":
                break
            if not token.is_capital or (place > start and self._ends_person(token)):
                break
            place += 1
            end = place
        return end

    def _ends_person(self, token: Token) -> bool:
        lower = token.lower
        return (
            lower in self._titles
            or (lower in self._calendar and lower not in self._given)
            or lower in self._demonyms
            or lower in FUNCTION_WORDS
        )

    def _is_person(self, body: str, tokens: Sequence[Token], start: int, end: int, found: Found) -> bool:
        name = tokens[start:end]
        first, last = name[0], name[-1]
        size = sum(token.is_word for token in name)
        if size > MAX_NAME or any(token.is_acronym for token in name[:-1]) or last.is_initial:
            return False
        if any(token.lower in self._common or token.lower in self._heads_last for token in name):
            return False
        has_surname = self._has_surname_ending(last)
        if self._follows_title(tokens, start, size=size, is_likely=has_surname or first.lower in self._given):
            return not (size == 1 and last.is_acronym)
        if size == 1:
            return has_surname and last.lower not in found.lower_case and not last.is_acronym
        if first.lower in self._given or first.is_initial or has_surname:
            return True
        return size <= 3 and (self._is_before_verb(tokens, end) or self._is_before_apposition(tokens, end))

    def _has_surname_ending(self, token: Token) -> bool:
        return (
            len(token.text) >= 5
            and not token.text.isupper()
            and SURNAME.fullmatch(token.text) is not None
            and token.lower not in words(LANGUAGE, "not_surnames")
            and token.lower not in self._demonyms
            and token.lower not in self._stopwords
            and (("-" not in token.text and "’" not in token.text and "'" not in token.text) or "Al-" in token.text)
        )

    def _follows_title(self, tokens: Sequence[Token], start: int, *, size: int, is_likely: bool) -> bool:
        place = start - 1
        if place >= 0 and tokens[place].text == "." and tokens[place].start == tokens[place - 1].end:
            place -= 1
        if place < 0 or tokens[place].lower not in self._titles or tokens[start].start - tokens[place].end > 2:
            return False
        return tokens[place].is_capital or size > 1 or is_likely

    def _is_before_verb(self, tokens: Sequence[Token], end: int) -> bool:
        return end < len(tokens) and tokens[end].lower in self._verbs

    def _is_before_apposition(self, tokens: Sequence[Token], end: int) -> bool:
        if end + 1 >= len(tokens) or tokens[end].text != ",":
            return False
        for token in tokens[end + 1 : end + 1 + APPOSITION]:
            if not token.is_word:
                return False
            if token.lower in self._titles:
                return True
        return False

    def _is_person_after_all(self, body: str, tokens: Sequence[Token], start: int, end: int) -> bool:
        """Whether a known place is the given name of a person: ``Israel Katz``."""
        if end - start != 1 or tokens[start].lower not in self._given or end >= len(tokens):
            return False
        after = tokens[end]
        return (
            is_adjacent(body, tokens[start], after)
            and after.is_capital
            and not self._ends_person(after)
            and after.lower not in self._offices
            and after.lower not in self._heads_last
            and after.lower not in self._place_last
            and self._known.match(tokens, end, body) is None
            and not after.is_acronym
        )

    # --- runs that need the rest of the article -----------------------------------------------------------------------

    def _judge_open_runs(self, body: str, found: Found) -> None:
        surnames = {person.words[-1] for person in found.people}
        places = {mention.end for mention in found.mentions if mention.kind == "place"}
        for tokens, start, end in found.open_runs:
            if tokens[end - 1].text in surnames and (end - start == 1 or tokens[start].is_initial):
                self._add_person(found, tokens, start, end)
            elif end - start > 1 and tokens[end - 1].text in surnames and tokens[start].begins_sentence:
                self._add_person(found, tokens, end - 1, end)
            elif self._is_place_by_context(tokens, start, end, found) or self._is_coordinated(
                tokens, start, end, places
            ):
                self._add(found, body, tokens, start, end, "place", None)
                places.add(tokens[end - 1].end)

    def _is_place_by_context(self, tokens: Sequence[Token], start: int, end: int, found: Found) -> bool:
        if tokens[start].lower in self._calendar:
            return False
        if start < 1 or end - start > 2 or tokens[start].lower in found.lower_case or tokens[end - 1].is_acronym:
            return False
        before, after = tokens[start - 1], tokens[end] if end < len(tokens) else None
        if before.lower == "of" and start > 1 and tokens[start - 2].lower in self._place_nouns:
            return True
        if (
            after is not None
            and after.lower in self._place_nouns
            and after.lower != "city"
            and before.lower in (*self._prepositions, "the")
        ):
            return True
        if before.lower not in self._prepositions or any(token.lower in self._common for token in tokens[start:end]):
            return False
        return after is None or not after.is_word or after.lower in FUNCTION_WORDS

    def _is_coordinated(self, tokens: Sequence[Token], start: int, end: int, places: set[int]) -> bool:
        """Whether a run stands beside a place after a preposition: ``between Kars and Akhalkalaki``."""
        if (
            start < 3
            or end - start > 2
            or tokens[start - 1].lower not in ("and", "or", ",")
            or tokens[start].is_acronym
        ):
            return False
        if tokens[start - 2].end not in places or (end < len(tokens) and tokens[end].lower in self._verbs):
            return False
        before = {token.lower for token in tokens[max(0, start - 5) : start - 2]}
        return bool(before & {*self._prepositions, "between", "from", "to"})

    # --- results ------------------------------------------------------------------------------------------------------

    def _add(
        self, found: Found, body: str, tokens: Sequence[Token], start: int, end: int, kind: Kind, normal: str | None
    ) -> None:
        first, last = tokens[start].start, tokens[end - 1].end
        written = body[first:last]
        found.mentions.append(Mention(first, last, kind, normal or normal_form(written), written))

    def _add_person(self, found: Found, tokens: Sequence[Token], start: int, end: int) -> None:
        name = tokens[start:end]
        found.people.append(Person(name[0].start, name[-1].end, merge_initials([token.text for token in name])))

    def _has_lower_case(self, tokens: Iterable[Token]) -> bool:
        """Whether a paragraph is not all capitals."""
        return any(token.is_word and not token.is_capital for token in tokens)


def normal_form(written: str) -> str:
    """A name with plain spaces and apostrophes."""
    return " ".join(written.replace("’", "'").split())
