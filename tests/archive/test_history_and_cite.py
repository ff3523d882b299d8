"""The commands `caliber history` and `caliber cite`."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from caliber_crawler.commands.cli import main
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import SLUG_URL, Newsroom, minutes


def run(*arguments: object, color: bool = False) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], color=color)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def edited(newsroom: Newsroom) -> Newsroom:
    for minute, (headline, body, views) in enumerate(
        [
            ("Baku’s formula", "On January 5 the president spoke.\n\nThis course is right.", 100),
            ("Baku’s new formula", "On January 6 the president spoke at length.\n\nThis course is right.", 4200),
        ]
    ):
        newsroom.save(minutes(60 * minute), headline=headline, body=body, views=views, authors=("Vugar B.",))
    newsroom.archive.sites.store(CaliberSpider.site)
    return newsroom


def test_history_shows_changes_word_by_word(edited: Newsroom) -> None:
    output = run("history", 1, "--archive", edited.archive.path)
    assert "headline: Baku’s {+new+} formula" in output
    assert "body: On January [-5-] {+6+} the president spoke {+at length+}." in re.sub(r"\s+", " ", output)
    assert "This course" not in output
    assert "▁" in output
    assert "█" in output
    assert "100 at 2026-01-07T12:00:00Z … 4,200 views at 2026-01-07T13:00:00Z, 2 view counts" in output


def test_changes_are_coloured_in_a_terminal(edited: Newsroom) -> None:
    assert "\x1b[32m{+new+}\x1b[0m" in run("history", 1, "--archive", edited.archive.path, color=True)


def test_history_as_json(edited: Newsroom) -> None:
    history = json.loads(run("history", SLUG_URL, "--archive", edited.archive.path, "--json"))
    first, second = history["versions"]
    assert first["changes"] is None
    assert [piece["kind"] for piece in second["changes"]["headline"][0]] == ["same", "added", "same"]
    assert [count["views"] for count in history["view_counts"]] == [100, 4200]


def test_history_omits_versions_that_a_re_extraction_replaced(newsroom: Newsroom) -> None:
    newsroom.save(page=b"the page", headline="Old text")
    newsroom.save(minutes(5), page=b"the page", headline="New text")
    assert "Old text" not in run("history", 1, "--archive", newsroom.archive.path)


def test_a_citation_has_source_dates_and_digest(edited: Newsroom) -> None:
    record = edited.archive.articles.show(1)
    cited = run("cite", 1, "--archive", edited.archive.path)
    assert "“Baku’s new formula”. Caliber.Az. 6 January 2026. https://caliber.az/en/post/" in cited
    assert record["captures"][-1]["body_digest"] in cited  # type: ignore[index]


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
