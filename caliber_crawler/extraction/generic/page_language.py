"""The language of a page of any site: the declared one, unless the text is clearly in another."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import cast

from resiliparse.parse.lang import detect_fast, supported_langs

from caliber_crawler.extraction.dates import month_names
from caliber_crawler.extraction.generic.alphabets import Letters
from caliber_crawler.extraction.languages import script_of

SAMPLE_LENGTH = 3000
"""Characters of a text that decide its language."""
LETTERS_LENGTH = 1_200
"""Characters whose letters are compared with the alphabets of languages."""
SCRIPT_LENGTH = 400
"""Characters that decide its script."""
MIN_LETTERS = 40
"""A shorter text does not overrule what the page declares."""
LETTERS_OF_SIGN = 3
"""Latin letters of a Chinese character, a kana or a Korean syllable."""
_SIGNS = frozenset(("CJK", "HANGUL", "HIRAGANA", "KATAKANA"))
MIN_DETECTED_LENGTH = 100
MIN_LENGTH = 300
"""Characters of a text that overrules a declaration in the same script."""
MAX_DISTANCE = 1200
"""The detector's documentation calls a language unknown above this rank distance."""
SURE_DISTANCES = ((1000, 370), (300, 450), (0, 700))
"""The greatest distance that overrules a declaration, for a text of this number of characters in different words."""
MIN_MARGIN = 80
"""How much nearer the text must be to the detected language than to the declared one."""
RARE_PENALTY = 40
MIN_FOREIGN_LETTERS = 5
MIN_FOREIGN_SHARE = 0.015
"""Letters, and share of letters, that the declared language does not have: then a short text overrules it too."""
MIN_FOREIGN_LENGTH = 150
FOREIGN_MARGIN = 30
EXCLUDED_DISTANCE = 800
"""The greatest distance of a detected language that replaces a declared one whose letters the text contradicts."""
RESULTS = 8
"""Languages of the detector, the nearest first, of which the text's letters may exclude some."""
FOREIGN_DISTANCE = 700
MAIN_SHARE = 0.6
"""The share of letters in one script that makes it the script of the text."""
MIN_KANA_SHARE = 0.05
# A text in the first is often detected as the second, which hardly any news site is written in.
_RARE = frozenset(["la", "lb", "sc", "co", "vo", "io", "rm", "fo", "fy", "oc", "br", "gd", "ia", "eo", "als", "jv"])
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "mo": "ro", "fil": "tl", "prs": "fa", "ckb": "ku"}
# The detector knows only one of each group, or confuses them.
_CLOSE = (
    "bs hr sr sh me cnr",
    "id ms jv su",
    "no da",
    "yue zh wuu",
    "kmr ku",
    "gsw de nds",
    "gl pt",
    "hi mr ne bho mai",
)
# Languages written without letters beyond A to Z, but for names and loan words. Themes are often left in English.
_PLAIN_LETTERS = frozenset(("en", "id", "ms", "jv", "su", "sw", "so", "zu", "xh", "rw", "mg"))
_LANGUAGE_OF_SCRIPT = {
    "ARMENIAN": ("hy",), "GEORGIAN": ("ka",), "HEBREW": ("he", "yi"), "GREEK": ("el",), "THAI": ("th",),
    "HANGUL": ("ko",), "HIRAGANA": ("ja",), "KATAKANA": ("ja",), "CJK": ("zh", "ja", "yue"), "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",), "ORIYA": ("or",), "TAMIL": ("ta",), "TELUGU": ("te",), "KANNADA": ("kn",), "LAO": ("lo",),
    "MALAYALAM": ("ml",), "SINHALA": ("si",), "KHMER": ("km",), "MYANMAR": ("my",), "TIBETAN": ("bo", "dz"),
    "ETHIOPIC": ("am", "ti"), "BENGALI": ("bn", "as"), "THAANA": ("dv",),
}  # fmt: skip
"""The languages of scripts that few languages use, the most common first."""


@cache
def scripts_of_language(language: str) -> frozenset[str]:
    """The scripts that a language is written in; empty for an unknown language."""
    own = {script for script, languages in _LANGUAGE_OF_SCRIPT.items() if language in languages}
    if own:
        return frozenset(own | ({"CJK"} if language in ("ja", "ko") else set()))
    letters = (letter for name in month_names((language,)) for letter in name if letter.isalpha())
    return frozenset(map(script_of, letters))


def language_of_text(text: str) -> str | None:
    """Return the language of a text; ``None`` if it is too short or not known."""
    return _language_and_distance(text[:SAMPLE_LENGTH])[0]


def is_clearly_in(text: str, language: str) -> bool:
    """Whether a text is clearly in a language: long enough, and near to it."""
    found, distance = _language_and_distance(text[:SAMPLE_LENGTH])
    return found is not None and _is_close(language, found) and distance <= FOREIGN_DISTANCE


