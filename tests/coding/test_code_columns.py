"""Exports have a column with codes for each variable of the codebook."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.search.code_columns import codes_of_articles
from caliber_crawler.commands.cli import main
from tests.archive.newsroom import Newsroom, minutes
from tests.properties import examples

COLUMNS = ["code_actors", "code_remark", "code_tone"]


@pytest.fixture
def coded(archive: Archive) -> Path:
    """Articles 1 and 2 are coded, article 1 by two coders who disagree; then article 1 is edited and coded again."""
    path = Path(archive.path)
    sheets = (
        ("Aida", [("1000", "positive", "EU; government", "=1+1"), ("1001", "neutral", "", "")]),
        ("Bahar", [("1000", "negative", "EU", "long; text")]),
    )
    for coder, rows in sheets:
        assert not import_codes(archive, coder, rows)
    newsroom = Newsroom(archive, archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={}))
    url = "https://caliber.az/en/post/1000"
    newsroom.save(minutes(600), article_urls=(url,), headline="Edited", body="Another text.", section="politics")
    assert not import_codes(archive, "Ceyhun", [("1000", "neutral", "", "")])
    archive.runs.finish(newsroom.run_id, "finished", None, {})
    return path


def import_codes(archive: Archive, coder: str, codes: list[tuple[str, str, str, str]]) -> list[object]:
    units = {unit["url"].rpartition("/")[2]: unit for unit in archive.coding.sample(20, seed=1).units}
    rows = [
        {"unit": units[post]["unit"], "url": units[post]["url"], "tone": tone, "actors": actors, "remark": remark}
        for post, tone, actors, remark in codes
    ]
    return list(archive.coding.import_codes(list(rows[0]), rows, coder=coder).issues)


def export(archive: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(main, ["export", *arguments, "--archive", str(archive)])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def by_post(rows: list[dict[str, object]]) -> dict[str, list[object]]:
    return {str(row["url"]).rpartition("/")[2]: [row[name] for name in COLUMNS] for row in rows}


def test_csv_has_the_codes_of_all_coders_and_texts(archive: Archive, coded: Path) -> None:
    archive.close()
    found = by_post(list(csv.DictReader(io.StringIO(export(coded, "csv")))))
    assert found["1000"] == ["EU; government", "'=1+1; long; text", "negative; neutral; positive"]
    assert found["1001"] == ["", "", "neutral"]
    assert found["1002"] == ["", "", ""]


def test_json_lines_have_lists(archive: Archive, coded: Path) -> None:
    archive.close()
    found = by_post([json.loads(line) for line in export(coded, "jsonl").splitlines()])
    assert found["1000"] == [["EU", "government"], ["=1+1", "long; text"], ["negative", "neutral", "positive"]]
    assert found["1002"] == [[], [], []]


def test_a_version_has_the_codes_of_its_own_text(archive: Archive, coded: Path) -> None:
    archive.close()
    rows = list(csv.DictReader(io.StringIO(export(coded, "csv", "--versions"))))
    tones = [(row["version"], row["code_tone"]) for row in rows if row["url"].endswith("/1000")]
    assert tones == [("1", "negative; positive"), ("2", "neutral")]


def test_columns_of_codes_can_be_chosen(archive: Archive, coded: Path) -> None:
    archive.close()
    assert export(coded, "csv", "--fields", "id,code_tone").splitlines()[0] == '"id","code_tone"'
    refused = CliRunner().invoke(main, ["export", "csv", "--fields", "code_nothing", "--archive", str(coded)])
    assert refused.exit_code != 0
    assert "code_tone" in str(refused.output) + str(refused.exception)


def test_parquet_workbook_and_data_package_have_the_columns(archive: Archive, coded: Path, tmp_path: Path) -> None:
    archive.close()
    for name in ("articles.parquet", "articles.xlsx", "articles.zip"):
        format = {".parquet": "parquet", ".xlsx": "xlsx", ".zip": "datapackage"}[Path(name).suffix]
        export(coded, format, "-o", str(tmp_path / name))
    table = parquet.read_table(tmp_path / "articles.parquet").to_pylist()
    assert by_post(table)["1000"][2] == "negative; neutral; positive"
    assert by_post(table)["1002"] == [None, None, None]
    sheet = openpyxl.load_workbook(tmp_path / "articles.xlsx").worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert header[-3:] == COLUMNS
    with zipfile.ZipFile(tmp_path / "articles.zip") as package:
        (description,) = [name for name in package.namelist() if name.endswith("datapackage.json")]
        fields = json.loads(package.read(description))["resources"][0]["schema"]["fields"]
    (tone,) = [field for field in fields if field["name"] == "code_tone"]
    assert tone["description"].endswith("How does it speak?")


def test_an_archive_without_a_codebook_has_no_such_columns(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", mode="write") as archive:
        assert not [name for name in archive.columns_of_kind("articles") if name.startswith("code_")]
        assert list(archive.rows_of_kind(Selection(), "articles")) == []


@settings(max_examples=examples(30))
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from("pq"), st.sampled_from(["tone", "actors"]), st.sampled_from("abc"))
    )
)
def test_an_article_has_each_code_of_its_texts_once(codes: list[tuple[int, str, str, str]]) -> None:
    of_texts: dict[tuple[int, str], dict[str, list[str]]] = {}
    for article, text, variable, code in sorted(set(codes)):
        of_texts.setdefault((article, text), {}).setdefault(variable, []).append(code)
    found = codes_of_articles(of_texts)
    assert {
        (article, variable, code) for article, given in found.items() for variable, all in given.items() for code in all
    } == {(article, variable, code) for article, _, variable, code in codes}
    assert all(given == sorted(set(given)) for of_article in found.values() for given in of_article.values())
