"""Letters as evidence of a language: which languages a text cannot be in, and which it must be in.

A detector by frequent letter groups confuses neighbours (Ukrainian and Russian, Turkmen and Turkish) in short texts,
and knows each language in one script only. Letters decide these: Russian has no ``ї``, Azerbaijani is full of ``ə``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from caliber_crawler.extraction.languages import script_of

MIN_FOREIGN_LETTERS, MIN_FOREIGN_SHARE = 2, 0.015
"""Letters, and share of letters, that a language does not have: more than loan words explain."""
MIN_CERTAIN_SHARE = 0.05
"""A share of such letters that no quotation explains."""
MIN_EXPECTED = 6
"""A language is excluded if a text has none of its special letters where this number is expected."""
MIN_SPECIAL_SHARE = 0.03
"""Share of special letters that proves a language if no other one has them."""
MIN_LETTERS = 40


class Alphabet(NamedTuple):
    """A language in one script: all its letters, and the special ones with their usual share of a text."""

    language: str
    letters: frozenset[str]
    special: frozenset[str]
    share: float
    is_omissible: bool
    """Whether texts are also written without the special letters: Latin ones with marks."""


_MARKS = "«»\"“”„‘’'([-–—"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقلمنهوءآئ"
# Language, letters that it lacks of those of its script's base, special letters, further letters of loan words, share.
_BASES = {"LATIN": _LATIN, "CYRILLIC": _RUSSIAN, "ARABIC": _ARABIC}
_TABLE: Mapping[str, tuple[tuple[str, str, str, str, float], ...]] = {
    "LATIN": (
        ("en", "", "", "éèïçñöü", 0),
        ("az", "w", "ə", "ğıçöşü", 0.07),
        ("tr", "q", "ığşçöü", "âîû", 0.10),
        ("tk", "cqvx", "äňýž", "şçöü", 0.06),
        ("uz", "w", "qx", "ʻʼ", 0.025),
        ("kk", "", "ñūä", "ğşıöü", 0.05),
        ("kk", "", "ńǵú", "óáıýş", 0.04),
        ("ku", "", "êîûşç", "", 0.06),
        ("de", "", "äöüß", "éèàâô", 0.014),
        ("fr", "", "éèàêçùâîôûëïœ", "ÿæ", 0.028),
        ("es", "", "áéíóúñü", "", 0.018),
        ("pt", "", "ãçéáõíóêâôàú", "ü", 0.03),
        ("it", "", "àèéìòù", "", 0),
        ("pl", "", "ąęłżśćóńź", "", 0.06),
        ("cs", "", "áéíóúůýčďěňřšťž", "", 0.10),
        ("sk", "", "áäčďéíĺľňóôŕšťúýž", "", 0.08),
        ("ro", "", "ăâîșşțţ", "", 0.05),
        ("hu", "", "áéíóöőúüű", "", 0.10),
        ("sv", "", "åäö", "é", 0.04),
        ("fi", "", "äö", "åšž", 0.04),
        ("lt", "qwx", "ąčęėįšųūž", "", 0.05),
        ("lv", "qwxy", "āčēģīķļņšūž", "", 0.08),
    ),
    "CYRILLIC": (
        ("ru", "", "ыэё", "", 0.022),
        ("uk", "ыэъё", "іїєґ", "", 0.06),
        ("be", "ищъ", "іў", "", 0.07),
        ("bg", "ыэё", "", "ѝ", 0),
        ("sr", "йщъыьэюяё", "јљњћђџ", "", 0.05),
        ("mk", "йщъыьэюяё", "јљњќѓџѕ", "ѐѝ", 0.04),
        ("kk", "", "әғқңөұүһі", "", 0.12),
        ("ky", "", "ңөү", "", 0.04),
        ("uz", "щы", "ўқғҳ", "", 0.04),
        ("tg", "щыц", "ғӣқӯҳҷ", "", 0.04),
        ("az", "цщъьэюяё", "әғҝөүһҹј", "", 0.12),
        ("tt", "", "әөүңһҗ", "", 0.07),
        ("ba", "", "әғҙҡңөҫүһ", "", 0.08),
        ("mn", "", "өү", "", 0.04),
    ),
    "ARABIC": (
        ("ar", "", "ةأإىكي", "ؤ", 0.06),
        ("fa", "", "پچژگکی", "أؤۀيكةىإ", 0.1),
        ("ur", "", "ٹڈڑےںہھ", "یکگپچژؤۓأ", 0.08),
        ("ku", "ثذصضطظ", "ێۆەڵڕ", "پچژگکیڤھو", 0.12),
        ("ps", "", "ښځږټډړڅېۍڼ", "پچژگکیۀەيكةأؤ", 0.05),
        ("ug", "ثذصضطظحع", "ېۇۆۈەڭۋ", "پچژگكيىی", 0.15),
    ),
}  # fmt: skip


@cache
def _alphabets() -> Mapping[str, tuple[Alphabet, ...]]:
    return {
        script: tuple(
            Alphabet(
                language,
                frozenset(_BASES[script] + special + further) - set(lacks),
                frozenset(special),
                share,
                script == "LATIN" and not special.isascii(),
            )
            for language, lacks, special, further, share in rows
        )
        for script, rows in _TABLE.items()
    }


class Letters:
    """The letters of one text in its main script, without those of names: foreign names keep their letters."""

    def __init__(self, text: str, script: str) -> None:
        words = (word for word in text.split() if not word.lstrip(_MARKS)[:1].isupper())
        counted = Counter("".join(words).lower())
        self.counts = {
            letter: count for letter, count in counted.items() if letter.isalpha() and script_of(letter) == script
        }
        self.total = sum(self.counts.values())
        self.alphabets = _alphabets().get(script, ())

    def excludes(self, language: str, *, certainly: bool = False) -> bool:
        """Return whether the text cannot be in a language: it has other letters, or none of its special ones.

        ``certainly``: not even if it is written without special letters, or a part of it is quoted.
        """
        own = [alphabet for alphabet in self.alphabets if alphabet.language == language]
        return (
            self.total >= MIN_LETTERS
            and bool(own)
            and all(self._is_excluded(alphabet, certainly=certainly) for alphabet in own)
        )

    def proven(self) -> str | None:
        """Return the only language that has the text's special letters; ``None`` if there is none, or several."""
        if self.total < MIN_LETTERS:
            return None
        found = {
            alphabet.language
            for alphabet in self.alphabets
            if self._count(alphabet.special) >= MIN_SPECIAL_SHARE * self.total and not self._is_excluded(alphabet)
        }
        return found.pop() if len(found) == 1 else None

    def _is_excluded(self, alphabet: Alphabet, *, certainly: bool = False) -> bool:
        share = MIN_CERTAIN_SHARE if certainly else MIN_FOREIGN_SHARE
        if self.total - self._count(alphabet.letters) >= max(MIN_FOREIGN_LETTERS, share * self.total):
            return True
        if certainly and alphabet.is_omissible:
            return False
        return alphabet.share * self.total >= MIN_EXPECTED and not self._count(alphabet.special)

    def _count(self, letters: frozenset[str]) -> int:
        return sum(self.counts.get(letter, 0) for letter in letters)
