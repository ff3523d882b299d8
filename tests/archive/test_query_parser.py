"""The parser of queries: what is understood, and where it is not."""

from __future__ import annotations

import pytest

from caliber_crawler.archive.search.query import MAX_DEPTH, MAX_LETTERS, MAX_TERMS, parse
from caliber_crawler.errors import QueryError


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("a b", "a AND b"),
        ("a and b", "a AND b"),
        ("a or b AND c", "a OR (b AND c)"),
        ("a b | c d", "(a AND b) OR (c AND d)"),
        ("a || b", "a OR b"),
        ("a -b", "a NOT b"),
        ("a And Not b", "a NOT b"),
        ("a NOT b c", "a NOT b AND c"),
        ("a NOT (b OR c)", "a NOT (b OR c)"),
        ("a -(b c)", "a NOT (b AND c)"),
        ("a OR NOT b", "a OR NOT b"),
        ("NOT NOT a", "NOT NOT a"),
        ('"and"', '"and"'),
        ("“New Road” „x“ «y z»", '"new road" AND "x" AND "y z"'),
        ("turkic-states Caliber.Az don't", '"turkic states" AND "caliber az" AND "don t"'),
        ("12:30", '"12 30"'),
        ('minist* "new roa*"', 'minist* AND "new roa*"'),
        ("a near/5 b", "a NEAR/5 b"),
        ('(a OR "b c") NEAR/0 d*', '(a OR "b c") NEAR/0 d*'),
        ('"a b c"~3', '"a b c"~3'),
        ("NOT a NEAR/2 b c", "NOT (a NEAR/2 b) AND c"),
        ("headline:a b", "headline:a AND b"),
        ("Title: (a | b*)", "headline:a OR headline:b*"),
        ('headline:"a b"~2', 'headline:"a b"~2'),
        ('author:"Tural Heybatov" section:politics', 'author:"tural heybatov" AND section:politics'),
        ("a, b; — … c.", "a AND b AND c"),
        ("near and far", "near AND far"),
        ("за́мок", "замок"),
        ("Əliyev ЕЩЁ", "eliyev AND еще"),
    ],
)
def test_a_query_is_understood(query: str, understood: str) -> None:
    assert str(parse(query)) == understood


@pytest.mark.parametrize(
    ("query", "place", "problem"),
    [
        ("a AND", "AND", "AND needs a word on both sides"),
        ("or a", "or", "or needs a word on both sides"),
        ("a AND OR b", "AND", "needs a word on both sides"),
        ("a NOT", "NOT", "NOT needs a word after it"),
        ("a NEAR/3", "NEAR/3", "needs a word on both sides"),
        ("a -", "-", "A minus needs a word directly after it"),
        ("a - b", "-", "A minus needs a word directly after it"),
        ('"a"-b', "-", "A minus needs a space before it"),
        ("(a OR b", "(", "not closed"),
        ("a) b", ")", "no opening parenthesis"),
        (") a", ")", "no opening parenthesis"),
        ("a ()", ")", "parentheses are empty"),
        ('a "b c', '"', "quotes are not closed"),
        ('a ""', '""', "no word between these quotes"),
        ("*", "*", "at the end of a word"),
        ("*a", "*", "at the end of a word"),
        ("a*b", "*", "at the end of a word"),
        ('"a* b"', "*", "at the end of the last word"),
        ("wom?n", "?", "? is not supported"),
        ("word~2", "~", "~ is supported after quotes only"),
        ('"a b"~x', "~x", "A distance is a number"),
        ('"a b"~101', "~101", "A distance is a number"),
        ('"a"~5', '"a"~5', "at least two"),
        ("+a", "+", "no meaning"),
        ("a && b", "&", "no meaning"),
        ("a^2", "^", "no meaning"),
        ("a w/5 b", "w/5", "Write w/5 as NEAR/5"),
        ("a NEAR b", "NEAR", "Write NEAR as NEAR/5"),
        ("NEAR(a b, 5)", "NEAR", "Write NEAR as NEAR/5"),
        ("a near5 b", "near5", "Write near5 as NEAR/5"),
        ("a NEAR/2 b NEAR/2 c", "NEAR/2", "Only one NEAR"),
        ("(a b) NEAR/2 c", "NEAR/2", "NEAR joins words"),
        ("headline:a NEAR/2 b", "NEAR/2", "the same field"),
        ("author:a NEAR/2 author:b", "NEAR/2", "NEAR joins words"),
        ("text:a", "text:", "There is no field text:"),
        ("headline:", "headline:", "headline: needs a word after it"),
        ("headline:(a author:b)", "author:", "cannot be inside headline:"),
        ("…", "…", "no search terms"),
        ("-a NOT b", "-a NOT b", "only excludes"),
        ("a " * (MAX_TERMS + 1), "a", "more than"),
        ("a" * (MAX_LETTERS + 1), "a", "the maximum is"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "(", "nested deeper"),
    ],
)
def test_a_mistake_has_its_place(query: str, place: str, problem: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(query)
    error = raised.value
    assert problem in error.problem
    assert query[error.start : error.end] == place
    _, shown, marks = str(error).splitlines()
    assert shown[marks.index("^") : len(marks)] == place


def test_an_empty_query_asks_for_nothing() -> None:
    assert parse("") is None
    assert parse(" \n\t") is None
