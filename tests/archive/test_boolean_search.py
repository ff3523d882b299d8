"""Boolean search against an independent matcher, over the demo's texts and over random ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Search, Selection
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search import find_and_count, inflections
from caliber_crawler.archive.search.inflections import range_of, terms_in
from caliber_crawler.archive.search.query import parse
from caliber_crawler.archive.search.selection import article_ids
from caliber_crawler.demo import DemoSite
from caliber_crawler.errors import QueryError
from tests.archive.golden_queries import GOLDEN
from tests.archive.newsroom import Newsroom, start_run
from tests.archive.slow_matcher import Text, words_of
from tests.properties import examples

Library = tuple[Archive, dict[int, Text]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The texts of 300 demo articles in three languages."""
    site = DemoSite(articles=300, seed=3)
    with Archive.open(tmp_path_factory.mktemp("demo") / "archive.db", mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        texts = {}
        with archive.transaction():
            for truth in site.truth(datetime(2026, 6, 1, tzinfo=UTC)):
                url = f"https://caliber.az/{truth['language']}/post/a{len(texts)}"
                saved = newsroom.save(
                    article_urls=(url,),
                    page=url.encode(),
                    headline=truth["headline"],
                    subtitle=truth["subtitle"],
                    body=truth["body"],
                    language=truth["language"],
                    section=truth["section"],
                    section_label=truth["section_label"],
                    authors=tuple(truth["authors"]),
                )
                texts[saved.article_id] = Text.of(
                    truth["headline"],
                    truth["subtitle"],
                    truth["body"],
                    language=truth["language"],
                    section=truth["section"],
                    labels=(truth["section_label"].lower(),),
                    authors=tuple(truth["authors"]),
                )
        yield archive, texts


def found(archive: Archive, query: str, language: str | None = None) -> set[int]:
    where = Selection(languages=(language,) if language else ())
    results = find_and_count(archive._connection, Search(query, where, limit=1_000))
    ids = {hit.article_id for hit in results.hits}
    assert len(ids) == len(results.hits) == results.total
    selected = Selection(search=query, languages=where.languages)
    assert ids == set(article_ids(archive._connection, selected))
    return ids


@pytest.mark.parametrize("query", GOLDEN)
def test_a_golden_query_finds_what_it_means(demo: Library, query: str) -> None:
    archive, texts = demo
    assert found(archive, query) == {id for id, text in texts.items() if GOLDEN[query](text)}


def test_most_golden_queries_find_some_articles_and_not_all(demo: Library) -> None:
    archive, texts = demo
    some = [query for query in GOLDEN if 0 < len(found(archive, query)) < len(texts)]
    assert len(GOLDEN) >= 60
    assert len(some) >= 54


# Random queries over random texts of few words, which often meet.

FAMILIES = {
    "minister": ("minister", "ministers"),
    "ministers": ("minister", "ministers"),
    "negotiation": ("negotiation", "negotiations"),
    "negotiators": ("negotiators",),
    "министр": ("министр", "министров"),
    "еще": ("еще", "ещё"),
    "ещё": ("еще", "ещё"),
    "eliyev": ("əliyev", "eliyev"),
    "Əliyev": ("əliyev", "eliyev"),
    "gas": ("gas",),
    "1": ("1",),
}
WORDS = sorted({form for family in FAMILIES.values() for form in family})
FIELDS = ("headline", "subtitle", "body")
languages = (f"x{number}" for number in count())

Tree = tuple[object, ...]
texts_of = st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join)
articles_of = st.lists(
    st.tuples(
        texts_of,
        texts_of,
        texts_of,
        st.sampled_from(["politics", "economics"]),
        st.sampled_from(["Ada Lovelace", "Ada Əliyev", ""]),
    ),
    min_size=1,
    max_size=5,
)
words = st.sampled_from(sorted(FAMILIES)).map(lambda word: ("word", word))
phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda each: ("phrase", *each))
prefixes = st.sampled_from(["min", "negot", "еще", "eli", "ga"]).map(lambda prefix: ("prefix", prefix))
terms = st.one_of(words, phrases, prefixes)
alternatives = st.lists(terms, min_size=1, max_size=2)
text_leaves = st.one_of(
    terms,
    st.tuples(st.just("near"), st.integers(0, 4), alternatives, alternatives),
    st.tuples(st.just("apart"), st.integers(0, 4), st.lists(st.sampled_from(WORDS), min_size=2, max_size=3)),
)
leaves = st.one_of(
    text_leaves,
    st.tuples(st.just("field"), st.sampled_from(FIELDS), text_leaves),
    st.sampled_from(["politics", "economics"]).map(lambda name: ("section", name)),
    st.sampled_from(["ada", "lovelace", "ada eliyev", "nobody"]).map(lambda name: ("author", name)),
)
trees: st.SearchStrategy[Tree] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)


def written(tree: Tree) -> str:
    """A tree as a query, with all parentheses."""
    match tree:
        case ("word", word):
            return str(word)
        case ("phrase", *each):
            return f'"{" ".join(map(str, each))}"'
        case ("prefix", prefix):
            return f"{prefix}*"
        case ("near", distance, left, right):
            sides = [f"({' OR '.join(map(written, side))})" for side in (left, right)]  # type: ignore[arg-type]
            return f"{sides[0]} NEAR/{distance} {sides[1]}"
        case ("apart", distance, each):
            return f'"{" ".join(each)}"~{distance}'  # type: ignore[arg-type]
        case ("field", name, part):
            return f"{name}:({written(part)})"  # type: ignore[arg-type]
        case ("section", name):
            return f"section:{name}"
        case ("author", name):
            return f'author:"{name}"'
        case ("not", part):
            return f"NOT ({written(part)})"  # type: ignore[arg-type]
        case (operator, left, right):
            return f"({written(left)}) {operator} ({written(right)})"  # type: ignore[arg-type]
    raise AssertionError(tree)


