"""WACZ: one file that a browser can replay."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.errors import NotAPage
from caliber_crawler.items import Capture
from caliber_crawler.warc import Skipped, WarcReader, warcs_in, write_wacz
from caliber_crawler.warc.wacz import surt
from tests.properties import examples
from tests.warc.newsstand import PAGE, run
from tests.warc.records import in_members, page, record, resolve_url, response
from tests.warc.test_writing import URL, exchanges


def title_of(capture: Capture) -> str | None:
    return "Baku’s formula" if capture.kind == "article" and capture.status == 200 else None


def packed(*captures: Capture) -> ZipFile:
    file = io.BytesIO()
    assert write_wacz(captures, title_of, file, title="export", rights="Caliber.Az: a hyperlink.") == len(captures)
    return ZipFile(file)


def test_the_manifest_matches_the_files() -> None:
    wacz = packed(*exchanges())
    assert wacz.testzip() is None
    about = json.loads(wacz.read("datapackage.json"))
    assert (about["profile"], about["wacz_version"], about["title"]) == ("data-package", "1.1.1", "export")
    assert about["description"] == "Caliber.Az: a hyperlink."
    for resource in about["resources"]:
        content = wacz.read(resource["path"])
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    listed_paths = {resource["path"] for resource in about["resources"]}
    assert {"archive/data-00000.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"} == listed_paths
    assert set(wacz.namelist()) - listed_paths == {"datapackage.json", "datapackage-digest.json"}
    proof = json.loads(wacz.read("datapackage-digest.json"))
    assert proof["hash"] == f"sha256:{hashlib.sha256(wacz.read('datapackage.json')).hexdigest()}"


def test_the_index_points_to_every_record() -> None:
    wacz = packed(*exchanges())
    warc = wacz.read("archive/data-00000.warc.gz")
    lines = wacz.read("indexes/index.cdxj").decode().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(exchanges()) - 1  # all except the failed fetch
    for line in lines:
        _, timestamp, fields = line.split(" ", 2)
        entry = json.loads(fields)
        start, length = int(entry["offset"]), int(entry["length"])
        record = next(iter(ArchiveIterator(io.BytesIO(warc[start : start + length]))))
        assert record.headers["WARC-Target-URI"] == entry["url"]
        assert f"{record.record_date:%Y%m%d%H%M%S}" == timestamp
        assert record.headers.get("WARC-Payload-Digest", entry["digest"]) == entry["digest"]


def test_the_warc_in_a_wacz_can_be_read_in_parts() -> None:
    info = packed(*exchanges()).getinfo("archive/data-00000.warc.gz")
    assert info.compress_type == ZIP_STORED


def test_local_headers_and_directory_have_matching_extra_fields() -> None:
    # ReplayWeb.page checks local headers only if the directory has an extra field.
    wacz = packed(*exchanges())
    assert wacz.fp is not None
    for info in wacz.infolist():
        assert info.extra
        wacz.fp.seek(info.header_offset)
        header = wacz.fp.read(30)
        assert int.from_bytes(header[28:30], "little") >= len(info.extra)


def test_the_page_list_contains_articles_with_headlines() -> None:
    first, *pages = map(json.loads, packed(*exchanges()).read("pages/pages.jsonl").decode().splitlines())
    assert first["format"] == "json-pages-1.0"
    assert {page["title"] for page in pages} == {"Baku’s formula"}
    assert (pages[0]["url"], pages[0]["ts"]) == (URL, "2026-01-07T12:00:00Z")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.caliber.az/en/Post/1", "az,caliber)/en/post/1"),
        ("http://caliber.az", "az,caliber)/"),
        ("http://127.0.0.1:8000/x?b=2&a=1", "1,0,0,127:8000)/x?a=1&b=2"),
        ("urn:sha256:abc", "urn:sha256:abc"),
    ],
)
def test_the_lookup_key_of_a_url(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.parametrize("packing", [ZIP_STORED, ZIP_DEFLATED])
def test_a_file_in_a_zip_is_seekable(tmp_path: Path, packing: int) -> None:
    path, content = tmp_path / "x.wacz", bytes(range(256)) * 40
    with ZipFile(path, "w", packing) as zipped:
        zipped.writestr("readme.txt", "before it")
        zipped.writestr("archive/x.warc", content)
        zipped.writestr("last.txt", "behind it")
    with warcs_in(path) as (warc,):
        file = warc.open_file()
    with file:
        assert file.read() == content
        assert file.seek(300) == 300
        assert (file.read(3), file.tell()) == (content[300:303], 303)
        assert file.seek(-2, io.SEEK_END) == len(content) - 2
        assert file.read(100) == content[-2:]
        assert file.read(1) == b""


@pytest.mark.parametrize("packing", [ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0), length=st.integers(0, 200), damage=st.binary(max_size=200))
def test_damage_to_a_wacz_is_an_error_in_one_sentence_or_costs_records(
    tmp_path: Path, packing: int, at: int, length: int, damage: bytes
) -> None:
    path = tmp_path / "x.wacz"
    with ZipFile(path, "w", packing) as zipped:
        zipped.writestr("archive/1.warc.gz", in_members(page(1), page(2)))
        zipped.writestr("archive/2.warc.gz", in_members(page(3), page(4)))
    content = path.read_bytes()
    begin = 4 + at % (len(content) - 4)  # after the first bytes: it stays a ZIP
    path.write_bytes(content[:begin] + damage + content[begin + length :])
    with suppress(NotAPage), warcs_in(path) as warcs:
        for warc in warcs:
            list(WarcReader(warc.open_file, resolve_url, is_seekable=warc.is_seekable))


@pytest.mark.parametrize("packing", [ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA])
def test_a_damaged_file_in_a_wacz_does_not_affect_the_others(tmp_path: Path, packing: int) -> None:
    path = tmp_path / "x.wacz"
    with ZipFile(path, "w", packing) as zipped:
        zipped.writestr("archive/1.warc.gz", in_members(page(1), page(2)))
        second = zipped.fp.tell() if zipped.fp else 0
        zipped.writestr("archive/2.warc.gz", in_members(page(3), page(4)))
    content = path.read_bytes()
    for begin in (second, second + 50):  # its header in the ZIP, its data
        path.write_bytes(content[:begin] + b"\xff" * 40 + content[begin + 40 :])
        found: list[Capture | Skipped] = []
        with warcs_in(path) as warcs:
            for warc in warcs:
                found += WarcReader(warc.open_file, resolve_url, is_seekable=warc.is_seekable)
        assert {each.url for each in found if isinstance(each, Capture)} >= {f"{URL}1", f"{URL}2"}
        assert {each.reason for each in found if isinstance(each, Skipped)} == {"damaged"}


@pytest.mark.slow
def test_a_revisit_can_refer_to_another_file(tmp_path: Path) -> None:
    path = tmp_path / "crawl.wacz"
    again = record(b"", type="revisit", url=f"{URL}9", WARC_Payload_Digest="sha1:ABC", Content_Type="")
    body = PAGE.format(headline="Corridors", body="", views=1).encode()
    with ZipFile(path, "w") as zipped:
        zipped.writestr("archive/rec-1.warc.gz", in_members(record(response(body), WARC_Payload_Digest="sha1:ABC")))
        zipped.writestr("archive/rec-2.warc.gz", in_members(again))
    result = run("ingest", path, "--archive", tmp_path / "a.db", "--jobs", 1)
    assert result.exit_code == 0, result.output
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.captures.get(1).body == archive.captures.get(2).body == body
