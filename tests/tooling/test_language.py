"""What users read is plain technical English, in the words of docs/glossary.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

import pytest

from caliber_crawler.archive.queue.entry import State
from caliber_crawler.archive.reports.runs import Outcome as RunOutcome
from caliber_crawler.crawling.outcome import OUTCOMES
from tests.tooling import language
from tests.tooling.language import Text, faults
from tests.tooling.repository import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")


@pytest.mark.parametrize(
    "texts", [language.help_texts, language.documents, language.templates, language.tables, language.messages]
)
def test_no_text_for_users_has_a_banned_word(texts: Callable[[], Iterator[Text]]) -> None:
    found = [fault for text in texts() for fault in faults(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    ["Fetch at most so many pages.", "It is no article.", "found by road feed", "The addresses stand in a file."],
)
def test_a_banned_word_is_found(sentence: str) -> None:
    assert faults(Text("here", sentence))


@pytest.mark.parametrize("state", get_args(State))
def test_the_glossary_explains_every_frontier_state(state: str) -> None:
    section = GLOSSARY.partition("## Frontier states")[2].partition("\n## ")[0]
    assert f"| `{state}` |" in section


def test_the_glossary_explains_every_outcome() -> None:
    section = GLOSSARY.partition("## Outcomes")[2].partition("\n## ")[0]
    assert [name for name in (*OUTCOMES, "running", *get_args(RunOutcome)) if f"`{name}`" not in section] == []
