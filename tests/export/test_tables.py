"""CSV, JSON Lines and Parquet have the same rows, each with its source."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from caliber_crawler.archive import COLUMNS, Archive, Selection
from caliber_crawler.export import workbook, write_csv, write_jsonl, write_parquet
from caliber_crawler.export.workbook import MAX_CELL, write_workbook
from tests.archive.newsroom import Newsroom
from tests.export.newspaper import HOSTILE, SITE, clear_terms_of_use, print_hostile_articles

FORMULA_LETTERS = tuple("=+-@\t\r\n＝＋－＠")
VALUES = st.fixed_dictionaries(
    {name: st.text() if kind is str else st.integers(-(2**40), 2**40) for name, kind in COLUMNS.items()}
)


def in_csv(archive: Archive) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    write_csv(archive.rows(Selection()), list(COLUMNS), file)
    file.seek(0)
    return list(csv.DictReader(file))


def in_jsonl(archive: Archive) -> list[dict[str, Any]]:
    file = io.StringIO(newline="")
    write_jsonl(archive.rows(Selection()), list(COLUMNS), file)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def in_xlsx(archive: Archive) -> list[dict[str, Any]]:
    file = io.BytesIO()
    write_workbook(archive.rows(Selection()), list(COLUMNS), "articles", file)
    return sheet_rows(file)["articles"]


def sheet_rows(file: io.BytesIO) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet, with formulas as formulas."""
    book = openpyxl.load_workbook(file)
    found = {}
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" and cell.hyperlink is None for row in sheet.iter_rows() for cell in row)
        header, *lines = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(header, line, strict=True)) for line in lines]
    return found


def in_parquet(archive: Archive) -> list[dict[str, Any]]:
    file = io.BytesIO()
    write_parquet(archive.rows(Selection()), COLUMNS, file)
    return parquet.read_table(file).to_pylist()


TABLES = {"csv": in_csv, "jsonl": in_jsonl, "parquet": in_parquet, "xlsx": in_xlsx}


@pytest.mark.parametrize("format", TABLES)
def test_every_row_has_source_and_terms_of_use(three_editions: Path, format: str) -> None:
    with Archive.open(three_editions) as archive:
        rows = TABLES[format](archive)
    assert len(rows) == 6
    for row in rows:
        assert row["url"].startswith("https://caliber.az/")
        assert row["site_title"] == "Caliber.Az"
        assert row["reuse"] == SITE.reuse
        assert str(row["retrieved_at"]).startswith("2026-01-0")


@pytest.mark.parametrize("format", TABLES)
def test_unknown_terms_of_use_are_marked_as_not_stated(newsroom: Newsroom, format: str) -> None:
    newsroom.save(article_urls=("https://caliber.az/en/post/1",))
    assert [(row["site_title"], row["reuse"]) for row in TABLES[format](newsroom.archive)] == [
        ("caliber", "not stated")
    ]
    clear_terms_of_use(newsroom.archive)
    assert [row["reuse"] for row in TABLES[format](newsroom.archive)] == ["not stated"]


def test_rows_are_sorted_by_publication(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        times = [row["published_at"] for row in archive.rows(Selection())]
        assert times == sorted(times)
        newest = [row["published_at"] for row in archive.rows(Selection(), newest_first=True, limit=2)]
        assert newest == times[:-3:-1]


def test_a_row_has_the_current_state_of_the_article(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        row = next(archive.rows(Selection()))
    assert (row["headline"], row["views"], row["version_count"]) == ("Headline 1, changed", 100, 2)
    assert row["retrieved_at"] == "2026-01-09T12:00:00Z"
    assert list(row) == list(COLUMNS)


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (Selection(), {1, 2, 11, 12, 21, 22}),
        (Selection(sites=("caliber",), sections=("analytics",)), {1, 11, 21}),
        (Selection(sites=("other",)), set()),
        (Selection(languages=("hy", "en")), {1, 2, 21, 22}),
        (Selection(since=datetime(2026, 1, 7, 13, tzinfo=UTC)), {2, 11, 12, 21, 22}),
        (Selection(until=datetime(2026, 1, 7, 13, tzinfo=UTC)), {1}),
        (Selection(search="corridors"), {2, 12, 22}),
        (Selection(search="corridor -corridor"), set()),
        (Selection(search=""), set()),
        (Selection(search="corridor", languages=("ru",)), {12}),
    ],
)
def test_only_the_selection_is_exported(three_editions: Path, selection: Selection, numbers: set[int]) -> None:
    with Archive.open(three_editions) as archive:
        assert {int(row["url"].rpartition("/")[2]) for row in archive.rows(selection)} == numbers


