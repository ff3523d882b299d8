"""WARC files of limited size: each complete under its final name, and readable without the others."""

from __future__ import annotations

import io
import json
import shutil
import signal
import time
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from fastwarc.cli import main as fastwarc
from fastwarc.warc import ArchiveIterator

from caliber_crawler.items import Capture
from caliber_crawler.output_files import new_files
from caliber_crawler.warc import Lines, WarcReader, numbered_path, write_wacz, write_warcs
from tests.conftest import start
from tests.warc.newsstand import crawled, held, run, take_in
from tests.warc.records import resolve_url
from tests.warc.test_writing import exchanges


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crawled") / "archive.db"
    take_in(path, crawled())
    return path


def write_files(path: Path, captures: list[Capture], max_size: int) -> list[Path]:
    with new_files(path) as files:
        count, paths = write_warcs(captures, files, path, max_size=max_size)
    assert count == len(captures)
    return paths


def own_name(path: Path) -> str:
    with path.open("rb") as file:
        return str(next(iter(ArchiveIterator(file))).headers["WARC-Filename"])


@pytest.mark.parametrize(("max_size", "files"), [(0, 1), (1_000_000, 1), (3_000, None), (1, 12)])
def test_every_capture_is_in_one_of_the_files(tmp_path: Path, max_size: int, files: int | None) -> None:
    paths = write_files(tmp_path / "export.warc.gz", exchanges(), max_size)
    assert files in (None, len(paths))
    assert sorted(tmp_path.iterdir()) == paths
    found = [each for path in paths for each in WarcReader(lambda path=path: path.open("rb"), resolve_url)]
    assert [each.url for each in found] == [each.url for each in exchanges()]
    if len(paths) > 1:
        assert [path.name for path in paths[:2]] == ["export-00000.warc.gz", "export-00001.warc.gz"]
        assert all(path.stat().st_size < max_size + 3_000 for path in paths)


def test_each_file_contains_its_name_and_is_valid_for_other_tools(tmp_path: Path) -> None:
    for path in write_files(tmp_path / "export.warc.gz", exchanges(), 3_000):
        assert own_name(path) == path.name
        assert CliRunner().invoke(fastwarc, ["check", str(path)]).exit_code == 0


@pytest.mark.parametrize(
    ("name", "third"),
    [
        ("x.warc.gz", "x-00002.warc.gz"),
        ("x.WARC", "x-00002.WARC"),
        ("x.2026.gz", "x.2026-00002.gz"),
        ("x", "x-00002"),
        ("x.warc.gz.old", "x.warc.gz.old-00002"),
    ],
)
def test_the_number_is_inserted_before_the_extension(name: str, third: str) -> None:
    assert numbered_path(Path(name), 2) == Path(third)


@pytest.mark.slow
def test_the_command_reports_new_files_and_those_of_earlier_exports(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "export.warc.gz"
    result = run("export", "warc", "--archive", archive, "-o", path, "--max-size", "20 kB")
    assert result.exit_code == 0
    files = sorted(path.parent.iterdir())
    assert len(files) > 2
    assert f"41 captures to {len(files)} files, {files[0]} to {files[-1].name}." in result.stderr
    assert "earlier export" not in result.stderr
    again = run("export", "warc", "--archive", archive, "-o", path)
    assert f"41 captures to {path}." in again.stderr
    assert f"{files[0]}, " in again.stderr
    assert "are left from an earlier export" in again.stderr
    assert run("export", "warc", "--archive", archive, "-o", path, "--max-size", "much").exit_code == 2


@pytest.mark.slow
def test_all_files_together_restore_the_archive(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run("export", "warc", "--archive", archive, "-o", folder / "x.warc.gz", "--max-size", "20kB")
    assert run("ingest", folder, "--archive", tmp_path / "new.db", "--jobs", 1).exit_code == 3
    assert held(tmp_path / "new.db") == held(archive)


@pytest.mark.slow
def test_a_wacz_contains_several_files_with_one_index(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.wacz"
    run("export", "wacz", "--archive", archive, "-o", path, "--max-size", "20kB")
    with ZipFile(path) as wacz:
        warcs = [name for name in wacz.namelist() if name.startswith("archive/")]
        assert len(warcs) > 2
        lines = wacz.read("indexes/index.cdxj").decode().splitlines()
        assert lines == sorted(lines)
        assert len(lines) == 40
        for line in lines:
            entry = json.loads(line.split(" ", 2)[2])
            start = int(entry["offset"])
            content = wacz.read(f"archive/{entry['filename']}")[start : start + int(entry["length"])]
            assert next(iter(ArchiveIterator(io.BytesIO(content)))).headers["WARC-Target-URI"] == entry["url"]
        listed_paths = {resource["path"] for resource in json.loads(wacz.read("datapackage.json"))["resources"]}
        assert set(warcs) <= listed_paths
    assert run("ingest", path, "--archive", tmp_path / "new.db", "--jobs", 1).exit_code == 3
    assert held(tmp_path / "new.db") == held(archive)


def test_an_empty_selection_gives_one_file_without_captures(tmp_path: Path) -> None:
    (path,) = write_files(tmp_path / "export.warc.gz", [], 1)
    assert own_name(path) == "export.warc.gz"
    file = io.BytesIO()
    assert write_wacz([], lambda _: None, file, title="nothing") == 0
    assert "archive/data-00000.warc.gz" in ZipFile(file).namelist()


def test_lines_beyond_the_memory_limit_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lines, "BATCH_SIZE", 7)
    with Lines() as lines:
        for number in range(100):
            lines.add(f"{number * 37 % 100:02}")
        assert list(lines) == [b"%02d\n" % number for number in range(100)]


def test_files_of_a_killed_export_are_removed_and_those_in_progress_stay(tmp_path: Path) -> None:
    path = tmp_path / "export.warc.gz"
    left = tmp_path / ".export.warc.gz.caliber-abcdefgh.part"
    left.mkdir()
    (left / "1").write_bytes(b"half")
    with new_files(path) as first:
        first.begin().write_bytes(b"still being written")
        assert not left.exists()
        with new_files(path) as second:
            unfinished = second.begin()
            unfinished.write_bytes(b"whole")
            second.finish(unfinished, path)
        assert len(list(tmp_path.glob(".export*/1"))) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["export.warc.gz"]


@pytest.mark.slow
@pytest.mark.parametrize("format", ["warc", "wacz", "csv", "jsonl", "parquet", "sqlite"])
def test_a_killed_export_leaves_no_incomplete_file_under_its_final_name(
    archive: Path, tmp_path: Path, format: str
) -> None:
    whole = tmp_path / "whole"
    options = ["--max-size", "20kB"] if format == "warc" else []
    run("export", format, "--archive", archive, "-o", whole / "x", *options)
    for attempt in range(4):
        folder = tmp_path / f"killed-{attempt}"
        process = start("export", format, "--archive", archive, "-o", folder / "x", *options)
        # From its first byte on, a little later each time.
        while process.poll() is None and not any(folder.glob(".x.*/*")):
            time.sleep(0.001)
        time.sleep(attempt * 0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in folder.glob("x*"):
            assert path.stat().st_size >= (whole / path.name).stat().st_size * 0.98
            if format == "warc":
                assert CliRunner().invoke(fastwarc, ["check", str(path)]).exit_code == 0
            elif format == "wacz":
                assert ZipFile(path).testzip() is None
        shutil.rmtree(folder, ignore_errors=True)