def choose_language(declared: str | None, text: str) -> str | None:
    """Return the language of a page: the declared one, unless the text is clearly in another.

    A language's code is returned as the page declares it (``nb``), where the detector has only one for both (``no``).
    """
    sample = text[:SAMPLE_LENGTH]
    if not declared:
        return language_of_text(sample)
    script = _script_of_text(sample)
    known = _SAME.get(declared, declared)
    letters = Letters(sample[:LETTERS_LENGTH], script)
    if letters.excludes(known):
        detected, distance = _language_and_distance(sample, script, letters)
        is_sure = detected is not None and distance <= EXCLUDED_DISTANCE and not _is_close(declared, detected)
        return detected if is_sure else declared
    detected, distance = _language_and_distance(sample, script, letters)
    if detected is None or _is_close(declared, detected):
        return declared
    own = scripts_of_language(declared)
    if script and own and script not in own:
        return detected
    if _has_foreign_letters(declared, sample) and distance <= FOREIGN_DISTANCE:
        return detected if _distance_to(declared, sample) - distance >= FOREIGN_MARGIN else declared
    variety = len(" ".join(dict.fromkeys(sample.split())))
    sure = next(greatest for least, greatest in SURE_DISTANCES if variety >= least)
    if len(sample) < MIN_LENGTH or distance > sure:
        return declared
    return detected if _distance_to(declared, sample) - distance >= MIN_MARGIN else declared


_ASCII = re.compile(r"[\x00-\x7f]+")


def _has_foreign_letters(declared: str, text: str) -> bool:
    """Whether a text has more letters that the declared language lacks than its names and loan words explain."""
    if declared not in _PLAIN_LETTERS or len(text) < MIN_FOREIGN_LENGTH or text.isascii():
        return False
    foreign = sum(map(str.isalpha, _ASCII.sub("", text)))
    return foreign >= MIN_FOREIGN_LETTERS and foreign >= MIN_FOREIGN_SHARE * sum(map(str.isalpha, text))


def _is_close(one: str, other: str) -> bool:
    one, other = _SAME.get(one, one), _SAME.get(other, other)
    return one == other or any(one in group.split() and other in group.split() for group in _CLOSE)


def _script_of_text(text: str) -> str:
    """The script of a text; empty for a text of few letters, or in several scripts."""
    scripts: Counter[str] = Counter()
    for letter, number in Counter(re.findall(r"[^\W\d_]", text[:SCRIPT_LENGTH])).items():
        script = script_of(letter)
        scripts[script] += number * (LETTERS_OF_SIGN if script in _SIGNS else 1)
    scripts.pop("", None)
    if sum(scripts.values()) < MIN_LETTERS:
        return ""
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana and kana >= MIN_KANA_SHARE * (kana + scripts["CJK"]):
        scripts["HIRAGANA"] = kana + scripts.pop("CJK", 0)
        scripts.pop("KATAKANA", None)
    script, count = scripts.most_common(1)[0]
    return script if count >= MAIN_SHARE * sum(scripts.values()) else ""


def _language_and_distance(
    sample: str, script: str | None = None, letters: Letters | None = None
) -> tuple[str | None, int]:
    """The language of a text and its rank distance, 0 if the script alone tells the language.

    ``script``, ``letters``: those of the text, if they are known.
    """
    script = _script_of_text(sample) if script is None else script
    if languages := _LANGUAGE_OF_SCRIPT.get(script):
        return languages[0], 0
    letters = letters or Letters(sample[:LETTERS_LENGTH], script)
    proven = letters.proven()
    if len(sample) < MIN_DETECTED_LENGTH:
        return proven, 0
    found = cast("list[tuple[str, int]]", detect_fast(sample, cutoff=MAX_DISTANCE, n_results=RESULTS))
    found.sort(key=lambda pair: pair[1] + (RARE_PENALTY if pair[0] in _RARE else 0))
    if proven is not None and (not found or letters.excludes(found[0][0])):
        # The detector knows most languages in one script only.
        return proven, 0
    return next((pair for pair in found if not letters.excludes(pair[0], certainly=True)), (None, 0))


def _distance_to(language: str, sample: str) -> int:
    """The rank distance of a text to one language; one more than the greatest for a language that is not known."""
    known = _SAME.get(language, language)
    if known not in _supported():
        return MAX_DISTANCE + 1
    found = detect_fast(sample, cutoff=MAX_DISTANCE, n_results=1, langs=[known])
    return int(found[1]) if found[0] == known else MAX_DISTANCE + 1


@cache
def _supported() -> frozenset[str]:
    return frozenset(supported_langs())
