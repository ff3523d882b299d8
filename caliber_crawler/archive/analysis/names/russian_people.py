"""People in one Russian text: one nominative for each name. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from caliber_crawler.archive.analysis.names.morphology import nominatives
from caliber_crawler.archive.analysis.names.persons import Person, surname_of
from caliber_crawler.archive.analysis.names.tokens import Token


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mention of a person with the nominatives that the name may have."""

    start: int
    end: int
    forms: tuple[tuple[str, ...], ...]


def choose_forms(people: Sequence[Candidate], open_words: Sequence[Token]) -> list[Person]:
    """One nominative for each person: the one that most mentions allow.

    ``open_words`` are names if they are surnames of these people.
    """
    surnames = {surname_of(forms) for person in people if len(person.forms[0]) > 1 for forms in person.forms[:1]}
    candidates = [*people]
    for token in open_words:
        forms = nominatives((token.text,))
        if fitting := tuple(form for form in forms if surname_of(form) in surnames):
            candidates.append(Candidate(token.start, token.end, fitting))
    votes = Counter(form for person in candidates for form in person.forms)
    ends = Counter(surname_of(form) for person in candidates for form in person.forms)
    full = Counter(surname_of(person.forms[0]) for person in candidates if len(person.forms[0]) > 1)
    chosen = []
    for person in candidates:
        best = max(
            person.forms,
            key=lambda form: (
                len(person.forms[0]) == 1 and surname_of(form) in full,
                votes[form] + ends[surname_of(form)],
                -person.forms.index(form),
            ),
        )
        chosen.append(Person(person.start, person.end, best))
    return chosen
