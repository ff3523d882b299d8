"""``caliber extract --explain``: every candidate of every field, and why one of them is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Ended

from caliber_crawler.commands.cli import main
from caliber_crawler.extraction.candidates import Explanation
from caliber_crawler.extraction_steps import explain_page, extract_page
from caliber_crawler.items import Extraction
from tests.commands.test_extract import SEED
from tests.commands.test_extract import URL as SEED_URL
from tests.extraction.pages import PAGES, recorded_capture, site_of

URL = "https://news.example/harbour/pier-to-be-rebuilt-104522.html"
PARAGRAPHS = "".join(
    f"<p>The council heard report number {number} on the northern pier, its piles, its cost and the ferries that wait "
    "for it, and asked the engineers to return with a plan before the end of the month.</p>"
    for number in range(1, 6)
)
PAGE = f"""<html lang="en"><head>
<title>Pier to be rebuilt | Harbour News</title>
<meta property="og:site_name" content="Harbour News"><meta property="og:title" content="Pier to be rebuilt">
<meta property="og:image" content="https://news.example/pier.jpg">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Pier to be rebuilt",
"author": {{"name": "Harbour News"}}, "articleSection": "Harbour"}}</script></head>
<body class="single-post"><article><h1>Pier to be rebuilt</h1>
<div class="meta">By <a rel="author" href="/author/jane-roe">Jane Roe</a>
<span class="date">7 January 2026, 14:35</span>
<span class="post-views">Views: 1,204</span></div>{PARAGRAPHS}</article>
<aside class="related"><a href="/other">Another long headline of another article here</a>
<time datetime="2026-02-09">9 February</time></aside>
</body></html>"""
LIST = """<html lang="en"><body class="archive category"><h1>Category: Harbour</h1>
<article><h2><a href="/a">A first long headline of it</a></h2><time datetime="2026-01-05">5 Jan.</time></article>
<article><h2><a href="/b">A second long headline here</a></h2><time datetime="2026-01-06">6 Jan.</time></article>
</body></html>"""


def explain(path: Path, *options: str) -> Ended:
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, ["extract", "--explain", str(path), *options])


@pytest.fixture
def fields(tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    printed = explain(page, "--json", "--url", URL)
    assert printed.exit_code == 0
    found = json.loads(printed.stdout)
    assert found["refusal"] is None
    return dict(found["fields"])


def test_every_field_names_the_value_that_is_used(fields: dict[str, list[dict[str, Any]]]) -> None:
    used = {name: [c["value"] for c in candidates if c["chosen"]] for name, candidates in fields.items()}
    assert used["headline"] == ["Pier to be rebuilt"]
    assert used["authors"] == ["Jane Roe"]
    assert used["published_at"] == ["2026-01-07 14:35:00"]
    assert used["section"] == ["Harbour"]
    assert used["language"] == ["en"]
    assert used["views"] == ["Views: 1,204"]
    assert used["cover_image"] == ["https://news.example/pier.jpg"]
    assert used["kind"] == ["article"]
    assert used["body"][0].startswith("The council heard report number 1")
    assert all(len(values) == 1 for values in used.values())


def test_candidates_that_lost_have_their_source_and_reason(fields: dict[str, list[dict[str, Any]]]) -> None:
    lost = {(c["value"], c["source"]): c["why"] for c in fields["published_at"] if not c["chosen"]}
    assert lost == {("2026-02-09", "<time> datetime"): "in a part of the page that is not the article"}
    outlet = next(c for c in fields["authors"] if c["value"] == "Harbour News")
    assert (outlet["source"], outlet["why"]) == ("JSON-LD author", "only the outlet itself")
    assert [c["source"] for c in fields["headline"]] == ["JSON-LD headline", "<meta> og:title", "heading", "<title>"]


def test_the_table_marks_what_is_used(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    printed = explain(page, "--url", URL).stdout
    lines = [line for line in printed.splitlines() if line.startswith("→")]
    assert any("2026-01-07 14:35:00" in line and 'text in <span class="date">' in line for line in lines)
    assert not any("2026-02-09" in line for line in lines)
    assert "No candidate for: subtitle." in printed


def test_the_text_that_is_not_in_the_body_is_counted_by_reason(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    left_out = {row["reason"]: row for row in json.loads(explain(page, "--json", "--url", URL).stdout)["left_out"]}
    assert left_out["view counter"]["sample"] == "Views: 1,204"
    assert left_out["headline"]["letters"] == len("Piertoberebuilt")
    assert any("Another long headline" in row["sample"] for row in left_out.values())
    assert 0 < sum(row["share"] for row in left_out.values()) < 0.5
    printed = explain(page, "--url", URL).stdout
    assert "left out of the body" in printed
    assert "15 letters (" in printed


def test_a_refused_page_is_explained_too(tmp_path: Path) -> None:
    page = tmp_path / "list.html"
    page.write_text(LIST, encoding="utf-8")
    ended = explain(page, "--json", "--url", "https://news.example/category/harbour/")
    printed = json.loads(ended.stdout)
    assert ended.exit_code == 6
    assert printed["refusal"]["reason"] == "not_an_article"
    assert printed["fields"]["kind"][0]["value"] == "not an article"
    assert len(printed["fields"]["published_at"]) >= 2
    assert "Refused (not_an_article)" in explain(page, "--url", "https://news.example/category/harbour/").stdout


def test_a_layout_names_its_selectors() -> None:
    printed = json.loads(explain(SEED / "page.html", "--json", "--url", SEED_URL).stdout)["fields"]
    headline = next(candidate for candidate in printed["headline"] if candidate["chosen"])
    assert headline["method"] == "selector"
    assert headline["source"].startswith("selector ")
    # Later methods are tried for the explanation only.
    assert {c["method"] for c in printed["headline"] if not c["chosen"]} >= {"structured_data"}
    assert printed["kind"][0]["value"] == "article"
    assert len([c for c in printed["body"] if c["chosen"]]) == 1


@pytest.mark.parametrize("folder", sorted(PAGES.glob("*/*/expected.json")), ids=lambda path: path.parent.name)
def test_an_explanation_does_not_change_the_extraction(folder: Path) -> None:
    capture, site = recorded_capture(folder.parent), site_of(folder.parent)
    plain = extract_page(capture, site, capture.fetched_at)
    explained, explanation = explain_page(capture, site, capture.fetched_at)
    assert explained == plain
    if isinstance(plain, Extraction):
        assert value_used(explanation, "headline") == plain.article.headline
        assert value_used(explanation, "authors") == ("; ".join(plain.article.authors) or None)


def value_used(explanation: Explanation, field: str) -> str | None:
    used = [candidate.value for candidate in explanation.fields.get(field, ()) if candidate.is_chosen]
    assert len(used) <= 1
    return used[0] if used else None


def test_explain_and_jsonl_cannot_be_combined(tmp_path: Path) -> None:
    ended = explain(tmp_path / "page.html", "--jsonl")
    assert ended.exit_code == 2
    assert "--explain --json" in ended.output
