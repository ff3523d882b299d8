"""JSON with the faults of content management systems."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.tolerant_json import MAX_DEPTH, MAX_LENGTH, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)
WORDS = st.text("abcdefgğüşабвгд 0123456789.!?'", min_size=1, max_size=20)


@pytest.mark.slow
@given(JSON.filter(lambda value: isinstance(value, dict | list)))
def test_valid_json_is_read_as_it_is(value: Any) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False)) == [value]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ('{"a": "b", // "x": "",\n "c": /* y */ "https://d.example/e" }', [{"a": "b", "c": "https://d.example/e"}]),
        ('{"a": ["b", "c",], "d": {"e": 1,},}', [{"a": ["b", "c"], "d": {"e": 1}}]),
        ('{"a": "The "old" road", "b": 1}', [{"a": 'The "old" road', "b": 1}]),
        (
            '{"a": "He said "no", she said "yes", then", "b": "c"}',
            [{"a": 'He said "no", she said "yes", then', "b": "c"}],
        ),
        ('{"a": ["The "old" road", "b"]}', [{"a": ['The "old" road', "b"]}]),
        ('{"a": 1}\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('{"a": 1},{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('{"a": "It\\\'s \\d \\u12 \\u00e9"}', [{"a": "It's d u12 é"}]),
        ('{"a": "\\uD83D\\uDE00\\x"}', [{"a": "😀x"}]),
        ("{'a': 'b', c: true, d: undefined}", [{"a": "b", "c": True, "d": None}]),
        ('{"a": "b"\n "c": "d"}', [{"a": "b", "c": "d"}]),
        ('{"a": , "b": 2}', [{"a": None, "b": 2}]),
        ('{"a": "b", "c": {"d": "e', [{"a": "b", "c": {"d": "e"}}]),
        ('{"a": [{"b": 1, "c": 2], "d": 3}', [{"a": [{"b": 1, "c": 2}], "d": 3}]),
        ('window.data = {"a": "b"};', [{"a": "b"}]),
        ("{&quot;a&quot;: &quot;b&quot;}", [{"a": "b"}]),
        ('<!--\n//<![CDATA[\n{"a": "line\nbreak"}\n//]]>\n-->', [{"a": "line\nbreak"}]),
        ("", []),
        ("var x = 1;", []),
    ],
)
def test_faulty_json_is_repaired(source: str, values: list[Any]) -> None:
    assert parse_json(source) == values


def test_a_value_that_is_too_deep_is_left_out() -> None:
    deepest = json.loads("[" * MAX_DEPTH + "null" + "]" * MAX_DEPTH)
    assert parse_json("[" * (MAX_DEPTH + 1)) == [deepest]


@given(st.lists(WORDS, max_size=4), WORDS, st.data())
def test_raw_quotes_and_trailing_commas_change_no_other_value(
    texts: list[str], quoted: str, data: st.DataObject
) -> None:
    pairs = {f"k{number}": text for number, text in enumerate(texts)} | {"h": f'x "{quoted}" y'}
    order = data.draw(st.permutations(list(pairs)))
    source = "{" + "".join(f'"{name}": "{pairs[name]}",\n' for name in order) + "}"
    assert parse_json(source) == [{name: pairs[name] for name in order}]


@given(st.text(alphabet="{}[]\",:'\\/*<!-> \nab1u", max_size=200))
def test_any_text_is_accepted(source: str) -> None:
    parse_json(source)


@pytest.mark.parametrize(
    "piece",
    [
        '"',
        '","',
        '"x "y" z',
        '")',
        "(",
        '"a":"b",',
        "/*",
        "//",
        '{"a":',
        "[",
        "\\",
        '"\\u00',
        "'",
        '{"a":"b"}',
        "a:",
        "<!--",
    ],
)
@pytest.mark.parametrize("start", ["", '{"a":[', '{"h":"'])
def test_hostile_json_takes_linear_time(start: str, piece: str) -> None:
    source = start + piece * (200_000 // len(piece))

    def duration() -> float:
        began = time.process_time()
        parse_json(source)
        return time.process_time() - began

    # In a thread, whose stack is empty: where the stack of a caller fills the interpreter's block of memory, each call
    # gets a new block, which takes longer than the parser.
    with ThreadPoolExecutor() as thread:
        assert thread.submit(duration).result() < 3  # a quadratic parser needs minutes


def test_a_longer_source_is_ignored() -> None:
    assert parse_json('{"a":"' + "b" * MAX_LENGTH + '"}') == []
