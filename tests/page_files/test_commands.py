"""The commands that take files take the same forms: ``ingest``, ``extract``, ``bulk extract``, ``record``."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import lz4.frame
import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.bulk import find_inputs
from caliber_crawler.commands.cli import main
from caliber_crawler.ingest import Ingester, ingester
from tests.page_files.samples import URL, article, har, har_entry, mhtml, warc
from tests.warc.records import record, response

REQUEST = record(b"GET / HTTP/1.1\r\n\r\n", type="request", url=URL)
ARC = (
    lambda content: (
        b"filedesc://x.arc 0.0.0.0 20260107120000 text/plain 20\n1 0 InternetArchive\n\n%s 127.0.0.1 20260107120000 text/html %d\n%s\n"  # noqa: E501
        % (URL.encode(), len(content), content)
    )
)(response(article().encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
FORMS: dict[str, bytes] = {
    "crawl.warc": warc(),
    "crawl.warc.gz": gzip.compress(warc()),
    "crawl.warc.lz4": lz4.frame.compress(warc()),
    "lines.warc": warc().replace(b"\r\n", b"\n").replace(b"Content-Length: ", b"X: "),
    "crawl.arc": ARC,
    "crawl.arc.gz": gzip.compress(ARC),
    "session.har": har(har_entry(text=article())),
    "page.mht": mhtml(article().encode()),
    "page.mhtml": mhtml(article().encode(), encoding="base64"),
}
PAGES = {
    "chrome.html": article(before=f"<!-- saved from url=(0051){URL} -->").encode(),
    "single.html": article(before=f"<!--\n Page saved with SingleFile \n url: {URL} \n-->").encode(),
    "canonical.html": article(head=f'<link rel="canonical" href="{URL}">').encode(),
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def ingest(archive: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    result = run("ingest", *arguments, "--archive", archive, "--jobs", 1, "--json")
    return result.exit_code, json.loads(result.stdout) if result.stdout else {"error": result.stderr}


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FORMS, *PAGES])
def test_the_page_in_a_file_of_any_form_is_an_article_of_its_site(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, name, (FORMS | PAGES)[name])
    assert ingest(tmp_path / "a.db", path, "--any-site")[0] == 0
    with Archive.open(tmp_path / "a.db") as archive:
        (row,) = archive.articles()
        assert (row["site"], row["url"], row["headline"]) == ("news.example", URL, "Harbour opens again")


@pytest.mark.slow
def test_every_form_is_extracted(tmp_path: Path) -> None:
    for name, content in (FORMS | PAGES).items():
        put(tmp_path, name, content)
    result = run("extract", tmp_path)
    extracted = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {page["url"] for page in extracted} == {URL}
    assert {page["headline"] for page in extracted} == {"Harbour opens again"}
    assert len(extracted) == len(FORMS) + len(PAGES)


@pytest.mark.slow
def test_every_form_is_extracted_in_bulk(tmp_path: Path) -> None:
    for name, content in FORMS.items():
        put(tmp_path, name, content)
    result = run("bulk", "extract", tmp_path, "--any-site", "--out", tmp_path / "out", "--jobs", 2, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["inputs"], report["articles"], report["new"]) == (len(FORMS), len(FORMS), len(FORMS))
    assert report["other_records"] == {"warcinfo": 2}


def test_inputs_of_bulk_extraction_may_have_every_form(tmp_path: Path) -> None:
    files = [put(tmp_path, name, content) for name, content in FORMS.items()]
    pages = [put(tmp_path, name, content) for name, content in PAGES.items()]
    found = find_inputs([*files, *pages])
    assert [path.name for path in found.files] == list(FORMS)
    assert [str(refused).count("caliber ingest") for refused in found.refused] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "content", "exit_code", "words"),
    [
        ("a.warc", REQUEST, 5, "1 request"),
        ("a.warc", warc().replace(b"WARC-Target-URI: ", b"X: "), 5, "1 no url"),
        ("a.warc", warc(), 5, "--any-site"),
        ("a.warc", b"", 5, "contains no records"),
        ("a.warc.gz", gzip.compress(b"", mtime=0), 5, "contains no records"),
        ("a.har", har(), 5, "contains no records"),
        ("a.har", b"{", 6, "not a valid HAR"),
        ("a.warc.gz", gzip.compress(gzip.compress(warc(), mtime=0), mtime=0), 6, "compressed twice"),
        ("a.html.gz", gzip.compress(b"<html>", mtime=0), 6, "a compressed page"),
        ("a.tar.gz", gzip.compress(b"a" * 257 + b"ustar", mtime=0), 6, "tar -xf"),
        ("a.mht", b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n", 6, "MHTML file without a page"),
    ],
)
def test_a_file_without_pages_is_named_with_its_reason(
    tmp_path: Path, name: str, content: bytes, exit_code: int, words: str
) -> None:
    path = put(tmp_path, name, content)
    result = run("ingest", path, "--archive", tmp_path / "a.db", "--jobs", 1)
    assert result.exit_code == exit_code
    assert words in result.stderr
    assert str(path) in result.stderr
    assert not (tmp_path / "a.db").exists()


def test_all_that_was_not_ingested_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    bad_date = warc().replace(b"WARC-Date: 2026", b"WARC-Date: x2026")
    image = record(response(b"x", headers={"Content-Type": "image/png"}), url=URL)
    bad = record(response(status="301 Moved", headers={"Location": "http://[bad"}), url=URL)
    nowhere = record(response(), url="https://elsewhere.example/")
    put(folder, "a.warc", REQUEST + bad_date + image + bad + nowhere + warc())
    put(folder, "picture.png", b"\x89PNG")
    put(folder, "style.css", b"p {}")
    exit_code, report = ingest(tmp_path / "a.db", folder, "--any-site")
    assert (exit_code, report["new"], report["ignored_files"]) == (3, 1, 2)
    assert report["other_records"] == {"request": 1}
    assert report["skipped"] == {"bad_date": 1, "not_html": 1, "bad_location": 1, "not_an_article": 1}
    printed = run("ingest", folder, "--archive", tmp_path / "b.db", "--any-site", "--jobs", 1).stdout
    assert "Skipped 4 records or URLs" in printed
    assert "Records that contain no page: 1 request." in printed
    assert "Files in folders that are not pages or web archives by their names: 2." in printed


def test_a_page_that_cannot_be_stored_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third = URL.replace("harbour", "market")
    path = put(tmp_path, "a.warc", b"".join(warc().replace(URL.encode(), url.encode()) for url in (URL, third)))
    save = Ingester._save

    def broken(self: Ingester, archive: Any, site: Any, item: Any, extraction: Any) -> None:
        save(self, archive, site, item, extraction)
        if item.capture.url == URL:
            raise KeyError("unheard-of")

    monkeypatch.setattr(ingester.Ingester, "_save", broken)
    exit_code, report = ingest(tmp_path / "a.db", path, "--any-site")
    assert (exit_code, report["pages"], report["new"], report["refused"]) == (3, 2, 1, 1)
    with Archive.open(tmp_path / "a.db") as archive:
        assert [row["url"] for row in archive.articles()] == [third]
        assert [row["url"] for row in archive.db["captures"].rows] == [URL, third]
        assert [row["reason"] for row in archive.db["problems"].rows] == ["internal_error"]
    # The next run does not begin with it again.
    assert ingest(tmp_path / "a.db", path, "--any-site")[1]["known"] == 2


def test_a_page_that_cannot_be_stored_at_all_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "a.warc", warc())

    def broken(self: Ingester, archive: Any, capture: Any) -> Any:
        raise KeyError("unheard-of")

    monkeypatch.setattr(ingester.Ingester, "_site_of", broken)
    assert ingest(tmp_path / "a.db", path, "--any-site")[1]["failed"] == 1
    with Archive.open(tmp_path / "a.db") as archive:
        assert [row["reason"] for row in archive.db["problems"].rows] == ["internal_error"]


@pytest.mark.slow
def test_a_packed_wacz_with_damage_is_read_as_far_as_possible(tmp_path: Path) -> None:
    path = tmp_path / "session.wacz"
    records = [warc().replace(URL.encode(), URL.encode() + b"-%d" % number) for number in range(40)]
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("archive/data.warc", b"".join(records) + random.Random(1).randbytes(300_000))
    content = bytearray(path.read_bytes())
    content[-100_000:-99_000] = bytes(1000)
    path.write_bytes(content)
    exit_code, report = ingest(tmp_path / "a.db", path, "--any-site")
    assert (exit_code, report["pages"]) == (3, 40)
    assert report["skipped"] == {"damaged": 1}


def test_a_packed_wacz_is_read(tmp_path: Path) -> None:
    path = tmp_path / "session.wacz"
    with ZipFile(path, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("archive/data.warc", warc())
        zipped.writestr("archive/data.arc.gz", gzip.compress(ARC))
    exit_code, report = ingest(tmp_path / "a.db", path, "--any-site")
    assert (exit_code, report["pages"], report["new"]) == (0, 2, 1)


def test_no_name_in_a_packed_wacz_is_used_as_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    path = folder / "session.wacz"
    names = ("archive/../../../escaped.warc", "/tmp/escaped.warc", "archive/data.warc", "..\\escaped.warc")
    with ZipFile(path, "w") as zipped:
        for name in names:
            zipped.writestr(
                name, warc().replace(b"WARC-Record-ID: ", b"WARC-Filename: ../../escaped\r\nWARC-Record-ID: ")
            )
    assert ingest(folder / "a.db", path, "--any-site")[1]["new"] == 1
    assert [each.name for each in tmp_path.iterdir()] == ["inside"]
    assert [each.name for each in folder.iterdir() if not each.name.startswith(("a.db", "session."))] == []
    assert not Path("/tmp/escaped.warc").exists()


def test_a_zip_of_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    with ZipFile(path, "w") as zipped:
        zipped.writestr("word/document.xml", "<w/>")
    exit_code, report = ingest(tmp_path / "a.db", path)
    assert exit_code == 6
    assert "is not a WACZ" in report["error"]


def test_a_web_archive_is_not_recorded_as_a_page(tmp_path: Path) -> None:
    path = put(tmp_path, "crawl.warc", warc())
    result = run("record", path, "--site", "caliber", "--pages", tmp_path)
    assert result.exit_code == 6
    assert "web archive of many pages" in result.stderr


def test_an_unknown_page_survives_export_and_ingest(tmp_path: Path) -> None:
    path = put(tmp_path, "page.html", article(head='<meta property="og:type" content="article">').encode())
    assert ingest(tmp_path / "a.db", path)[0] == 0
    with Archive.open(tmp_path / "a.db") as archive:
        (row,) = archive.articles()
        assert (row["site"], row["headline"]) == ("unknown", "Harbour opens again")
    assert run("export", "warc", "-o", tmp_path / "a.warc.gz", "--archive", tmp_path / "a.db").exit_code == 0
    assert ingest(tmp_path / "b.db", tmp_path / "a.warc.gz")[0] == 0
    with Archive.open(tmp_path / "b.db") as archive:
        assert [(each["site"], each["url"]) for each in archive.articles()] == [("unknown", row["url"])]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_from_standard_input_belongs_to_the_site_that_it_names(name: str) -> None:
    result = CliRunner().invoke(main, ["extract", "-"], input=PAGES[name])
    printed = json.loads(result.stdout)
    assert (printed["site"], printed["url"]) == ("news.example", URL)
