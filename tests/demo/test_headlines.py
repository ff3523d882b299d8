from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.demo.dice import dice
from caliber_crawler.demo.editions import EDITIONS, SECTION_KEYS, Edition
from caliber_crawler.demo.newsroom import Newsroom
from caliber_crawler.demo.timeline import MAX_ARTICLES
from caliber_crawler.demo.vocabulary import SECTION_FORMS, Form, slugify, vocabulary

LANGUAGES = ("en", "ru", "hy")
AT_EACH_END = 15_000
"""Articles. All of the largest site would take 20 s."""
every_form = st.sampled_from([form for language in LANGUAGES for form in vocabulary(language).forms.values()])


@pytest.mark.parametrize(
    ("language", "headline", "slug"),
    [
        ("en", "Baku’s geopolitical formula", "baku-s-geopolitical-formula"),
        ("en", "I wouldn't put much faith: Yerevan’s  “claims”", "i-wouldn-t-put-much-faith-yerevan-s-claims"),
        ("en", "Türkiye to send two missions", "turkiye-to-send-two-missions"),
        ("en", "EBRD: €18.5 billion needed", "ebrd-18-5-billion-needed"),
        (
            "ru",
            "Прокуратура требует смертной казни для экс-президента Южной Кореи",
            "prokuratura-trebuet-smertnoj-kazni-dlya-eks-prezidenta-yuzhnoj-korei",
        ),
        ("ru", "Путь Баку, ультиматум Москвы и паника Парижа", "put-baku-ultimatum-moskvy-i-panika-parizha"),
        (
            "hy",
            "Հայաստանում ԱՄՆ-ի դեսպանատունը չկարողացավ հերքել Caliber.Az-ի տեղեկատվությունը",
            "հայաստանում-ամն-ի-դեսպանատունը-չկարողացավ-հերքել-caliber-az-ի-տեղեկատվությունը",
        ),
    ],
)
def test_slugs_match_the_recorded_ones(language: str, headline: str, slug: str) -> None:
    assert slugify(headline, language) == slug
    assert slugify(unicodedata.normalize("NFD", headline), language) == slug


@given(form=every_form, data=st.data())
def test_a_headline_is_found_by_its_slug(form: Form, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, form.size - 1))
    slug = slugify(form.headline(number), form.language)
    assert list(vocabulary(form.language).read_slug(slug)) == [(form, number)]


@given(form=every_form, seed=st.integers(), data=st.data())
def test_scattering_can_be_inverted(form: Form, seed: int, data: st.DataObject) -> None:
    ordinal = data.draw(st.integers(0, form.size - 1))
    number = form.scatter(ordinal, seed)
    assert 0 <= number < form.size
    assert form.gather(number, seed) == ordinal


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_of_a_bank_have_unique_slugs(language: str) -> None:
    for form in vocabulary(language).forms.values():
        assert [len(indexes) for indexes in form.slug_indexes] == [len(bank) for bank in form.banks]


@pytest.mark.parametrize("section", SECTION_KEYS)
@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.name)
def test_there_are_enough_headlines_for_the_largest_site(edition: Edition, section: str) -> None:
    newsroom = Newsroom(MAX_ARTICLES, 1, [section])
    shelf = newsroom.shelf(edition.name, section)
    assert shelf is not None
    largest = shelf.count(newsroom.timeline.newest, newsroom.timeline.oldest)
    families, themes = SECTION_FORMS[section]
    for family in families:
        for theme in ("world",) if family == "weekly" else themes:
            assert vocabulary(edition.language).forms[family, theme].size >= largest


def test_every_slot_of_a_phrase_is_filled() -> None:
    for language in LANGUAGES:
        words = vocabulary(language)
        for phrase in _strings({key: value for key, value in words.words.items() if key != "patterns"}):
            filled = words.fill(phrase, dice("slots", phrase), 2024)
            assert not re.search(r"[{}]", filled), phrase


@pytest.mark.slow
@pytest.mark.parametrize("sections", [None, ["analytics"]], ids=["all", "analytics"])
def test_the_newest_and_oldest_articles_of_the_largest_site_have_unique_slugs(sections: list[str] | None) -> None:
    """If two articles had the same number of a headline, or two numbers the same headline, many of these would."""
    newsroom = Newsroom(MAX_ARTICLES, 1, sections)
    newest, oldest = newsroom.timeline.newest, newsroom.timeline.oldest
    numbers = [*range(newest, newest + AT_EACH_END), *range(oldest + 1 - AT_EACH_END, oldest + 1)]
    slugs = {(article.edition.name, article.slug) for article in map(newsroom.article, numbers)}
    assert len(slugs) == len(numbers) == 2 * AT_EACH_END


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _strings(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _strings(part))
    else:
        assert value is None, json.dumps(value)
