"""Words of an archive: every number is that of a slow, independent count."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.words import ngrams
from caliber_crawler.archive.analysis.words.words import Words
from caliber_crawler.errors import InputError
from tests.archive.analysis import counted
from tests.archive.analysis.counted import Text
from tests.archive.newsroom import NOON, Newsroom, start_run
from tests.properties import examples

VOCABULARY = ("corridor", "pact", "gas", "the", "talks")
SENTENCES = st.lists(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=8), min_size=1, max_size=4)
ARTICLES = st.lists(st.tuples(st.sampled_from(["en", "ru"]), SENTENCES), min_size=1, max_size=5)


def printed(newsroom: Newsroom, articles: list[tuple[str, list[list[str]]]]) -> list[Text]:
    """Save articles; return their words. The first paragraph is the headline."""
    texts = []
    for number, (language, paragraphs) in enumerate(articles):
        url = f"https://caliber.az/{language}/post/{number + 1}"
        headline, body = [f"headline{number}"], paragraphs
        newsroom.save(
            NOON + timedelta(hours=number),
            article_urls=(url,),
            language=language,
            headline=" ".join(headline).upper(),
            body="\n\n".join(", ".join(words).capitalize() + "." for words in body),
            section=("politics", "economy")[number % 2],
            published_at=NOON + timedelta(days=number),
        )
        texts.append(Text(language, [headline, *body]))
    return texts


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Words, list[Text]]]:
    """Thirty articles of random words in two languages."""
    dice = random.Random(1)
    articles = [
        (dice.choice(("en", "ru")), [dice.choices(VOCABULARY, k=dice.randint(1, 12)) for _ in range(3)])
        for _ in range(30)
    ]
    path = tmp_path_factory.mktemp("words") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        yield archive.words, printed(Newsroom(archive, start_run(archive)), articles)


def check_everything(words: Words, texts: list[Text], node: str, left: int, right: int) -> None:
    """Compare every analysis of these texts with the slow counts."""
    found = words.list(limit=None)
    assert {(row.language, row.word): row.frequency for row in found} == counted.frequencies(texts)
    assert {(row.language, row.word): row.articles for row in found} == counted.document_frequencies(texts)
    assert found.words == sum(len(text.words) for text in texts)
    for size in ngrams.SIZES:
        grams = words.ngrams(size, min_frequency=1, limit=None)
        assert {(row.language, row.words): row.frequency for row in grams} == counted.ngrams(texts, size)
    lines = words.concordance(node, limit=None, width=1)
    expected = [
        (text.language, " ".join(paragraph[max(0, place - 1) : place]))
        for text, paragraph, place in counted.occurrences(texts, node.split())
    ]
    assert sorted((line.language, line.left.strip(" ,.").lower()) for line in lines) == sorted(expected)
    near = words.collocates(node, left=left, right=right, min_frequency=1, limit=None)
    slow = {
        key: value for key, value in counted.collocates(texts, node.split(), left, right).items() if value.pmi > 1e-9
    }
    assert {(row.language, row.word) for row in near} == slow.keys()
    for row in near:
        value = slow[row.language, row.word]
        assert (row.frequency, row.left, row.right, row.total) == (
            value.frequency,
            value.left,
            value.right,
            value.total,
        )
        assert (row.log_likelihood, row.pmi, row.log_dice) == pytest.approx(
            (value.log_likelihood, value.pmi, value.log_dice), abs=1e-6
        )


@pytest.mark.parametrize("node", ["corridor", "the pact", "gas gas"])
def test_every_number_is_that_of_a_slow_count(corpus: tuple[Words, list[Text]], node: str) -> None:
    check_everything(*corpus, node, 2, 3)


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(articles=ARTICLES, node=st.sampled_from(["gas", "the gas", "pact pact"]), window=st.integers(0, 4))
def test_every_number_of_any_texts_is_that_of_a_slow_count(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, articles: list, node: str, window: int
) -> None:
    path = tmp_path_factory.mktemp("words") / "archive.db"
    shutil.copy(blank, path)
    with Archive.open(path, mode="write") as archive:
        texts = printed(Newsroom(archive, start_run(archive)), articles)
        check_everything(archive.words, texts, node, window, 4 - window)


def test_a_selection_has_the_words_of_its_articles_only(corpus: tuple[Words, list[Text]]) -> None:
    words, texts = corpus
    politics = [text for number, text in enumerate(texts) if number % 2 == 0 and text.language == "en"]
    found = words.list(section="politics", language="en", limit=None)
    assert {(row.language, row.word): row.frequency for row in found} == counted.frequencies(politics)
    assert {(row.language, row.word): row.articles for row in found} == counted.document_frequencies(politics)
    assert found.articles == len(politics)
    assert found[0].per_million == pytest.approx(found[0].frequency / found.words * 1e6)


@pytest.mark.parametrize("negative", [False, True])
def test_keyness_compares_with_the_rest(corpus: tuple[Words, list[Text]], negative: bool) -> None:
    words, texts = corpus
    of_language = [(number, text) for number, text in enumerate(texts) if text.language == "en"]
    here = counted.frequencies(text for number, text in of_language if number % 2 == 0)
    there = counted.frequencies(text for number, text in of_language if number % 2 == 1)
    size, other = here.total(), there.total()
    found = words.keyness(section="politics", language="en", min_frequency=1, negative=negative, limit=None)
    assert (found.words, found.reference_words) == (size, other)
    for row in found:
        a, b = here["en", row.word], there["en", row.word]
        assert (row.frequency, row.reference_frequency) == (a, b)
        assert (a / size > b / other) is not negative
        assert row.log_likelihood == pytest.approx(counted.g2(a, b, size - a, other - b), abs=1e-6)
        assert (row.log_ratio > 0) is not negative
    both = {word for word in here | there if (here[word] / size > there[word] / other) is not negative}
    assert {("en", row.word) for row in found} == {w for w in both if here[w] / size != there[w] / other}
    scores = [row.log_likelihood for row in found]
    assert scores == sorted(scores, reverse=True)


def test_a_reference_may_be_a_second_selection(corpus: tuple[Words, list[Text]]) -> None:
    words, texts = corpus
    found = words.keyness(language="en", section="politics", reference={"language": "en"}, min_frequency=1)
    assert found.words + found.reference_words == sum(len(text.words) for text in texts if text.language == "en")
    assert found.articles + found.reference_articles == sum(text.language == "en" for text in texts)


@pytest.mark.parametrize("sort", [("1R", "2R"), ("1L", "3R", "node"), ("2l", "1r")])
def test_lines_are_sorted_by_the_words_around_the_node(corpus: tuple[Words, list[Text]], sort: tuple[str, ...]) -> None:
    words, texts = corpus

    def key(paragraph: list[str], place: int) -> list[str]:
        places = [place if each == "node" else place + int(each[0]) * (1 if each[1] in "Rr" else -1) for each in sort]
        return [paragraph[at] if 0 <= at < len(paragraph) else "" for at in places]

    expected = sorted(key(paragraph, place) for _, paragraph, place in counted.occurrences(texts, ["pact"]))
    pages = [words.concordance("pact", sort=sort, width=9, limit=7, offset=start) for start in range(0, 200, 7)]
    lines = [line for page in pages for line in page]
    assert len(lines) == pages[0].total == len(expected)
    shown = []
    for line in lines:
        left = line.left.lower().replace(",", "").split()
        right = line.right.lower().replace(",", "").replace(".", "").split()
        shown.append(key([*left, "pact", *right], len(left)))
    assert shown == expected


def test_lines_without_a_sort_key_are_newest_first(corpus: tuple[Words, list[Text]]) -> None:
    dates = [line.published_at for line in corpus[0].concordance("the", limit=None)]
    assert dates == sorted(dates, reverse=True)


def test_ngrams_counted_in_groups_are_the_same(
    corpus: tuple[Words, list[Text]], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = corpus[0].ngrams(3, limit=None)
    monkeypatch.setattr(ngrams, "MAX_AT_ONCE", 50)
    assert corpus[0].ngrams(3, limit=None) == at_once


def test_ngrams_with_a_node_contain_it(corpus: tuple[Words, list[Text]]) -> None:
    words, texts = corpus
    found = {
        (row.language, row.words): row.frequency for row in words.ngrams(3, node="gas", min_frequency=1, limit=None)
    }
    assert found == {key: n for key, n in counted.ngrams(texts, 3).items() if "gas" in key[1].split()}


def test_a_result_becomes_a_data_frame(corpus: tuple[Words, list[Text]]) -> None:
    frame = pandas.DataFrame(corpus[0].list(language="en"))
    assert list(frame.columns) == ["language", "word", "frequency", "per_million", "articles"]


def test_patterns_and_stems_find_inflected_words(newsroom: Newsroom) -> None:
    printed(newsroom, [("en", [["sanction", "sanctions", "sanctioned", "sanctuary", "don't"]])])
    words = newsroom.archive.words
    assert [line.node.lower() for line in words.concordance("sanct*", sort=["node"])] == [
        "sanction", "sanctioned", "sanctions", "sanctuary",
    ]  # fmt: skip
    assert words.concordance("sanctions", stems=True).total == 3
    assert words.concordance("SANCTIONS").total == 1
    assert words.concordance("don’t").total == 1
    top = words.list(stems=True, language="en", min_frequency=2)
    assert [(row.word in ("sanction", "sanctions", "sanctioned"), row.frequency) for row in top] == [(True, 3)]


def test_stop_words_are_left_out_but_counted(newsroom: Newsroom) -> None:
    printed(newsroom, [("en", [["the", "pact", "and", "the", "gas"]])])
    words = newsroom.archive.words
    found = words.list(stop_words=True)
    assert {row.word for row in found} == {"headline0", "pact", "gas"}
    assert found.words == 6
    assert {row.word for row in words.list(stop_words=["Pact"])} == {"headline0", "gas", "the", "and"}
    assert [row.words for row in words.ngrams(3, min_frequency=1, stop_words=True)] == []
    assert {row.words for row in words.ngrams(2, min_frequency=1, stop_words=["and"])} == {"the pact", "the gas"}


def test_case_follows_the_language(newsroom: Newsroom) -> None:
    newsroom.save(language="az", headline="IŞIQ İşıq", body="Bakı", article_urls=("https://caliber.az/az/post/1",))
    newsroom.save(language="ru", headline="ЕЩЁ еще", body="Ёлка", article_urls=("https://caliber.az/post/2",))
    found = {(row.language, row.word): row.frequency for row in newsroom.archive.words.list()}
    assert found == {
        ("az", "ışıq"): 1,
        ("az", "işıq"): 1,
        ("az", "bakı"): 1,
        ("ru", "еще"): 2,
        ("ru", "елка"): 1,
    }
    assert newsroom.archive.words.concordance("IŞIQ").total == 1


@pytest.mark.parametrize("node", ["", "*", "—", "  ", "a b c d e f g h i j k"])
def test_a_node_without_words_is_refused(corpus: tuple[Words, list[Text]], node: str) -> None:
    with pytest.raises(InputError):
        corpus[0].concordance(node)


def test_an_unknown_sort_key_is_refused(corpus: tuple[Words, list[Text]]) -> None:
    with pytest.raises(InputError, match="'4X' is not a sort key"):
        corpus[0].concordance("pact", sort=["4X"])
