"""Stems and stop words, by language."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caliber_crawler.tokenization import base_language, normal_form

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""The Snowball stemmer of each language; the others have none."""


def stem_in(language: str) -> Callable[[str], str] | None:
    """The function that returns the stem of a word in normal form, if the language has a stemmer."""
    import snowballstemmer

    name = STEMMERS.get(base_language(language))
    if name is None or name not in snowballstemmer.algorithms():
        return None
    stem: Callable[[str], str] = snowballstemmer.stemmer(name).stemWord
    return stem


def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language in normal form, from the package ``stopwordsiso``; empty if it has none."""
    import stopwordsiso

    base = base_language(language)
    return normal_forms(stopwordsiso.stopwords(base), language) if stopwordsiso.has_lang(base) else frozenset()


def normal_forms(words: Iterable[str], language: str) -> frozenset[str]:
    return frozenset(normal_form(word.strip(), language) for word in words if word.strip())
