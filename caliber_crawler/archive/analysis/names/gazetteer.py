"""Names known beforehand: countries and cities (Unicode CLDR, by Babel), given names (Faker), own lists.

The three packages Babel, Faker and pymorphy3 are the extra ``nlp``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.errors import MissingExtra

PACKAGES = ("babel", "faker", "pymorphy3")
CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
"""The first part of the names of time zones that name a city."""
NOT_CITIES = frozenset(
    ("Easter", "Wake", "Troll", "Davis", "Casey", "Nome", "Resolute", "Center", "Regina", "Phoenix", "Creston", "Eucla")
)
LATIN_LOCALES = (
    *("az_AZ", "cs_CZ", "da_DK", "de_AT", "de_DE", "en_GB", "en_IE", "en_IN", "en_US", "es_ES", "et_EE", "fi_FI"),
    *("fr_FR", "hr_HR", "hu_HU", "it_IT", "lt_LT", "lv_LV", "nl_NL", "no_NO", "pl_PL", "pt_PT", "ro_RO", "sk_SK"),
    *("sl_SI", "sv_SE", "tr_TR", "uz_UZ"),
)
OTHER_LOCALES = ("hy_AM", "ka_GE", "ru_RU", "uk_UA", "bg_BG", "fa_IR")
ARMENIAN = dict(zip("աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև", (
    *("a", "b", "g", "d", "e", "z", "e", "y", "t", "zh", "i", "l", "kh", "ts", "k", "h", "dz", "gh", "ch", "m", "y"),
    *("n", "sh", "o", "ch", "p", "j", "r", "s", "v", "t", "r", "ts", "u", "p", "k", "o", "f", "ev"),
), strict=True))  # fmt: skip
GEORGIAN = dict(zip("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", (
    *("a", "b", "g", "d", "e", "v", "z", "t", "i", "k", "l", "m", "n", "o", "p", "zh", "r", "s", "t", "u", "p", "k"),
    *("gh", "q", "sh", "ch", "ts", "dz", "ts", "ch", "kh", "j", "h"),
), strict=True))  # fmt: skip
CYRILLIC = dict(zip("абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя", (
    *("a", "b", "v", "g", "g", "d", "e", "e", "e", "zh", "z", "i", "i", "i", "y", "k", "l", "m", "n", "o", "p", "r"),
    *("s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"),
), strict=True))  # fmt: skip
AZERBAIJANI = dict(zip("əığıöüşçxqc", ("a", "i", "gh", "i", "o", "u", "sh", "ch", "kh", "g", "j"), strict=True))
ROMAN = str.maketrans({**ARMENIAN, **GEORGIAN, **CYRILLIC})
PRESS = str.maketrans(AZERBAIJANI)
"""Azerbaijani names as English texts write them: Vaqif is Vagif, Ceyhun is Jeyhun."""


def require_packages() -> None:
    """Raise ``MissingExtra`` unless the packages of the extra are installed."""
    if any(find_spec(name) is None for name in PACKAGES):
        raise MissingExtra("nlp")


@cache
def word_lists(language: str) -> Mapping[str, Any]:
    """The lists of a language in this package."""
    return tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))


@cache
def words(language: str, name: str) -> frozenset[str]:
    """A list of single words."""
    return frozenset(word_lists(language)[name].split())


def lines(language: str, name: str) -> list[str]:
    """A list of names, each on its own line."""
    return [line.strip() for line in word_lists(language)[name].splitlines() if line.strip()]


def listed_names(language: str) -> Iterator[tuple[str, Kind, str]]:
    """Places and organizations in a language: each name with its kind and normal form, the most reliable first."""
    lists = word_lists(language)
    for name, normal in lists["place_aliases"].items():
        yield name, "place", normal
    for name, normal in lists["organization_aliases"].items():
        yield name, "organization", normal
    for name in lines(language, "organizations"):
        yield name, "organization", name
    for name in (*countries(language), *cities(language), *lines(language, "places")):
        yield name, "place", name


def countries(language: str) -> Iterator[str]:
    """Countries and continents in a language, from the CLDR."""
    from babel import Locale

    for code, name in Locale(language).territories.items():
        if code not in ("001", "ZZ", "QO", "EU", "EZ", "UN", "XA", "XB"):
            yield name
            if " (" in name:
                yield name.partition(" (")[0]


def cities(language: str) -> Iterator[str]:
    """Cities that give a time zone its name, in a language."""
    from babel import Locale
    from babel.core import get_global

    named = Locale(language).time_zones
    for zone in get_global("zone_territories"):
        continent, _, rest = zone.partition("/")
        if continent in CONTINENTS and rest and "/" not in rest and rest not in NOT_CITIES:
            if language == "en":
                yield rest.replace("_", " ")
            elif city := named.get(zone, {}).get("city"):
                yield city


@cache
def given_names() -> frozenset[str]:
    """Given names in Latin letters, in lower case: the lists of many countries, and transliterations of others."""
    found: set[str] = set()
    for locale in (*LATIN_LOCALES, *OTHER_LOCALES):
        for name in names_of(locale):
            folded = name.replace("İ", "i").lower()
            if locale in OTHER_LOCALES:
                folded = folded.replace("ու", "u").replace("ո", "o").translate(ROMAN)
                found |= {folded.replace("iy", "y"), folded.replace("ey", "ei"), folded.replace("ks", "x")}
            if locale == "az_AZ":
                found.add(folded.translate(PRESS))
            found.add(folded)
    return frozenset(name for name in found if len(name) > 1 and name.isalpha())


def names_of(locale: str) -> Iterable[str]:
    """The given names that Faker has for a locale."""
    provider = import_module(f"faker.providers.person.{locale}").Provider
    names = {
        name
        for part in ("first_names", "first_names_male", "first_names_female")
        for name in getattr(provider, part, ())
    }
    return {part for name in names for part in str(name).split()}
