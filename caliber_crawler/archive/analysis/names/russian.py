"""Names in Russian texts: capitalized words with the grammemes of the dictionary, titles, heads of organizations. Pure.

The dictionary marks given names, surnames and toponyms. Normal forms are in the nominative: ``Лейлой Абдуллаевой`` is
``Лейла Абдуллаева``. If a name can have several nominatives, the one that most mentions in the article allow is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from caliber_crawler.archive.analysis.names.gazetteer import lines, words
from caliber_crawler.archive.analysis.names.morphology import (
    agrees,
    best_tags,
    cased,
    in_genitive,
    is_in,
    lemmas,
    nominatives,
    parses,
    phrase_in_nominative,
    tags,
)
from caliber_crawler.archive.analysis.names.persons import resolve
from caliber_crawler.archive.analysis.names.russian_gazetteer import LANGUAGE, known_names
from caliber_crawler.archive.analysis.names.russian_people import Candidate, choose_forms
from caliber_crawler.archive.analysis.names.tokens import Kind, Mention, Token, is_adjacent, paragraphs_of

SURNAME = re.compile(
    r"[а-яё-]{2,}(?:ян|яна|яну|яном|яне|янц|ов|ова|ову|овым|ове|овой|ев|ева|еву|евым|еве|евой|ёв|ский|ского|скому|ским|ском"
    r"|ская|ской|скую|швили|дзе|заде|оглу|енко|чук|чука|чуку|чуком|юк|лы|ли)"
)
MAX_NAME = 4
MAX_COMPLEMENT = 5


@dataclass(slots=True)
class Found:
    mentions: list[Mention] = field(default_factory=list)
    people: list[Candidate] = field(default_factory=list)
    open_words: list[Token] = field(default_factory=list)
    """Single capitalized words that the article may know as surnames."""


class Russian:
    """Finds names in Russian texts."""

    def __init__(self) -> None:
        self._known = known_names()
        self._latin = {*lines("en", "organizations")}
        self._titles = words(LANGUAGE, "titles")
        self._heads = words(LANGUAGE, "heads")
        self._institutional = words(LANGUAGE, "institutional")
        self._quoted_heads = words(LANGUAGE, "quoted_heads")
        self._no_complement = words(LANGUAGE, "no_complement")
        self._verbs = words(LANGUAGE, "speech_verbs")
        self._given = words(LANGUAGE, "given_names")
        self._place_nouns = words(LANGUAGE, "place_nouns")
        self._place_adjective_heads = words(LANGUAGE, "place_adjective_heads")
        self._not_acronyms = words(LANGUAGE, "not_acronyms") | words("en", "not_acronyms")

    def mentions(self, body: str) -> list[Mention]:
        """The names in a body, in order, without overlaps."""
        found = Found()
        for tokens in paragraphs_of(body):
            place = 0
            while place < len(tokens):
                token = tokens[place]
                place = self._step(body, tokens, place, found) if token.is_word else place + 1
        people = [
            Mention(person.start, person.end, "person", name, body[person.start : person.end])
            for person, name in resolve(choose_forms(found.people, found.open_words))
        ]
        return sorted([*found.mentions, *people], key=lambda mention: mention.start)

    def _step(self, body: str, tokens: Sequence[Token], place: int, found: Found) -> int:
        token = tokens[place]
        if quoted := self._quoted_organization(tokens, place):
            start, end = quoted
            written = body[tokens[start].start : tokens[end - 1].end]
            found.mentions.append(Mention(tokens[start].start, tokens[end - 1].end, "organization", written, written))
            return end
        if not token.is_capital:
            return place + 1
        known = self._known_at(tokens, place)
        if organization := self._organization(body, tokens, place):
            head, end = organization
            if known is None or end > known[0]:
                texts = [each.text for each in tokens[place:end]]
                name = " ".join(phrase_in_nominative(texts, head - place))
                self._add(found, body, tokens, place, end, "organization", name)
                return end
        if known is not None and not self._is_person_after_all(body, tokens, place, known[0]):
            self._add(found, body, tokens, place, *known)
            return known[0]
        if end := self._place_end(body, tokens, place):
            texts = [each.text for each in tokens[place:end]]
            self._add(found, body, tokens, place, end, "place", " ".join(phrase_in_nominative(texts, len(texts) - 1)))
            return end
        if token.is_acronym or token.text in self._latin:
            if token.lower not in self._not_acronyms and any(each.is_word and not each.is_capital for each in tokens):
                self._add(found, body, tokens, place, place + 1, "organization", token.text)
            return place + 1
        return self._person_step(body, tokens, place, found)

    # --- organizations and places -------------------------------------------------------------------------------------

    def _known_at(self, tokens: Sequence[Token], start: int) -> tuple[int, Kind, str] | None:
        found = [entry for lemma in lemmas(tokens[start].text) for entry in self._known.get(lemma, ())]
        for entry in sorted(found, key=lambda entry: (-len(entry.words), entry.name)):
            end = start + len(entry.words)
            if end > len(tokens) or (len(entry.words) > 1 and not self._is_joined(tokens, start, end)):
                continue
            if all(lemmas(token.text) & own for token, own in zip(tokens[start:end], entry.words, strict=True)) and (
                len(entry.words) > 1 or self._may_be_known(tokens[start])
            ):
                return end, entry.kind, entry.name
        return None

    def _may_be_known(self, token: Token) -> bool:
        """Whether a word is likely that name, and not another word of the same form that begins a sentence."""
        return (
            not token.begins_sentence
            or token.is_acronym
            or not tags(token.text)
            or bool(tags(token.text) & {"Geox", "Orgn", "Abbr"})
        )

    def _is_joined(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        return all(
            right.start - left.end <= 1
            for left, right in zip(tokens[start : end - 1], tokens[start + 1 : end], strict=True)
        )

    def _organization(self, body: str, tokens: Sequence[Token], start: int) -> tuple[int, int] | None:
        """The head and end of an organization that begins with a capitalized head, or with an adjective before one."""
        head = start
        while head < len(tokens) and head - start < 4 and not self._is_head(tokens[head]):
            token = tokens[head]
            is_adjective = token.is_word and any(parse.tag.POS in ("ADJF", "PRTF") for parse in parses(token.text))
            if not is_adjective or head + 1 >= len(tokens) or not is_adjacent(body, token, tokens[head + 1]):
                return None
            head += 1
        if head >= len(tokens) or not self._is_head(tokens[head]) or head - start >= 4:
            return None
        end = self._complement_end(body, tokens, head)
        if head == start:
            return (
                (head, end)
                if end > head + 1 and (not tokens[start].begins_sentence or tokens[start].is_capital)
                else None
            )
        is_institutional = bool(lemmas(tokens[start].text) & self._institutional)
        if (
            tokens[start].begins_sentence
            and not is_institutional
            and not any(token.is_capital for token in tokens[start + 1 : end])
        ):
            return (head, end) if end > head + 1 else None
        return head, end

    def _is_head(self, token: Token) -> bool:
        return token.is_word and bool(lemmas(token.text) & self._heads) and "NOUN" in best_tags(token.text)

    def _complement_end(self, body: str, tokens: Sequence[Token], head: int) -> int:
        """The end of the genitives after a head; a country, a person or a verb is not part of them."""
        end = place = head + 1
        while place < len(tokens) and place - head <= MAX_COMPLEMENT:
            token = tokens[place]
            if not token.is_word or not is_adjacent(body, tokens[place - 1], token):
                break
            if token.lower in ("и", "по") and place + 1 < len(tokens):
                case = "datv" if token.lower == "по" else "gent"
                if (token.lower == "и" and end == head + 1) or not is_in(tokens[place + 1].text, case):
                    break
                if token.lower == "по":
                    end = place = place + 2
                    continue
                if tokens[place + 1].is_capital or self._is_head(tokens[place + 1]):
                    break
                place += 1
                continue
            own = tags(token.text)
            if lemmas(token.text) & (self._no_complement | self._titles):
                break
            if token.is_capital and (token.is_acronym or {"Geox", "Name", "Surn"} & own or not own):
                if token.is_acronym and not self._known_place(token) and end > head:
                    end = place + 1
                break
            if not in_genitive(token.text) or best_tags(token.text) & {"VERB", "PREP", "CONJ", "NPRO"}:
                break
            place += 1
            # An adjective alone ends nothing: its noun follows.
            if any(parse.tag.POS == "NOUN" for parse in parses(token.text)):
                end = place
        return end

    def _known_place(self, token: Token) -> bool:
        return any(entry.kind == "place" for lemma in lemmas(token.text) for entry in self._known.get(lemma, ()))

    def _quoted_organization(self, tokens: Sequence[Token], place: int) -> tuple[int, int] | None:
        """The name in quotation marks after a word such as "company"."""
        if place + 3 >= len(tokens) or tokens[place + 1].text not in '«"“„' or not tokens[place + 2].is_capital:
            return None
        if not lemmas(tokens[place].text) & self._quoted_heads:
            return None
        for end in range(place + 3, min(place + 9, len(tokens))):
            if tokens[end].text in '»"”“':
                return place + 2, end
        return None

    def _place_end(self, body: str, tokens: Sequence[Token], start: int) -> int:
        token = tokens[start]
        following = tokens[start + 1] if start + 1 < len(tokens) else None
        if self._is_adjective_of_place(tokens, start) and not token.begins_sentence:
            return start + 2
        before = tokens[start - 1] if start else None
        is_alone = (
            following is None
            or not (following.is_capital and is_adjacent(body, token, following))
            or self._is_adjective_of_place(tokens, start + 1)
        )
        if is_alone and before is not None and self._is_place_noun(before) and is_adjacent(body, before, token):
            return 0 if {"Name", "Patr"} & tags(token.text) else start + 1
        own = tags(token.text)
        if "Geox" not in own or token.is_acronym:
            return 0
        is_best = "Geox" in best_tags(token.text)
        if (
            following is not None
            and following.is_capital
            and is_adjacent(body, token, following)
            and {"Surn", "Name"} & tags(following.text)
        ):
            return 0
        return start + 1 if is_best or (not token.begins_sentence and not {"Surn", "Name"} & own) else 0

    def _is_place_noun(self, token: Token) -> bool:
        return token.is_word and not token.is_capital and bool(lemmas(token.text) & self._place_nouns)

    def _is_adjective_of_place(self, tokens: Sequence[Token], place: int) -> bool:
        """Whether a word is the adjective of ``Лачинский район`` and the like."""
        if place + 1 >= len(tokens) or not any(parse.tag.POS == "ADJF" for parse in parses(tokens[place].text)):
            return False
        return tokens[place + 1].is_word and bool(lemmas(tokens[place + 1].text) & self._place_adjective_heads)

    # --- people -------------------------------------------------------------------------------------------------------

    def _person_step(self, body: str, tokens: Sequence[Token], start: int, found: Found) -> int:
        end = self._person_run(body, tokens, start)
        name = [token for token in tokens[start:end] if token.text != "."]
        if not name or name[-1].is_initial:
            if len(name) > 1 and not name[0].is_initial and self._is_surname(name[0]):
                surname_first = [*name[1:], name[0]]
                self._add_person(found, tokens[start].start, tokens[end - 1].end, surname_first)
                return end
            return max(end, start + 1)
        if (
            (
                len(name) > 1
                and tokens[start].begins_sentence
                and not self._is_name_word(name[0])
                and not name[0].is_initial
            )
            and tags(name[0].text)
            and not self._follows_title(tokens, start)
        ):
            return start + 1
        while len(name) > 1 and lemmas(name[0].text) & self._titles:
            name = name[1:]
        if self._is_person(tokens, start, end, name):
            for part in self._split_people(name):
                last = tokens[end - 1].end if part[-1] is name[-1] else part[-1].end
                self._add_person(found, part[0].start, last, part)
        elif len(name) == 1:
            found.open_words.append(name[0])
        return end

    def _split_people(self, name: Sequence[Token]) -> list[Sequence[Token]]:
        """Two people without a comma between them: ``с Этьеном Маршалем Сурен Манукян``."""
        if len(name) == 4 and not any(token.is_initial for token in name):
            is_given = "Name" in tags(name[2].text)
            if is_given or not agrees(tuple(token.text for token in name)):
                return [name[:2], name[2:]]
        return [name]

    def _person_run(self, body: str, tokens: Sequence[Token], start: int) -> int:
        place = end = start
        while place < len(tokens) and end - start < 2 * MAX_NAME:
            token = tokens[place]
            if place > start and token.start - tokens[place - 1].end > 1:
                break
            if token.text == "." and place > start and tokens[place - 1].is_initial:
                place += 1
                end = place if not (place < len(tokens) and tokens[place].is_capital) else end
                continue
            if not token.is_capital or token.is_acronym or (place > start and self._ends_person(tokens, start, place)):
                break
            if place > start and tokens[place - 1].end == token.start and tokens[place - 1].text != ".":
                break
            place += 1
            end = place
        return end

    def _ends_person(self, tokens: Sequence[Token], start: int, place: int) -> bool:
        token = tokens[place]
        if self._is_adjective_of_place(tokens, place):
            return True
        if token.is_initial or {"Surn", "Name", "Patr"} & tags(token.text):
            return False
        return bool(lemmas(token.text) & (self._titles | self._heads)) or (
            "Geox" in best_tags(token.text) and bool(tags(token.text))
        )

    def _is_name_word(self, token: Token) -> bool:
        return (
            bool({"Name", "Patr", "Surn"} & tags(token.text))
            or bool(lemmas(token.text) & self._given)
            or self._is_surname(token)
        )

    def _is_surname(self, token: Token) -> bool:
        own = tags(token.text)
        return "Surn" in own or (not own and SURNAME.fullmatch(token.lower) is not None)

    def _is_person(self, tokens: Sequence[Token], start: int, end: int, name: Sequence[Token]) -> bool:
        if len(name) > MAX_NAME:
            return False
        has_title = self._follows_title(tokens, start) or name[0] is not tokens[start]
        if len(name) == 1:
            token = name[0]
            own, best = tags(token.text), best_tags(token.text)
            if has_title:
                return bool({"Surn", "Name"} & own) or not own
            return self._is_surname(token) and (
                not own or "Surn" in best or (not token.begins_sentence and "Geox" not in own)
            )
        # Ararat is a mountain, Ararat Mirzoyan a person.
        others = name[1:] if self._is_surname(name[-1]) else name
        if any(
            "Geox" in best_tags(token.text) and not {"Surn", "Name"} & tags(token.text) and tags(token.text)
            for token in others
        ):
            return False
        if name[0].is_initial or has_title:
            return True
        if any(lemmas(token.text) & self._heads for token in name):
            return False
        given = {"Name", "Patr"} & tags(name[0].text) or lemmas(name[0].text) & self._given
        if given or any(self._is_surname(token) for token in name[1:]) or self._is_beside_verb(tokens, start, end):
            return True
        # Of other names, Russian capitalizes the first word only.
        return not tokens[start].begins_sentence and not any(
            tags(token.text) & {"ADJF", "Geox", "Orgn", "VERB", "PREP", "CONJ"} for token in name
        )

    def _follows_title(self, tokens: Sequence[Token], start: int) -> bool:
        if not start or not tokens[start - 1].is_word:
            return False
        return bool(lemmas(tokens[start - 1].text) & self._titles)

    def _is_beside_verb(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        beside = [tokens[place] for place in (start - 1, end) if 0 <= place < len(tokens)]
        return any(token.is_word and not token.is_capital and lemmas(token.text) & self._verbs for token in beside)

    def _is_person_after_all(self, body: str, tokens: Sequence[Token], start: int, end: int) -> bool:
        """Whether a known place is part of a person's name."""
        if end - start != 1 or end >= len(tokens) or not {"Name", "Surn"} & tags(tokens[start].text):
            return False
        after = tokens[end]
        return after.is_capital and is_adjacent(body, tokens[start], after) and self._is_name_word(after)

    # --- results ------------------------------------------------------------------------------------------------------

    def _add(
        self, found: Found, body: str, tokens: Sequence[Token], start: int, end: int, kind: Kind, name: str
    ) -> None:
        first, last = tokens[start].start, tokens[end - 1].end
        if end - start == 1 and kind == "place" and name == tokens[start].text and not tokens[start].is_acronym:
            name = place_in_nominative(name)
        found.mentions.append(Mention(first, last, kind, name, body[first:last]))

    def _add_person(self, found: Found, start: int, end: int, name: Sequence[Token]) -> None:
        texts = tuple(f"{token.text}." if token.is_initial else token.text for token in name)
        found.people.append(Candidate(start, end, nominatives(texts)))


def place_in_nominative(word: str) -> str:
    """A toponym in the nominative."""
    reading = next((parse for parse in parses(word) if "Geox" in parse.tag), None)
    return word if reading is None else cased(word, reading.normal_form)
