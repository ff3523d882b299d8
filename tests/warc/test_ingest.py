"""``caliber ingest`` of web archives and URL lists."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.demo import DemoSite
from tests.archive.newsroom import NOON
from tests.warc.newsstand import PAGE, crawled, exported, held, run, take_in, visited
from tests.warc.records import damaged, in_members, record, response

URL = "https://caliber.az/en/post/1"


def page(number: int) -> bytes:
    return record(
        response(PAGE.format(headline=f"Corridors {number}", body="", views=number).encode()), url=f"{URL}{number}"
    )


def ingest(path: Path, archive: Path, *options: object) -> tuple[int, dict[str, object]]:
    result = run("ingest", path, "--archive", archive, "--jobs", 1, "--json", *options)
    return result.exit_code, json.loads(result.stdout)


def test_pages_of_known_sites_are_ingested_with_their_time(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    foreign = record(response(), url="https://example.org/news/2026/01/07/talks-resume")
    file.write_bytes(in_members(foreign, page(1), foreign, page(2)))
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["pages"], report["new"], report["skipped"]) == (0, 2, 2, {"other_site": 2})
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.captures.get(1).url == f"{URL}1"
        assert archive.captures.get(1).fetched_at == NOON
        assert archive.captures.get(1).body.startswith(b'<div class="post">')


def test_damaged_records_are_counted_with_their_reason(tmp_path: Path) -> None:
    members = [gzip.compress(page(number)) for number in range(5)]
    members[1] = damaged(members[1])
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(b"".join(members))
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["new"], report["skipped"]) == (3, 4, {"damaged": 1})
    with Archive.open(tmp_path / "a.db") as archive:
        (problem,) = archive.db["problems"].rows_where("reason = 'damaged'")
        assert str(file) in problem["message"]
        (noted,) = archive.db["runs"].rows
        assert json.loads(noted["counts"])["skipped_damaged"] == 1


def test_text_dumps_are_ingested(tmp_path: Path) -> None:
    text = (Path(__file__).parent.parent / "pages/caliber/baku-s-geopolitical-formula-as-text/page.txt").read_bytes()
    file = tmp_path / "crawl.warc.wet.gz"
    file.write_bytes(in_members(record(text, type="conversion", url=URL, Content_Type="text/plain")))
    assert ingest(file, tmp_path / "a.db")[0] == 0
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.articles.show(1)["headline"].startswith("Baku’s geopolitical formula")  # type: ignore[union-attr]


def test_pages_of_any_site_are_ingested_on_request(tmp_path: Path) -> None:
    words = "The ministers met in the capital on Monday and spoke for hours about the road. " * 12
    body = f"<html lang=en><h1>Talks resume after winter</h1><article><p>{words}</p><p>{words}</p></article>".encode()
    foreign = record(response(body), url="https://news.example/world/2026/01/07/talks-resume")
    file = tmp_path / "crawl.warc.gz"
    wall = record(response(b"<title>Just a moment...</title>"), url="https://news.example/world/2026/01/07/more-talks")
    file.write_bytes(in_members(foreign, wall, record(response(body), url="https://news.example/login")))
    exit_code, report = ingest(file, tmp_path / "a.db", "--any-site")
    assert (exit_code, report["new"], report["failed"], report["skipped"]) == (0, 1, 1, {"not_an_article": 1})
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.distinct_values("site") == ["news.example"]


def test_the_demo_site_is_recognised_by_its_url(tmp_path: Path) -> None:
    site = DemoSite(10, base_url="http://127.0.0.1:8000")
    captures = [visited(site, truth["url"], NOON) for truth in site.truth()]
    file = tmp_path / "demo.warc.gz"
    take_in(there := tmp_path / "there.db", captures, site.base_url)
    exported(there, file)
    assert ingest(file, tmp_path / "a.db")[0] == 5
    assert ingest(file, tmp_path / "a.db", "--base-url", site.base_url)[0] == 0
    assert held(tmp_path / "a.db") == held(there)


def test_a_folder_is_searched_for_web_archives(tmp_path: Path) -> None:
    folder = tmp_path / "crawls"
    (folder / "old").mkdir(parents=True)
    (folder / "new.warc.gz").write_bytes(in_members(page(1)))
    (folder / "old" / "plain.WARC").write_bytes(page(2))
    (folder / "page.html").write_text(f"<!-- saved from url=(0028){URL}3 -->" + PAGE)
    (folder / "notes.md").write_text("not a page")
    exit_code, report = ingest(folder, tmp_path / "a.db")
    assert (exit_code, report["pages"], report["new"]) == (0, 3, 3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.warc.gz", b"\x1f\x8b\x08" + b"noise" * 100),
        ("page.html.gz", gzip.compress(PAGE.encode(), mtime=0)),
        ("noise.wacz", b"PK\x03\x04" + b"noise" * 100),
        ("empty.wacz", "empty"),
    ],
)
def test_a_file_that_is_not_a_web_archive_is_reported(tmp_path: Path, name: str, content: bytes | str) -> None:
    file = tmp_path / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        with ZipFile(file, "w") as zipped:
            zipped.writestr("readme.txt", "nothing")
    result = run("ingest", file, "--archive", tmp_path / "a.db")
    assert result.exit_code == 6
    assert str(file) in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "a.db").exists()


DESCRIBED = b'{"Envelope": {"WARC-Header-Metadata": {"WARC-Type": "response"}}}'
CDXJ = b'az,caliber)/en/post/1 20260107120000 {"url": "https://caliber.az/en/post/1", "filename": "x.warc.gz"}\n'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "crawl.warc.wat.gz",
            in_members(
                record(b"isPartOf: CC\r\n", type="warcinfo", url="", Content_Type="application/warc-fields"),
                record(DESCRIBED, type="metadata", Content_Type="application/json"),
                record(DESCRIBED, type="metadata", url="https://example.org/", Content_Type="application/json"),
            ),
            "WAT",
        ),
        ("index.cdxj", CDXJ * 3, "index"),
        ("cdx-00000.gz", gzip.compress(CDXJ * 3), "index"),
        (
            "index.cdx",
            b" CDX N b a m s k r M S V g\naz,caliber)/ 20260107120000 https://caliber.az/ text/html\n",
            "index",
        ),
    ],
)
def test_an_index_or_metadata_file_is_rejected_with_its_kind(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = run("ingest", file, "--archive", tmp_path / "a.db")
    assert result.exit_code == 6
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_browser_metadata_records_are_not_pages(tmp_path: Path) -> None:
    text = (Path(__file__).parent.parent / "pages/caliber/baku-s-geopolitical-formula-as-text/page.txt").read_bytes()
    file = tmp_path / "rec-1.warc.gz"
    json_type, jpeg = {"Content_Type": "application/json"}, {"Content_Type": "image/jpeg"}
    file.write_bytes(
        in_members(
            record(b'{"pageid": "1", "urls": {}}', type="resource", url=f"urn:pageinfo:{URL}1", **json_type),
            record(b"\xff\xd8", type="resource", url=f"urn:thumbnail:{URL}1", **jpeg),
            record(text, type="resource", url=f"urn:text:{URL}1", Content_Type="text/plain"),
            page(1),
            record(
                PAGE.format(headline="SavedArticle", body="", views=2).encode(),
                type="resource",
                url=f"{URL}2",
                Content_Type="text/html",
            ),
        )
    )
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["new"], report["skipped"]) == (0, 2, {"other_site": 3})
    with Archive.open(tmp_path / "a.db") as archive:
        assert [row["url"] for row in archive.articles()] == [f"{URL}1", f"{URL}2"]


def test_a_truncated_page_is_reported_and_not_stored(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(in_members(record(response(), url=f"{URL}1", WARC_Truncated="length"), page(2)))
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["new"], report["skipped"]) == (3, 1, {"truncated": 1})
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.db["captures"].count == 1
        assert [row["url"] for row in archive.db["problems"].rows_where("reason = 'truncated'")] == [f"{URL}1"]


def test_a_web_archive_without_matching_pages_creates_no_archive(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(in_members(record(response(), url="https://example.org/")))
    assert ingest(file, tmp_path / "a.db")[0] == 5
    assert not (tmp_path / "a.db").exists()


def test_urls_of_a_list_are_queued_for_the_next_crawl(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.write_text(
        f"# from a friend\n{URL}/?fbclid=x\n\n{URL}\nhttps://caliber.az/en/category/world\nhttps://example.org/\n"
    )
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["urls"], report["queued"]) == (0, 2, 1)
    assert report["skipped"] == {"not_an_article": 1, "other_site": 1}
    with Archive.open(tmp_path / "a.db") as archive:
        entry = archive.frontier.get(URL)
        assert entry is not None
        assert (entry.state, entry.site, entry.language, entry.discovered_via) == ("queued", "caliber", "en", "ingest")
    assert ingest(file, tmp_path / "a.db")[1]["queued"] == 0


def test_an_old_capture_does_not_undo_a_newer_visit(tmp_path: Path) -> None:
    *_, newest = pages = [each for each in crawled(10) if each.status == 200 and each.kind == "article"][:-1]
    take_in(tmp_path / "a.db", [newest])
    take_in(tmp_path / "a.db", [page for page in pages if page.url == newest.url])
    with Archive.open(tmp_path / "a.db") as archive:
        entry = archive.frontier.get(newest.url)
        assert entry is not None
        assert entry.visited_at == newest.fetched_at


def test_an_article_under_takedown_is_not_ingested_again(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(in_members(page(1), page(2)))
    ingest(file, tmp_path / "a.db")
    assert run("takedown", f"{URL}1", "--archive", tmp_path / "a.db", "--reason", "asked for").exit_code == 0
    exit_code, report = ingest(file, tmp_path / "a.db")
    assert (exit_code, report["taken_down"], report["known"]) == (0, 1, 1)
    with Archive.open(tmp_path / "a.db") as archive:
        assert [row["url"] for row in archive.articles()] == [f"{URL}2"]
        assert [row["url"] for row in archive.db["captures"].rows] == [f"{URL}2"]
    file.write_bytes(in_members(page(1)))
    assert ingest(file, tmp_path / "a.db")[0] == 16
