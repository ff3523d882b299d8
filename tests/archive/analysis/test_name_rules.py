"""The rules for names and quotations, on hand-made sets and on single sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.analysis.names.languages import LANGUAGES, language_rules, rules_of
from caliber_crawler.archive.analysis.names.persons import Person, resolve
from tests.archive.analysis.gold_sets import name_samples, quotation_samples, score_names, score_quotations

LEAST = {"en": (0.95, 0.87, 0.85, 0.85), "ru": (0.9, 0.82, 0.9, 0.85)}
"""Least precision and recall of names and of quotations on the sentences that the rules were not written for."""
MIXED = st.text(alphabet=" \nAaZzБбЯя.,:«»“”„\"'’–-!?()1İı\u0301\u00a0", max_size=120)
PARTS = st.lists(
    st.sampled_from(
        ["“", "”", "«", "»", '"', "– ", "\n\n", " said ", " сказал ", "Ilham Aliyev", "Ильхам Алиев", ". ", ", ", "of "]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sets_are_as_large_as_the_documentation_says(language: str) -> None:
    both = (False, True)
    assert sum(len(name_samples(language, held_out=held_out)) for held_out in both) >= 70
    quotations = [sample.quotations for held_out in both for sample in quotation_samples(language, held_out=held_out)]
    assert sum(map(len, quotations)) >= 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_precision_and_recall_on_sentences_that_the_rules_were_not_written_for(language: str) -> None:
    names, quotations = score_names(language, held_out=True), score_quotations(language, held_out=True)
    found = (names.precision, names.recall, quotations.precision, quotations.recall)
    assert all(value >= least for value, least in zip(found, LEAST[language], strict=True)), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_precision_on_sentences_that_the_rules_were_written_for(language: str) -> None:
    assert score_names(language, held_out=False).precision >= 0.97
    assert score_quotations(language, held_out=False).precision >= 0.97


@pytest.mark.parametrize("language", LANGUAGES)
@given(body=MIXED | PARTS)
def test_offsets_are_inside_the_body_and_do_not_overlap(language: str, body: str) -> None:
    found = language_rules(language).search(body)
    end = 0
    for mention in found.mentions:
        assert end <= mention.start < mention.end <= len(body)
        assert body[mention.start : mention.end] == mention.written
        end = mention.end
    end = 0
    for each in found.quotations:
        assert end <= each.start < each.end <= len(body)
        end = each.end
        assert (each.speaker_start is None) == (each.speaker_end is None)
        if each.speaker_start is not None and each.speaker_end is not None:
            assert 0 <= each.speaker_start < each.speaker_end <= len(body)
        assert each.speaker is None or each.speaker_start is not None


def named(language: str, body: str) -> list[tuple[str, str]]:
    return [(each.kind, each.name) for each in language_rules(language).search(body).mentions]


def said(language: str, body: str) -> list[tuple[str, str | None, str | None]]:
    return [(body[e.start : e.end], e.speaker, e.cue) for e in language_rules(language).search(body).quotations]


@pytest.mark.parametrize(
    ("language", "body", "names"),
    [
        ("en", "Aliyev spoke. Later, President Ilham Aliyev left.", ["Ilham Aliyev", "Ilham Aliyev"]),
        ("en", "I. Aliyev and Ilham Aliyev.", ["Ilham Aliyev", "Ilham Aliyev"]),
        ("en", "Anna Petrosyan met Samvel Petrosyan. Petrosyan left.", ["Anna Petrosyan", *["Samvel Petrosyan"] * 2]),
        ("ru", "Слова Никола Пашиняна. Никол Пашинян ушел.", ["Никол Пашинян", "Никол Пашинян"]),
        ("ru", "Разговор с Марией Захаровой. Захарова ушла.", ["Мария Захарова", "Мария Захарова"]),
        ("ru", "Встреча с И. Алиевым. Ильхам Алиев ушел.", ["Ильхам Алиев", "Ильхам Алиев"]),
    ],
)
def test_the_fullest_form_in_an_article_stands_for_the_others(language: str, body: str, names: list[str]) -> None:
    assert [name for kind, name in named(language, body) if kind == "person"] == names


def test_of_two_people_with_a_surname_the_last_one_mentioned_is_meant() -> None:
    people = [Person(0, 1, ("Anna", "B")), Person(2, 3, ("Carl", "B")), Person(4, 5, ("B",)), Person(6, 7, ("A.", "B"))]
    assert [name for _, name in resolve(people)] == ["Anna B", "Carl B", "Carl B", "Anna B"]


def test_a_country_behind_a_ministry_is_a_name_of_its_own() -> None:
    assert named("en", "The Ministry of Foreign Affairs of Kazakhstan agreed with the Bank of Georgia.") == [
        ("organization", "Ministry of Foreign Affairs"),
        ("place", "Kazakhstan"),
        ("organization", "Bank of Georgia"),
    ]


def test_forms_of_one_place_have_one_normal_form() -> None:
    assert {name for _, name in named("en", "The US, the U.S. and the United States.")} == {"United States"}
    assert {name for _, name in named("ru", "Из Шуши в Шушу через США и Соединенные Штаты.")} == {"Шуша", "США"}


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("en", "Meanwhile talks stalled. Officials and Analysts waited on Monday in May."),
        ("en", "THE WHOLE LINE IS IN CAPITALS LIKE NATO"),
        ("ru", "Потом переговоры остановились. Чиновники ждали. Вечером пошел снег."),
    ],
)
def test_words_that_are_no_names(language: str, body: str) -> None:
    assert named(language, body) == []


def test_the_line_with_which_a_site_signs_is_no_mention() -> None:
    assert named("en", "Baku is calm.\n\nCaliber.Az") == [("place", "Baku")]
    assert named("en", "Caliber.Az asked in Baku.") == [("organization", "Caliber.Az"), ("place", "Baku")]


@pytest.mark.parametrize(
    ("language", "body", "speaker", "cue"),
    [
        ("en", "“We are ready to go,” he said.", None, "said"),
        ("en", "Aram Ghazaryan arrived. “We are ready to go,” he said.", "Aram Ghazaryan", "said"),
        ("en", "Aram Ghazaryan arrived.\n\n“We are ready to go,” he said.", None, "said"),
        ("en", "Speaking with Emmanuel Macron, Aram Ghazaryan said: “We are ready.”", "Aram Ghazaryan", "said"),
        ("en", "“We are ready to go,” said the head of the bank, Aram Ghazaryan.", "Aram Ghazaryan", "said"),
        ("en", "According to Aram Ghazaryan, they are “ready to go now”.", "Aram Ghazaryan", "according to"),
        ("ru", "«Мы готовы идти», – ответил ему Арам Казарян.", "Арам Казарян", "ответил"),
        ("ru", "Араму Казаряну сказали: «Мы готовы идти дальше вместе».", None, None),
        ("ru", "По словам Арама Казаряна, они «готовы идти дальше».", "Арам Казарян", "по словам"),
    ],
)
def test_the_speaker_is_the_subject_of_the_verb(language: str, body: str, speaker: str | None, cue: str | None) -> None:
    ((_, found, verb),) = said(language, body)
    assert (found, verb) == (speaker, cue)


@pytest.mark.parametrize("marks", ["“”", "«»", "„“", "„”", '""'])
def test_speech_is_found_in_every_kind_of_quotation_marks(marks: str) -> None:
    body = f"{marks[0]}We are ready to go,{marks[1]} said Aram Ghazaryan."
    assert said("en", body) == [("We are ready to go", "Aram Ghazaryan", "said")]


def test_quotation_marks_around_a_title_are_no_speech() -> None:
    assert said("en", "Aram Ghazaryan read “The Last Winter” and the so-called “road map”.") == []
    assert said("ru", "Компания «Азерэнержи» открыла «дорогу дружбы».") == []


def test_nested_marks_belong_to_the_outer_speech() -> None:
    body = "«Роман «Зима» мне не понравился», – сказал Арам Казарян."
    assert said("ru", body) == [("Роман «Зима» мне не понравился", "Арам Казарян", "сказал")]


def test_a_dash_begins_speech_in_russian_only() -> None:
    assert said("ru", "– Кто там?") == [("Кто там?", None, None)]
    assert said("en", "– Which role can Baku play here?") == []


def test_only_english_and_russian_have_rules() -> None:
    assert rules_of("hy") is None
    assert rules_of("en-GB") is rules_of("en")


HOSTILE = {
    "opening marks": "“" * 50_000,
    "dashes": "– сказал " * 5_000,
    "commas": "Aa Bb, " * 7_000,
    "one surname": " ".join(
        f"A{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} Aliyev," for n in range(4_000)
    ),
    "offices": "Bank of " * 6_000,
    "quotations": "“Aa bb cc dd ee.” " * 2_500,
    "mentions": "Ilham Aliyev said “a b c” " * 2_000,
    "one word": "A" * 100_000,
    "initials": "A. " * 15_000,
}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_does_not_take_long(language: str, kind: str) -> None:
    language_rules(language).search(HOSTILE[kind])
