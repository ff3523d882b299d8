"""Citations: `caliber cite`, `caliber export` in the styles of reference managers, and the same from Python."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.texts.citation_styles import STYLES, CitationStyle, citations
from caliber_crawler.commands.cli import main
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.cited import cited_text
from tests.archive.newsroom import SLUG_URL, Newsroom, minutes

ANY_TEXT = st.text(max_size=30)


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def edited(newsroom: Newsroom) -> Newsroom:
    newsroom.save(headline="Baku’s formula", body="On January 5 the president spoke.", authors=("Vugar B.",))
    newsroom.save(minutes(60), headline="Baku’s new formula", body="On January 6 he spoke.", authors=("Vugar B.",))
    newsroom.archive.sites.store(CaliberSpider.site)
    return newsroom


def records(ris: str) -> list[dict[str, list[str]]]:
    """The records of a RIS file, by an independent reading of the format."""
    found: list[dict[str, list[str]]] = []
    for line in ris.split("\r\n"):
        tag, value = line[:2], line[6:]
        assert re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) or not line
        if tag == "TY":
            found.append({})
        if line:
            found[-1].setdefault(tag, []).append(value)
    return found


def test_a_citation_has_source_dates_and_digest(edited: Newsroom) -> None:
    record = edited.archive.articles.show(1)
    cited = run("cite", 1, "--archive", edited.archive.path)
    assert "“Baku’s new formula”. Caliber.Az. 6 January 2026. https://caliber.az/en/post/" in cited
    assert record["captures"][-1]["body_digest"] in cited  # type: ignore[operator]


def test_quotation_marks_of_a_headline_become_single_ones(newsroom: Newsroom) -> None:
    newsroom.save(minutes(0), headline="“Peace is near”: an interview")
    assert "“‘Peace is near’: an interview”." in newsroom.archive.citation(1)


def test_an_earlier_version_is_cited_by_its_number(edited: Newsroom) -> None:
    cited = run("cite", 1, "--version", 1, "--archive", edited.archive.path)
    assert cited == edited.archive.citation(1, version=1) + "\n"
    assert "“Baku’s formula”" in cited
    assert "version 1" in cited
    assert "version" not in run("cite", 1, "--version", 2, "--archive", edited.archive.path)


def test_a_version_that_an_article_does_not_have_is_a_mistake_in_one_sentence(edited: Newsroom) -> None:
    done = CliRunner().invoke(main, ["cite", "1", "--version", "9", "--archive", str(edited.archive.path)])
    assert done.exit_code == 1 or done.exit_code >= 4
    assert done.stderr == f"Error: {edited.archive.path} has no version 9 of article 1.\n"


def test_bibtex_escapes_every_special_character_of_latex(newsroom: Newsroom) -> None:
    newsroom.save(headline=r"50% of #1 & {all} $5_000 ~ a^b \ end", authors=("Smith and Sons", "O_N"))
    entry = run("cite", 1, "--style", "bibtex", "--archive", newsroom.archive.path)
    assert r"{{50\% of \#1 \& \{all\} \$5\_000 \textasciitilde{} a\textasciicircum{}b \textbackslash{} end}}," in entry
    assert r"author       = {{Smith and Sons} and {O\_N}}," in entry
    unescaped = re.sub(r"\\[{}]", "", entry)
    assert unescaped.count("{") == unescaped.count("}")
    assert "date         = {2026-01-06}," in entry
    assert "urldate      = {2026-01-07}," in entry


def test_csl_json(edited: Newsroom) -> None:
    (item,) = json.loads(run("cite", 1, "--style", "csl-json", "--archive", edited.archive.path))
    assert (item["type"], item["URL"], item["container-title"]) == ("article-newspaper", SLUG_URL, "Caliber.Az")
    assert item["issued"] == {"date-parts": [[2026, 1, 6]]}
    assert item["accessed"] == {"date-parts": [[2026, 1, 7]]}
    assert item["author"] == [{"literal": "Vugar B."}]
    assert len(re.findall(r"\b[0-9a-f]{64}\b", item["note"])) == 2


def test_ris(edited: Newsroom) -> None:
    (record,) = records(edited.archive.citation(1, "ris"))
    assert record["TY"] == ["NEWS"]
    assert record["TI"] == ["Baku’s new formula"]
    assert record["AU"] == ["Vugar B."]
    assert (record["DA"], record["Y2"], record["UR"]) == (["2026/01/06/"], ["2026/01/07/"], [SLUG_URL])
    assert list(record)[-1] == "ER"


@given(headline=ANY_TEXT, authors=st.lists(ANY_TEXT, max_size=3), outlet=ANY_TEXT)
def test_no_text_of_a_page_adds_a_field_to_a_record(headline: str, authors: list[str], outlet: str) -> None:
    cited = cited_text(headline=f"a\nTY  - BOOK\r\n{headline}", authors=json.dumps(authors), outlet=outlet)
    (record,) = records(citations([cited], "ris"))
    assert record.keys() <= {"TY", "ID", "AU", "TI", "T2", "PY", "DA", "Y2", "LA", "UR", "N1", "ER"}
    (item,) = json.loads(citations([cited], "csl-json"))
    assert item["title"] == cited["headline"]
    assert citations([cited], "text").count("\n") == 0
    entry = re.sub(r"\\[{}]", "", citations([cited], "bibtex"))
    assert entry.count("{") == entry.count("}")


@pytest.mark.parametrize("style", ["bibtex", "ris", "csl-json"])
def test_a_bibliography_of_a_search_has_an_entry_for_each_article(newsroom: Newsroom, style: CitationStyle) -> None:
    for number, word in enumerate(("corridor", "corridor", "pact")):
        newsroom.save(
            minutes(number), url=f"{SLUG_URL}-{number}", urls=(f"{SLUG_URL}-{number}",), headline=f"The {word} {number}"
        )
    written = run("export", style, "--search", "corridor", "--archive", newsroom.archive.path)
    # The runner changes the ends of lines.
    assert written.split() == newsroom.archive.bibliography(style, search="corridor").split()
    assert [f"The corridor {number}" in written for number in range(3)] == [True, True, False]
    assert "The pact" not in written


def test_entries_of_a_bibliography_have_different_keys() -> None:
    texts = [cited_text(version_id=1), cited_text(version_id=2, language="ru")]
    keys = re.findall(r"@online\{(.*),", citations(texts, "bibtex"))
    assert keys == ["caliber-formula", "caliber-formula-2"]


def test_an_empty_bibliography_is_valid() -> None:
    assert {style: citations([], style) for style in STYLES} == {
        "text": "",
        "bibtex": "",
        "ris": "",
        "csl-json": "[\n\n]",
    }
    assert json.loads(citations([], "csl-json")) == []
