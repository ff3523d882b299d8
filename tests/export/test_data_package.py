"""A data package describes itself, and can be verified."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from caliber_crawler.archive import Archive
from tests.archive.newsroom import NOON, Newsroom, start_run

pytestmark = pytest.mark.slow


@pytest.fixture
def package(caliber: Callable[..., Any], three_editions: Path, tmp_path: Path) -> Path:
    path = tmp_path / "articles.zip"
    done = caliber(
        "export", "datapackage", "--versions", "--view-counts", "--language", "en", "-o", path,
        "--archive", three_editions,
    )  # fmt: skip
    assert done.exit_code == 0
    return path


def unpacked(package: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(package) as file:
        file.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked" / package.stem


def test_the_description_agrees_with_the_files(package: Path, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    about = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert about["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert about["name"] == "articles"
    assert [each["path"] for each in about["resources"]] == ["articles.csv", "versions.csv", "view_counts.csv"]
    for resource in about["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert (resource["bytes"], resource["hash"]) == (len(content), f"sha256:{sha256(content).hexdigest()}")
        table = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
        assert table[0] == [field["name"] for field in resource["schema"]["fields"]]
        assert len(table) - 1 == resource["rows"]
        assert set(resource["schema"]["primaryKey"]) <= set(table[0])
        types = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        for row in table[1:]:
            for name, value in zip(table[0], row, strict=True):
                if types[name] == "integer" and value:
                    int(value)
    assert about["caliber"]["query"] == {"languages": ["en"]}
    assert about["caliber"]["counts"] == {"articles": 2, "versions": 3, "view_counts": 3}
    assert about["caliber"]["reuse"]["Caliber.Az"].startswith("Any use")


def test_readme_and_citation_state_source_query_and_digest(package: Path, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    about = json.loads((folder / "datapackage.json").read_text("utf-8"))
    readme = (folder / "README.md").read_text("utf-8")
    for part in ("languages: `en`", "articles.csv`: 2 rows", about["caliber"]["texts_digest"], "Any use of materials"):
        assert part in readme
    citation = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "Caliber.Az"}]
    assert citation["type"] == "dataset"


def test_a_package_is_verified_against_its_archive(
    caliber: Callable[..., Any], package: Path, three_editions: Path, tmp_path: Path
) -> None:
    done = caliber("check-package", package, "--archive", three_editions)
    assert (done.exit_code, done.stdout.strip()) == (0, f"OK: checked 3 files and 2 texts against {three_editions}.")
    folder = unpacked(package, tmp_path)
    assert caliber("check-package", folder, "--no-archive").stdout.startswith("OK: ")
    # A text that is changed later stays verified.
    later = tmp_path / "later.db"
    shutil.copy(three_editions, later)
    with Archive.open(later, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        newsroom.save(
            NOON + timedelta(days=40), article_urls=("https://caliber.az/en/post/1",), headline="Headline 1, once more"
        )
    assert caliber("check-package", folder, "--archive", later).exit_code == 0


def test_changes_are_found(caliber: Callable[..., Any], package: Path, three_editions: Path, tmp_path: Path) -> None:
    folder = unpacked(package, tmp_path)
    table = folder / "articles.csv"
    whole = table.read_text("utf-8")
    table.write_text(whole.replace("Headline 1, changed", "Headline 1, forged"), "utf-8")
    done = caliber("check-package", folder, "--archive", three_editions, "--json")
    assert (done.exit_code, done.json["faults"]) == (3, 1)
    assert "articles.csv was changed" in done.json["messages"][0]
    digest = next(row["content_digest"] for row in csv.DictReader(io.StringIO(whole, newline="")))
    table.write_text(whole.replace(digest, "0" * 64), "utf-8")
    done = caliber("check-package", folder, "--archive", three_editions)
    assert done.exit_code == 3
    assert "The archive has another text of https://caliber.az/en/post/1." in done.stdout
    (folder / "versions.csv").unlink()
    assert "versions.csv in" in caliber("check-package", folder, "--no-archive").stdout


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"resources": [{"path": "../x", "hash": ""}]}'])
def test_a_folder_that_is_no_package_is_reported(caliber: Callable[..., Any], tmp_path: Path, content: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "datapackage.json").write_text(content)
    done = caliber("check-package", folder, "--no-archive")
    assert done.exit_code in (3, 4)
    assert "Traceback" not in done.stderr
