"""Articles of the same story in other languages: what pages state, and what two articles have in common."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.editions import search
from caliber_crawler.archive.analysis.editions.features import (
    ArticleFeatures,
    features_of,
    file_name,
    names_in,
    numbers_in,
)
from caliber_crawler.archive.analysis.editions.language_links import language_links
from caliber_crawler.archive.analysis.editions.matching import Background, matches, pairs_of
from caliber_crawler.archive.analysis.editions.search import EditionsPass, segments_of
from caliber_crawler.archive.analysis.editions.transliteration import consonants_of
from caliber_crawler.archive.core.side_files import EDITIONS, side_file
from caliber_crawler.demo import DemoSite
from tests.archive.newsroom import NOON, Newsroom, minutes, start_run

ENGLISH = """The ministers met in Baku. The state will pay 2,855 families and 3,089 companies, {name} told reporters.
By then, Rufana Jafarguluzade said, 17.9 percent of the funds and 356 million manats will have gone to Tartar."""
RUSSIAN = """Министры собрались на встречу. Государство выплатит 2 855 семьям и 3 089 компаниям, отметил {name}.
К тому времени, сообщила Руфана Джафаргулузаде, будет передано 17,9 процента, Тертеру — 356 млн манатов."""
OTHER = """The harvest of {crop} grew by {number} tonnes. The ministry did not say why, and nobody asked it why."""


@pytest.mark.parametrize(
    "spellings",
    [
        {"Mammadov": "en", "Məmmədov": "az", "Мамедова": "ru", "Մամեդովի": "hy"},
        {"Hajiyev": "en", "Hacıyev": "az", "Гаджиевым": "ru", "Հաջիևը": "hy"},
        {"Karabakh": "en", "Qarabağ": "az", "Карабахе": "ru", "Ղարաբաղում": "hy"},
        {"Pashinyan": "en", "Paşinyan": "az", "Пашиняном": "ru", "Փաշինյանը": "hy"},
        {"Zakharova": "en", "Zaxarova": "az", "Захарову": "ru", "Զախարովա": "hy"},
        {"Mirzoyan's": "en", "Мирзояна": "ru", "Միրզոյանի": "hy"},
        {"Yerevan": "en", "Ереване": "ru", "Երևանում": "hy"},
    ],
)
def test_spellings_of_a_name_have_a_key_in_common(spellings: dict[str, str]) -> None:
    keys = [set(consonants_of(word, language)) for word, language in spellings.items()]
    assert set.intersection(*keys)


def test_different_names_have_different_keys() -> None:
    names = ["Mammadov", "Aliyev", "Hajiyev", "Pashinyan", "Mirzoyan", "Zakharova", "Bayramov", "Erdogan", "Yerevan"]
    assert len({consonants_of(name, "en") for name in names}) == len(names)
    assert consonants_of("Baku", "en") == ()


def test_numbers_are_equal_with_the_separators_of_any_language() -> None:
    assert [key for key, _ in numbers_in("2,855 families, 17.9 percent of 1,000,000; 7 years in 2026")] == [
        *("2855", "179", "1000000", "2026"),
    ]
    assert [key for key, _ in numbers_in("2 855 семей, 17,9 процента от 1\xa0000\xa0000; 2026")] == [
        *("2855", "179", "1000000", "2026"),
    ]


def test_only_words_inside_a_sentence_are_names() -> None:
    assert [
        word for _, word in names_in("Ministers met Ilham Mammadov. Later Samira went on.\nGovernments agreed.", "en")
    ] == [
        *("Ilham", "Mammadov", "Samira"),
    ]


def test_a_picture_is_recognized_in_every_size() -> None:
    assert file_name("https://a.example/photos/normal/0f1e2d3c4b.webp?x=1") == "0f1e2d3c4b"
    assert file_name("/media/original/0f1e2d3c4b.jpg") == "0f1e2d3c4b"
    assert file_name("https://a.example/logo.png") is None


def test_a_page_states_its_other_languages() -> None:
    page = """<base href="/en/"><link rel="alternate" hreflang="ru-RU" href="/ru/post/1">
      <link rel=alternate hreflang=az href=post/2>
      <link rel="alternate" hreflang="x-default" href="/"><link rel="stylesheet" hreflang="de" href="/de.css">
      <a class="lang" href="/hy/post/3">Հայերեն</a><a href="/en/post/9">Read in English, please</a>
      <a hreflang='fr' href='https://fr.example/a?b=1&amp;c=2'>x</a><a href="javascript:alert(1)">RU</a>
      <a href="http://[" hreflang="tr">x</a>""".encode()
    assert [(link.language, link.url, link.method) for link in language_links(page, "https://a.example/en/post/0")] == [
        ("ru", "https://a.example/ru/post/1", "hreflang"),
        ("az", "https://a.example/en/post/2", "hreflang"),
        ("hy", "https://a.example/hy/post/3", "link"),
        ("fr", "https://fr.example/a?b=1&c=2", "hreflang"),
        ("ru", "javascript:alert(1)", "link"),
    ]


def save(newsroom: Newsroom, number: int, language: str, body: str, *, hours: float = 0, **fields: object) -> int:
    prefix = "" if language == "ru" else f"/{language}"
    return newsroom.save(
        minutes(number),
        article_urls=(f"https://caliber.az{prefix}/post/article-{number}",),
        headline=f"№ {number}",
        language=language,
        body=body,
        **{"published_at": NOON + timedelta(hours=hours), "section": "politics", **fields},
    ).article_id


def others(newsroom: Newsroom, first: int = 100) -> None:
    """Articles of the same days that tell other stories."""
    for place in range(12):
        text = OTHER.format(crop=f"crop{place}", number=place * 7919 + 1234)
        save(newsroom, first + place, "en" if place % 2 else "ru", text, hours=place)


def find(newsroom: Newsroom) -> EditionsPass:
    passed = newsroom.archive.editions.find()
    for _ in passed:
        pass
    return passed.result


def pairs(newsroom: Newsroom) -> dict[tuple[int, int], str]:
    rows = newsroom.archive.db.execute("SELECT article_id, counterpart_id, method FROM counterparts ORDER BY 1, 2")
    return {(row[0], row[1]): row[2] for row in rows}


def test_articles_with_the_same_names_and_numbers_are_counterparts(newsroom: Newsroom) -> None:
    one = save(newsroom, 1, "en", ENGLISH.format(name="Orkhaz Talibverdi"))
    others(newsroom)
    two = save(newsroom, 2, "ru", RUSSIAN.format(name="Орхаз Талибверди"), hours=5)
    assert find(newsroom).added == 1
    (found,) = newsroom.archive.editions(one)
    assert (found["counterpart_id"], found["counterpart_language"], found["method"]) == (two, "ru", "content")
    evidence = json.loads(found["evidence"])
    assert evidence["hours_apart"] == 5
    assert ["Talibverdi", "Талибверди"] in evidence["names"]
    assert ["2,855", "2 855"] in evidence["numbers"]
    assert 0.5 < found["score"] < 1
    assert [row["counterpart_id"] for row in newsroom.archive.editions(two)] == [one]
    assert {row["article_id"] for row in newsroom.archive.editions.pairs(language="ru")} == {two}
    assert find(newsroom) == EditionsPass(compared=0, added=0, removed=0)


@pytest.mark.parametrize(("language", "hours"), [("en", 5), ("ru", 200)])
def test_the_same_language_or_another_week_is_no_counterpart(newsroom: Newsroom, language: str, hours: float) -> None:
    save(newsroom, 1, "en", ENGLISH.format(name="Orkhaz Talibverdi"))
    save(newsroom, 2, language, RUSSIAN.format(name="Орхаз Талибверди"), hours=hours)
    others(newsroom)
    find(newsroom)
    assert pairs(newsroom) == {}


def test_of_two_equally_good_counterparts_none_is_guessed(newsroom: Newsroom) -> None:
    save(newsroom, 1, "en", ENGLISH.format(name="Orkhaz Talibverdi"))
    for number in (2, 3):
        save(newsroom, number, "ru", RUSSIAN.format(name="Орхаз Талибверди"), hours=number)
    others(newsroom)
    find(newsroom)
    assert pairs(newsroom) == {}


def test_what_a_page_states_comes_first(newsroom: Newsroom) -> None:
    page = b'<link rel="alternate" hreflang="ru" href="https://www.caliber.az/post/article-3/">'
    one = save(newsroom, 1, "en", ENGLISH.format(name="Orkhaz Talibverdi"), page=page)
    save(newsroom, 2, "ru", RUSSIAN.format(name="Орхаз Талибверди"), hours=5)
    others(newsroom)
    find(newsroom)
    stated = save(newsroom, 3, "ru", "Совсем другой текст.", hours=400)
    find(newsroom)
    assert pairs(newsroom) == {(one, stated): "hreflang"}
    (found,) = newsroom.archive.editions(stated)
    assert (found["score"], json.loads(found["evidence"])) == (1.0, {"stated_by": [one]})


def test_a_language_switch_counts_if_the_target_has_that_language(newsroom: Newsroom) -> None:
    page = '<a href="/post/article-2">Русский</a> <a href="/en/post/article-3">Հայերեն</a>'.encode()
    one = save(newsroom, 1, "en", "One text.", page=page)
    two = save(newsroom, 2, "ru", "Другой текст.", published_at=None)
    save(newsroom, 3, "en", "Another text.")
    find(newsroom)
    assert pairs(newsroom) == {(one, two): "link"}


def test_a_fixed_link_of_every_page_is_no_counterpart(newsroom: Newsroom) -> None:
    page = b'<link rel="alternate" hreflang="ru" href="/post/article-9">'
    for number in range(5):
        save(newsroom, number, "en", f"Text {number}.", page=page + str(number).encode())
    save(newsroom, 9, "ru", "О проекте.")
    find(newsroom)
    assert pairs(newsroom) == {}


def test_a_counterpart_goes_with_its_article_and_its_text(newsroom: Newsroom) -> None:
    save(newsroom, 1, "en", ENGLISH.format(name="Orkhaz Talibverdi"))
    two = save(newsroom, 2, "ru", RUSSIAN.format(name="Орхаз Талибверди"), hours=5)
    others(newsroom)
    find(newsroom)
    assert len(pairs(newsroom)) == 1
    newsroom.archive.deletion.take_down(two, "asked for", NOON)
    newsroom.archive.editions.forget_deleted()
    assert pairs(newsroom) == {}
    assert b"article-2" not in side_file(newsroom.archive.path, EDITIONS).read_bytes()
    assert [finding for finding in newsroom.archive.verify() if finding is not None] == []


@pytest.mark.slow
def test_passes_in_any_order_and_after_kills_agree_with_one_pass(
    tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_SEGMENT", 2)
    monkeypatch.setattr(search, "STEP", 7)
    chance = Random(1)
    truths = list(islice(DemoSite(3_000, seed=1).truth(datetime.fromisoformat("2025-03-01T00:00:00Z")), 120))
    archives = []
    for name in ("at once", "in parts"):
        path = tmp_path / f"{name}.db"
        path.write_bytes(blank.read_bytes())
        with Archive.open(path, "write") as archive:
            newsroom = Newsroom(archive, start_run(archive))
            order = list(truths)
            chance.shuffle(order)
            for place, truth in enumerate(order):
                save_truth(newsroom, truth)
                if name == "in parts" and place % 20 == 10:
                    for steps, _ in enumerate(archive.editions.find()):
                        if steps == place // 20:
                            break
            find(newsroom)
            sql = """SELECT min(a.url, b.url), max(a.url, b.url), c.method, c.score FROM counterparts c
              JOIN articles a ON a.id = c.article_id JOIN articles b ON b.id = c.counterpart_id ORDER BY 1, 2"""
            archives.append(archive.db.execute(sql).fetchall())
    assert len(archives[0]) > 15
    assert archives[0] == archives[1]


def save_truth(newsroom: Newsroom, truth: dict[str, object]) -> None:
    newsroom.save(
        article_urls=(str(truth["url"]),),
        published_at=datetime.fromisoformat(str(truth["published_at"])),
        **{name: truth[name] for name in ("headline", "body", "language", "section", "cover_image")},
    )


@pytest.mark.slow
def test_the_counterparts_of_the_demo_site_are_found() -> None:
    truths = list(DemoSite(2_000, seed=3).truth())
    places = {truth["url"]: place for place, truth in enumerate(truths)}
    known = {frozenset((place, places[url])) for place, truth in enumerate(truths) for url in truth["counterparts"]}
    articles = []
    for place, truth in enumerate(truths):
        text = "\n".join(filter(None, (truth["headline"], truth["subtitle"], truth["body"])))
        shown = features_of(text, truth["language"], [truth["cover_image"], *truth["images"]], truth["authors"])
        time = int(datetime.fromisoformat(truth["published_at"]).timestamp())
        articles.append(ArticleFeatures(place, truth["language"], truth["section"], time, frozenset(shown), shown))
    articles.sort(key=lambda article: article.time)
    found: set[frozenset[int]] = set()
    months = [articles[start : start + 100] for start in range(0, len(articles), 100)]
    candidates = [
        pair
        for month, after in zip(months, [*months[1:], []], strict=True)
        for pair in pairs_of(month, [*month, *after], Background([*month, *after]))
    ]
    found = {frozenset((pair.first_id, pair.second_id)) for pair, _ in matches(candidates)}
    assert len(known) > 250
    assert len(found & known) / len(found) > 0.99
    assert len(found & known) / len(known) > 0.97


def test_blocks_are_searched_in_ranges() -> None:
    blocks = [("a", 1), ("a", 2), ("a", 4), ("b", 5), ("b", 6)]
    assert list(segments_of(blocks)) == [("a", 1, 2), ("a", 4, 4), ("b", 5, 6)]
    assert [last - first + 1 for _, first, last in segments_of([("a", n) for n in range(30)])] == [12, 12, 6]
    assert list(segments_of([])) == []
