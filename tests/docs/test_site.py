"""The documentation site builds without a warning, works without a network, and its links resolve."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tooling.repository import ROOT, our_files

DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]


def anchors(document: Path) -> set[str]:
    """The anchors of the headings of a document, as code hosts make them."""
    text = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(document: Path) -> list[tuple[str, str]]:
    """Path and anchor of every link to a file of the repository."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text("utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\((?![a-z]+:)([^)#\s]*)#?([^)\s]*)\)", text)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_on_a_code_host_resolves(document: Path) -> None:
    for path, anchor in links(document):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.slow
def test_every_document_that_a_source_names_exists() -> None:
    folders = ("caliber_crawler", "tests", "benchmarks", "scripts", "docs")
    sources = [path for folder in folders for path in our_files(ROOT / folder)]
    named = {
        (match, path)
        for path in sources
        if path.suffix in {".py", ".sql", ".toml", ".html", ".yaml", ""}
        for match in re.findall(r"\bdocs/[\w/-]+\.(?:md|py|yaml)\b", path.read_text("utf-8", "replace"))
    }
    assert len(named) > 20
    assert [(match, str(path)) for match, path in sorted(named) if not (ROOT / match).exists()] == []


@pytest.mark.slow
def test_the_site_loads_nothing_from_another_host(site_folder: Path) -> None:
    of_element = r"""<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=["']((?:https?:)?//[^"']+)"""
    of_style = r"""url\(["']?(https?:[^)]+)|@import"""
    loaded = f"{of_element}|{of_style}"
    files = [path for path in site_folder.rglob("*") if path.suffix in {".html", ".css"}]
    assert len(files) > 30
    found = {str(path): re.findall(loaded, path.read_text("utf-8")) for path in files}
    assert {path: urls for path, urls in found.items() if urls} == {}


@pytest.mark.slow
def test_every_document_is_a_page(site_folder: Path) -> None:
    for document in sorted((ROOT / "docs").rglob("*.md")):
        assert (site_folder / document.relative_to(ROOT / "docs").with_suffix(".html")).exists(), document
