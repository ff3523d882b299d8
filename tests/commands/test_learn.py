"""``caliber learn`` on the demo site: without its definition, and beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.commands.learn import _site_from
from caliber_crawler.site.toml_loader import load_definition
from tests.conftest import Result

REDISCOVERED = {
    "title": "same",
    "timezone": "same offset",
    "listing: teaser": "same selector",
    "layout: date": "same selector",
    "layout: body": "same selector",
    "layout: views": "same selector",
    "layout: section": "same selector",
    "section ANALYTICS": "same path",
}


@pytest.mark.slow
def test_the_facts_of_the_demo_site_are_rediscovered(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve(sections=("analytics", "politics")) as served:
        done = caliber(
            *("learn", "caliber", "--base-url", served.base_url, "--delay", 0, "--archive", tmp_path / "a.db")
        )
    assert done.exit_code == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "  " in line]
    rows = {cells[0].strip(): cells for line in lines if len(cells := [c for c in line.split("  ") if c.strip()]) > 2}
    assert {fact: rows[fact][-1].strip() for fact in REDISCOVERED} == REDISCOVERED
    assert rows["layout: headline"][-1].strip().startswith("same text on 20 of 20")
    assert "same on" in rows["article_path"][-1]


@pytest.mark.slow
def test_a_definition_is_written_and_works(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    path, output, pages = tmp_path / "a.db", tmp_path / "spiders", tmp_path / "pages"
    (folder := tmp_path / "definitions").mkdir()
    with serve(articles=40) as served:
        arguments = ("learn", f"{served.base_url}/", "--delay", 0, "--archive", path)
        done = caliber(*arguments, "--output", output, "--recorded", pages)
        again = caliber(*arguments, "--output", output, "--recorded", pages)
        toml = caliber(*arguments, "--toml", CALIBER_DEFINITIONS=str(folder))
        toml_crawl = caliber(
            *("crawl", "local", "--archive", tmp_path / "c.db", "--delay", 0, "--limit", 5),
            CALIBER_DEFINITIONS=str(folder),
        )
        (output / "__init__.py").touch()
        crawl = caliber(
            *("crawl", "local", "--archive", tmp_path / "b.db", "--delay", 0, "--limit", 5),
            CALIBER_SPIDERS="spiders",
            PYTHONPATH=str(tmp_path),
        )
        doctor = caliber("doctor", f"{served.base_url}/", "--archive", path)
    assert done.exit_code == 0, done.stderr
    source = (output / "local.py").read_text("utf-8")
    assert len(source.splitlines()) <= 40
    assert 'body=".post_body",' in source
    with closing(sqlite3.connect(path)) as archive:
        facts = {fact for (fact,) in archive.execute("SELECT fact FROM site_facts WHERE replaced_at IS NULL")}
    assert facts >= {"listing_url", "teaser_selector", "timezone", "views_label"}
    assert 'headline=".post_title",' in source
    assert len(list(pages.glob("local/*/expected.json"))) == 3
    table = [line.split() for line in done.stdout.splitlines()]
    assert ["headline", "20", "20", "20"] in table
    assert ["body", "20", "20", "20"] in table
    assert again.exit_code != 0
    assert "never overwritten" in again.stderr
    assert "stored 5" in crawl.stdout, crawl.stderr
    assert toml.exit_code == 0, toml.stderr
    text = (folder / "local.toml").read_text("utf-8")
    assert _site_from(source) == load_definition(text, "local.toml")
    assert 'body = ".post_body"  # 20 of 20' in text
    assert "stored 5" in toml_crawl.stdout, toml_crawl.stderr
    assert "has no site definition. Learned from its stored pages" in doctor.stdout
