"""``caliber names``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.names import gazetteer
from caliber_crawler.archive.analysis.names.languages import language_rules
from caliber_crawler.commands.cli import main
from tests.archive.newsroom import Newsroom, minutes, start_run

pytestmark = pytest.mark.slow

BODIES = (
    "Aram Ghazaryan spoke in Baku. “We are ready to go,” Ghazaryan said.",
    "Anna Petrosyan met Aram Ghazaryan. Petrosyan said: “Nobody asked us in time.”",
    "Aram Ghazaryan and Anna Petrosyan left Baku.",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("names") / "archive.db"
    with Archive.open(path, mode="write") as opened:
        newsroom = Newsroom(opened, start_run(opened))
        for number, body in enumerate(BODIES):
            url = f"https://caliber.az/en/post/story-{number}"
            newsroom.save(minutes(number), article_urls=(url,), headline=f"Story {number}", body=body)
    return path


def test_names_are_found_listed_and_drawn(caliber: Callable[..., Any], archive: Path, tmp_path: Path) -> None:
    before = caliber("names", "list", "--archive", archive)
    assert (before.exit_code, before.stdout) == (0, "")
    assert before.stderr == "No names are known: run `caliber names find` first.\n"
    found = caliber("names", "find", "--archive", archive)
    assert found.stdout == "Searched 3 texts: 9 mentions, 2 quotations.\n"
    assert caliber("names", "find", "--json", "--archive", archive).json["searched"] == 0

    listed = caliber("names", "list", "--kind", "person", "--archive", archive)
    assert [line.split("  ")[0].strip() for line in listed.stdout.splitlines()] == ["Aram Ghazaryan", "Anna Petrosyan"]
    assert listed.stderr == "2 names.\n"
    rows = list(csv.DictReader(io.StringIO(caliber("names", "list", "--csv", "--archive", archive).stdout)))
    with Archive.open(archive) as opened:
        assert rows == [{name: str(value) for name, value in row.items()} for row in opened.names.counts()]
    cut = caliber("names", "list", "--limit", "1", "--json", "--archive", archive)
    assert (len(cut.json), cut.stderr) == (1, "The first 1 of 3 names.\n")

    shown = caliber("names", "show", "Anna Petrosyan", "--json", "--archive", archive)
    assert [(row["article_id"], row["mentions"]) for row in shown.json] == [(3, 1), (2, 2)]
    unknown = caliber("names", "show", "Petrosyan", "--archive", archive)
    assert (unknown.exit_code, unknown.stderr) == (0, "None found. Similar names: Anna Petrosyan.\n")
    said = caliber("names", "quotations", "Anna Petrosyan", "--archive", archive)
    assert said.stdout.splitlines()[:2] == ["Anna Petrosyan (said)", "  Nobody asked us in time."]

    drawn = caliber("names", "network", "--kind", "person", "-o", tmp_path / "people.gexf", "--archive", archive)
    assert drawn.stderr == "2 of 2 names, 1 pair in the same articles.\n"
    tree = etree.parse(tmp_path / "people.gexf")
    assert [edge.get("weight") for edge in tree.iter("{*}edge")] == ["2"]


def test_without_the_extra_the_command_says_how_to_get_it(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer, "find_spec", lambda name: None)
    language_rules.cache_clear()
    try:
        result = CliRunner().invoke(main, ["names", "find", "--archive", str(archive)])
    finally:
        language_rules.cache_clear()
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "This needs the extra 'nlp'. Install it: " in line
