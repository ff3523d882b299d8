"""Every reason code that the package uses has a meaning and a remedy, and every documented code is used."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from caliber_crawler.reasons import REASONS, reason_of
from tests.tooling.reason_codes import code_values, codes_of, used_codes

used = cache(used_codes)
"""Parsing the whole package takes more than a second, which the collection of the tests need not wait for."""


@pytest.mark.slow
def test_every_used_code_is_documented() -> None:
    assert {code: places for code, places in used().items() if code not in REASONS} == {}


@pytest.mark.slow
def test_every_documented_code_is_used() -> None:
    assert set(REASONS) - set(used()) == set()


def test_meaning_and_remedy_are_sentences() -> None:
    for sentence in (sentence for reason in REASONS.values() for sentence in reason):
        assert sentence[0].isupper() or sentence.startswith("robots.txt"), sentence
        assert sentence.endswith("."), sentence


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('Problem(stage="fetch", reason="a_code", message="…")', {"a_code"}),
        ('Problem(stage="fetch", reason=known or "a_code")', {"a_code"}),
        ('raise Refusal("a_code" if x else "b_code", "it failed")', {"a_code", "b_code"}),
        ('reason, clause = "a_code", "it failed"', {"a_code"}),
        ("Problem(reason=NAMED)", {"a_code"}),
        ('self.skipped["a_code"] += 1', {"a_code"}),
        ('runs.finish(1, reason="stopped by hand")', set()),
    ],
)
def test_the_codes_in_source_code_are_found(source: str, codes: set[str]) -> None:
    values = [value for node in ast.walk(ast.parse(source)) for value in code_values(node)]
    assert {code for value in values for code in codes_of(value, {"NAMED": "a_code"})} == codes


def test_a_new_formatted_code_is_noticed() -> None:
    (value,) = code_values(ast.parse('Problem(reason=f"odd_{x}")').body[0].value)  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        codes_of(value, {})


def test_the_meaning_of_a_status_is_made_from_its_number() -> None:
    assert "404" in reason_of("http_404").meaning
    assert "503" in reason_of("http_503").meaning
    with pytest.raises(KeyError):
        reason_of("no_such_code")