def test_an_article_without_a_date_matches_no_period(newsroom: Newsroom) -> None:
    newsroom.save(published_at=None)
    assert len(list(newsroom.archive.rows(Selection()))) == 1
    assert list(newsroom.archive.rows(Selection(since=datetime(1970, 1, 1, tzinfo=UTC)))) == []


@pytest.mark.parametrize("format", TABLES)
def test_hostile_texts_are_exported_unchanged(newsroom: Newsroom, format: str) -> None:
    print_hostile_articles(newsroom)
    rows = {row["url"].rpartition("/")[2]: row for row in TABLES[format](newsroom.archive)}
    for number, text in enumerate(HOSTILE, 1):
        for field in ("headline", "subtitle", "body", "authors"):
            shown = rows[str(number)][field]
            if format == "xlsx":
                # A workbook cannot contain control characters, and its parts are XML: line ends are line feeds.
                assert re.sub(r"[\x00-\x1f\ufffe\uffff]|_x000D_", "", shown or "") == re.sub(
                    r"[\x00-\x1f\ufffe\uffff]", "", text
                )
                continue
            assert (shown.removeprefix("'") if format == "csv" and not text.startswith("'") else shown) == text


def test_no_cell_starts_like_a_formula(newsroom: Newsroom) -> None:
    print_hostile_articles(newsroom)
    for row in in_csv(newsroom.archive):
        for value in row.values():
            assert not value.lstrip().startswith(FORMULA_LETTERS)


@pytest.mark.slow
@given(rows=st.lists(VALUES, max_size=4))
def test_every_text_stays_in_its_cell(rows: list[dict[str, Any]]) -> None:
    file = io.StringIO(newline="")
    write_csv(rows, list(COLUMNS), file)
    file.seek(0)
    read = list(csv.DictReader(file))
    assert len(read) == len(rows)
    for row, cells in zip(rows, read, strict=True):
        for name, value in row.items():
            text = str(value).replace("\x00", "")
            assert cells[name] in (text, f"'{text}")
            if isinstance(value, str):
                assert not re.match(r"\s*[=+\-@＝＋－＠\t\r\n]", cells[name])
            else:
                assert cells[name] == text


@pytest.mark.slow
@given(rows=st.lists(VALUES, max_size=4))
def test_every_row_is_one_line_of_json(rows: list[dict[str, Any]]) -> None:
    file = io.StringIO(newline="")
    assert write_jsonl(rows, list(COLUMNS), file) == len(rows)
    assert [json.loads(line) for line in file.getvalue().splitlines()] == rows


def test_parquet_has_times_and_integers(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        row = in_parquet(archive)[0]
    assert row["published_at"] == datetime(2026, 1, 7, 12, tzinfo=UTC)
    assert row["views"] == 100
    assert row["gone_at"] is None


def test_json_lines_hold_letters_as_they_are_written() -> None:
    file = io.StringIO(newline="")
    assert write_jsonl([{"headline": "Բաքու: й", "views": 1}], ["headline"], file) == 1
    assert file.getvalue() == '{"headline": "Բաքու: й"}\n'


def test_a_workbook_continues_on_further_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 4)
    file = io.BytesIO()
    written = write_workbook(({"id": number} for number in range(7)), ["id"], "articles", file)
    assert (written.rows, written.sheets) == (7, 3)
    sheets = sheet_rows(file)
    assert [[row["id"] for row in rows] for rows in sheets.values()] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(sheets) == ["articles", "articles 2", "articles 3"]


@pytest.mark.parametrize("letter", ["a", "\U0001f600"])
def test_a_text_too_long_for_a_cell_is_cut_visibly_and_noted(letter: str) -> None:
    file = io.BytesIO()
    fits, long = "x" * MAX_CELL, letter * 40_000
    written = write_workbook([{"body": fits}, {"body": long}], ["body"], "articles", file)
    sheets = sheet_rows(file)
    assert sheets["articles"][0]["body"] == fits
    shown = sheets["articles"][1]["body"]
    assert shown.endswith(" … [cut: the whole text has 40,000 characters]")
    assert MAX_CELL - 1 <= len(shown.encode("utf-16-le")) // 2 <= MAX_CELL
    assert written.cut == 1
    assert list(sheets["notes"][0].values()) == ["articles", 3, "body", 40_000]


def test_an_empty_workbook_has_a_header() -> None:
    file = io.BytesIO()
    assert write_workbook([], ["id", "body"], "articles", file).rows == 0
    assert [cell.value for cell in openpyxl.load_workbook(file).worksheets[0][1]] == ["id", "body"]