def forms_of(term: Tree) -> list[str]:
    match term:
        case ("word", word):
            return list(FAMILIES[str(word)])
        case ("prefix", prefix):
            return [f"{prefix}*"]
    return [" ".join(map(str, term[1:]))]


def matches(tree: Tree, text: Text) -> bool:
    match tree:
        case ("near", distance, left, right):
            operands = [[form for term in side for form in forms_of(term)] for side in (left, right)]  # type: ignore[attr-defined]
            return text.near(distance, *operands)  # type: ignore[arg-type]
        case ("apart", distance, each):
            return text.near(distance, *([word] for word in each))  # type: ignore[arg-type, attr-defined]
        case ("field", name, part):
            return matches(part, text.only(str(name)))  # type: ignore[arg-type]
        case ("section", name):
            return text.section == name
        case ("author", name):
            return text.by(str(name))
        case ("not", part):
            return not matches(part, text)  # type: ignore[arg-type]
        case ("and", left, right):
            return matches(left, text) and matches(right, text)  # type: ignore[arg-type]
        case ("or", left, right):
            return matches(left, text) or matches(right, text)  # type: ignore[arg-type]
    return any(text.near(0, [form]) for form in forms_of(tree))


def finds(tree: Tree, *, negated: bool = False) -> bool:
    """Does a query ask for anything, or does it only exclude?"""
    if tree[0] == "not":
        return finds(tree[1], negated=not negated)  # type: ignore[arg-type]
    if tree[0] in ("and", "or"):
        return any(finds(part, negated=negated) for part in tree[1:])  # type: ignore[arg-type]
    return not negated


@pytest.fixture(scope="module")
def random_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with Archive.open(tmp_path_factory.mktemp("random") / "archive.db", mode="write") as archive:
        yield Newsroom(archive, start_run(archive))


@pytest.mark.slow
@settings(max_examples=examples(120), deadline=None)
@given(articles=articles_of, queries=st.lists(trees, min_size=1, max_size=8))
def test_any_query_finds_what_it_means(
    random_archive: Newsroom, articles: list[tuple[str, ...]], queries: list[Tree]
) -> None:
    archive, language, texts = random_archive.archive, next(languages), {}
    with archive.transaction():
        for place, (headline, subtitle, body, section, author) in enumerate(articles):
            # Every article has one more word of its own in each field: no two pages are the same.
            own = f"{language}n{place}"
            fields = {"headline": f"{headline} {own}", "subtitle": subtitle, "body": f"{body} {own}"}
            url = f"https://caliber.az/{language}/post/{own}"
            saved = random_archive.save(
                article_urls=(url,),
                page=url.encode(),
                language=language,
                section=section,
                authors=(author,) if author else (),
                **fields,
            )
            texts[saved.article_id] = Text.of(**fields, section=section, authors=(author,) if author else ())
    for tree in queries:
        query = written(tree)
        if not finds(tree):
            with pytest.raises(QueryError, match="only excludes"):
                parse(query)
            continue
        expected = {id for id, text in texts.items() if matches(tree, text)}
        assert found(archive, query, language) == expected, query
        # The tree as it is shown has the same meaning.
        assert found(archive, str(parse(query)), language) == expected, str(parse(query))


@given(beginning=st.text("абеинопрстabcehorstw", max_size=4), places=st.integers(1, 5) | st.just(inflections.PLACES))
def test_the_words_of_the_index_are_listed_in_order(demo: Library, beginning: str, places: int) -> None:
    """However many places of words are read before the next word is looked up."""
    connection = demo[0]._connection
    sql = "SELECT term FROM versions_vocab WHERE term >= ? AND term < ?"
    with patch.object(inflections, "PLACES", places):
        words = islice(terms_in(connection, *range_of(beginning)), 50)
        assert list(words) == connection.values(f"{sql} LIMIT 50", range_of(beginning))


def test_a_frequent_word_is_not_read_to_its_end(demo: Library) -> None:
    connection = demo[0]._connection
    word, count = connection.execute("SELECT term, cnt FROM versions_vocab ORDER BY cnt DESC LIMIT 1").fetchone()
    later = connection.value("SELECT count(*) FROM versions_vocab WHERE term > ? AND term < ?", range_of(word))
    read: list[str] = []
    values = Connection.values
    with patch.object(Connection, "values", lambda *of: read.extend(rows := values(*of)) or rows):
        assert len(list(terms_in(connection, *range_of(word)))) == later + 1
    assert read.count(word) == inflections.PLACES < count


def test_articles_with_the_exact_form_come_first(demo: Library) -> None:
    archive, _ = demo
    for query in ("minister", "ministers", "дипломат", "дипломаты", "փորձագետների"):
        hits = archive.search(query, limit=300)
        exact = [query in words_of(f"{hit.headline} {archive.article(hit.article_id)['body']}") for hit in hits]
        assert exact == sorted(exact, reverse=True)
        assert exact[0]
