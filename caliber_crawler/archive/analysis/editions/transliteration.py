"""Names across scripts: the consonants of a name, the same for its spellings in Latin, Cyrillic and Armenian. Pure.

``Mammadov``, ``Məmmədov``, ``Мамедова`` and ``Մամեդովի`` are all ``mmtv``. Vowels are left out, because every script
and language has its own; so are the endings of cases. Consonants that transliterations confuse are one letter: ``k``
for the gutturals (Qarabağ, Карабах, Karabakh, Ղարաբաղ; Hajiyev, Гаджиев), ``s`` for s, z and ts, ``c`` for sh, ch, zh
and j.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MIN_CONSONANTS = 3
"""A name with fewer consonants is like many others."""
MAX_CONSONANTS = 12

CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўәғқңөұүһ",
        "abvgdeežziyklmnoprstufhsčšš_y_euaiiegueg" + "knouuh",
        strict=True,
    )
)
ARMENIAN = dict(
    zip(
        "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
        "abgdezeetžilhskhsgčmynšočpčrsvtrsupkofv",
        strict=True,
    )
)
LATIN = dict(zip("əışçğöüäxqw", "eiščgouahkv", strict=True))
DIGRAPHS = re.compile(r"shch|sch|tch|dzh|dj|kh|gh|zh|sh|ch|ts|tz|dz|ph|th|ck")
DIGRAPH_LETTERS = {
    **dict.fromkeys(("shch", "sch", "tch", "dzh", "dj", "zh", "sh", "ch"), "č"),
    **dict.fromkeys(("kh", "gh", "ck"), "k"),
    **dict.fromkeys(("ts", "tz", "dz"), "s"),
    "ph": "f",
    "th": "t",
}
CLASSES = {
    **dict.fromkeys("gkhq", "k"),
    **dict.fromkeys("sz", "s"),
    **dict.fromkeys("čšžj", "c"),
    **dict.fromkeys("td", "t"),
    **dict.fromkeys("bp", "p"),
    **dict.fromkeys("vf", "v"),
    **{letter: letter for letter in "lmnr"},
}
ENDINGS = (
    *("ներից", "ներով", "ների", "ները", "ներն", "ներ", "ից", "ով", "ում", "ին", "ը", "ն", "ի"),
    *("ого", "ому", "ыми", "ими", "ами", "ями", "ах", "ях", "ом", "ем", "ым", "им", "ых", "их"),
)
"""Endings of cases and articles in Armenian and Russian that have a consonant, the longest first."""
MIN_STEM = 4
SOFT_C = re.compile(r"c(?=[eiy])")


@lru_cache(maxsize=20_000)
def consonants_of(word: str, language: str) -> tuple[str, ...]:
    """The consonants of a name, also without what may be the ending of a case; none if there are too few of them."""
    found = (consonants(latin_letters(form, language)) for form in forms_of(word.lower()))
    return tuple(dict.fromkeys(key for key in found if len(key) >= MIN_CONSONANTS))


def consonants(letters: str) -> str:
    found: list[str] = []
    before = ""
    for place, letter in enumerate(letters):
        group = CLASSES.get(letter)
        if group is None:
            if place == 0 and letter in "aeiouy":
                found.append("a")
        elif letter != before:
            found.append(group)
        before = letter
    return "".join(found[:MAX_CONSONANTS])


def latin_letters(word: str, language: str) -> str:
    """A word in Latin letters, with one letter for each sound."""
    word = word.replace("дж", "ж").replace("дз", "з").replace("ու", "u")
    if language == "az":
        # In Azerbaijani, c is the sound for which English has j.
        word = word.replace("c", "č")
    elif word.isascii():
        word = DIGRAPHS.sub(lambda found: DIGRAPH_LETTERS[found[0]], word)
        word = SOFT_C.sub("s", word).replace("c", "k")
    letters = (CYRILLIC.get(letter) or ARMENIAN.get(letter) or LATIN.get(letter) or letter for letter in word)
    return "".join(
        letter if letter in "čšž" else unicodedata.normalize("NFD", letter)[0] for letter in "".join(letters)
    )


def forms_of(word: str) -> tuple[str, ...]:
    """A word as it is, and without what may be the ending of its case."""
    word = word.removesuffix("’s").removesuffix("'s")
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM:
            return word, word.removesuffix(ending)
    return (word,)
