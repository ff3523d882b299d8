"""The second and third site show that a site needs only a definition and a recorded page."""

import ast
from pathlib import Path

import pytest

from caliber_crawler import spiders
from caliber_crawler.extraction import check, extract_page
from tests.extraction.pages import PAGES, READ_AT, recorded_capture, site_named

FILES = [path for path in sorted(Path(spiders.__path__[0]).glob("*.py")) if path.stem not in ("__init__", "caliber")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_site_definition_has_at_most_thirty_lines(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 30
    assert not any(isinstance(node, ast.FunctionDef | ast.Lambda) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_site_has_a_recorded_page_without_problems(path: Path) -> None:
    folders = list((PAGES / path.stem).glob("*/"))
    assert folders
    for folder in folders:
        extraction = extract_page(recorded_capture(folder), site_named(path.stem))
        assert check(extraction, site_named(path.stem), READ_AT) == []


def test_daylight_saving_time_of_a_site_is_applied() -> None:
    winter = extract_page(recorded_capture(PAGES / "orf/neuer-pier"), site_named("orf")).article.published_at
    assert winter is not None
    assert winter.isoformat() == "2024-11-22T07:57:00+01:00"
