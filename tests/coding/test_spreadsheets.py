"""Spreadsheets: read as Excel, LibreOffice and Google write them; text stays text."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.errors import InputError, SheetError
from caliber_crawler.export.workbook import MAX_CELL
from caliber_crawler.spreadsheets import read_sheet, write_sheet
from tests.properties import examples

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)


def file(tmp_path: Path, content: bytes, name: str = "sheet.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"unit,tone\nt1,good\n",
        b"\xef\xbb\xbfunit;tone\r\nt1;good\r\n",
        "unit\ttone\nt1\tgood\n".encode("utf-16"),
        b'"unit","tone"\n"t1","good"',
        b"unit,tone,,\nt1,good,,\n",
    ],
)
def test_every_kind_of_csv_is_read(tmp_path: Path, content: bytes) -> None:
    sheet = read_sheet(file(tmp_path, content))
    assert (sheet.columns, sheet.rows) == (["unit", "tone"], [{"unit": "t1", "tone": "good"}])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no header row"),
        (b"a,a\n1,2\n", "has two columns named 'a'"),
        (b"a,b\n1,2,3\n", "row 2: it has more cells than the header"),
        (b'a,b\n"1,2\n', "is not a CSV file"),
        ("a,b\nç,ə\n".encode("cp1254", "replace"), "is not in UTF-8"),
        (b"PK\x03\x04broken", "is not an XLSX file that can be read"),
        (",".join(f"c{n}" for n in range(1001)).encode(), "has more than 1,000 columns"),
    ],
)
def test_what_is_not_a_sheet_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = file(tmp_path, content)
    with pytest.raises(SheetError) as caught:
        read_sheet(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


@settings(max_examples=examples(200))
@given(
    st.binary(max_size=8).map(lambda data: data or None), st.integers(min_value=0), st.integers(0, 300), st.booleans()
)
def test_a_damaged_workbook_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: bytes | None, at: int, length: int, is_cut: bool
) -> None:
    book = openpyxl.Workbook()
    for row in (["unit", "tone"], *([f"t{number}", "хорошо"] for number in range(30))):
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    content = written.getvalue()
    begin = 2 + at % (len(content) - 2)  # after "PK": it stays a workbook
    damaged = content[:begin] + (data or b"") + (b"" if is_cut else content[begin + length :])
    path = file(tmp_path_factory.mktemp("damaged"), damaged, "sheet.xlsx")
    with suppress(SheetError):
        assert read_sheet(path).columns


def test_a_missing_sheet_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_sheet(tmp_path / "none.csv")


@pytest.mark.slow
def test_a_sheet_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", bytes(251_000_000))
    with pytest.raises(SheetError, match="unpacks to more than"):
        read_sheet(file(tmp_path, packed.getvalue(), "sheet.xlsx"))


def test_numbers_of_a_spreadsheet_have_no_decimal_point(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["unit", "tone", "part"])
    book.active.append(["t1", -1.0, 0.5])
    book.save(tmp_path / "sheet.xlsx")
    assert read_sheet(tmp_path / "sheet.xlsx").rows == [{"unit": "t1", "tone": "-1", "part": "0.5"}]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_no_text_is_a_formula(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sheet{suffix}"
    with path.open("wb") as written:
        write_sheet([{"a": "=1+1", "b": "@x"}], ["a", "b"], written, suffix=suffix, choices={})
    if suffix == ".xlsx":
        assert [cell.data_type for cell in openpyxl.load_workbook(path).active[2]] == ["s", "s"]
    else:
        assert path.read_text("utf-8-sig").splitlines()[1] == '"\'=1+1","\'@x"'


def test_a_text_too_long_for_a_cell_is_cut_and_named(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    with path.open("wb") as written:
        notes = write_sheet([{"a": "x" * 40_000}], ["a"], written, suffix=".xlsx", choices={})
    assert notes == ["row 2, column a: cut to 32,767 characters"]
    (row,) = read_sheet(path).rows
    assert len(row["a"]) == MAX_CELL
    assert row["a"].endswith("[cut]")


def test_codes_are_offered_as_a_list(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    choices = {"tone": ["positive", "negative"], "place": ["Baku, Azerbaijan"]}
    with path.open("wb") as written:
        write_sheet([{"tone": "", "place": ""}] * 3, ["tone", "place"], written, suffix=".xlsx", choices=choices)
    (offered,) = openpyxl.load_workbook(path).active.data_validations.dataValidation
    assert (offered.formula1, str(offered.sqref)) == ('"positive,negative"', "A2:A4")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@settings(max_examples=examples(15))
@given(rows=st.lists(st.fixed_dictionaries({"a": TEXT, "b": TEXT}), min_size=1, max_size=4))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[dict[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("sheets") / f"sheet{suffix}"
    with path.open("wb") as written:
        write_sheet(rows, ["a", "b"], written, suffix=suffix, choices={})
    read = read_sheet(path)
    assert read.columns == ["a", "b"]
    assert [{name: cell.removeprefix("'") for name, cell in row.items()} for row in read.rows] == [
        {name: cell.removeprefix("'") for name, cell in row.items()} for row in rows
    ]


def test_letters_that_xml_does_not_have_are_left_out_of_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    with path.open("wb") as written:
        write_sheet([{"a": "one\ufffe\x00two"}], ["a"], written, suffix=".xlsx", choices={})
    assert read_sheet(path).rows == [{"a": "onetwo"}]
