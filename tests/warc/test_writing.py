"""Captures as WARC: valid for third-party tools, with reconstructed parts declared."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fastwarc.cli import main as fastwarc
from fastwarc.warc import ArchiveIterator, WarcRecord
from warcio.cli import main as warcio

from caliber_crawler.items import Capture
from caliber_crawler.warc import write_warc
from tests.archive.newsroom import NOON, capture, minutes

PAGE = b"<html><h1>Baku</h1></html>"
URL = "https://caliber.az/en/post/1"


def written(*captures: Capture, rights: str = "") -> bytes:
    file = io.BytesIO()
    assert write_warc(captures, file, name="export.warc.gz", rights=rights) == len(captures)
    return file.getvalue()


def records(warc: bytes) -> list[WarcRecord]:
    found = []
    for record in ArchiveIterator(io.BytesIO(warc)):
        record.freeze()
        found.append(record)
    return found


def types(warc: bytes) -> list[str]:
    return [str(record.record_type) for record in records(warc)]


def exchanges() -> list[Capture]:
    """Every kind of capture: first and unchanged pages, 304s, redirects, errors, failed fetches, saved files."""
    html = (("Content-Type", "text/html; charset=utf-8"),)
    as_sent: Any = (
        *html,
        ("Content-Encoding", "gzip"),
        ("Content-Length", "17"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )
    saved = (("Content-Type", "text/plain"), ("Content-Disposition", 'attachment; filename="page.txt"'))
    listing = "https://caliber.az/en/category/analytics"
    return [
        capture(url=URL, body=PAGE, headers=as_sent),
        capture(minutes(1), url=URL, body=PAGE, headers=html),
        capture(minutes(2), url=URL, body=b"", headers=(("ETag", '"x"'),), status=304),
        capture(minutes(3), url=URL, body=PAGE + b"edited"),
        capture(
            minutes(4),
            url="https://caliber.az/en/post/2",
            final_url="https://caliber.az/en/post/two",
            redirects=("https://caliber.az/x",),
        ),
        capture(minutes(5), url="https://caliber.az/en/post/3", body=b"<p>gone</p>", status=404),
        capture(
            minutes(6),
            url="https://caliber.az/en/post/4",
            body=b"",
            headers=(),
            status=None,
            error="no answer within 30 s",
            error_code="timeout",
        ),
        capture(minutes(7), url="urn:sha256:abc", body=b"A saved page", headers=saved),
        capture(minutes(8), url="https://caliber.az/en/post/5", body=b"Another saved page", headers=saved),
        capture(minutes(9), url=listing, kind="listing", body=b"<ul></ul>"),
        capture(minutes(10), url=f"{listing}?page=2", kind="listing", body=b"", status=200),
        capture(minutes(11), url="https://caliber.az/en/post/%D5%A2?x=y", body="<p>Բաքու</p>".encode()),
    ]


def test_third_party_tools_accept_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "export.warc.gz"
    path.write_bytes(written(*exchanges()))
    with pytest.raises(SystemExit, match="0"):
        warcio(["check", "-v", str(path)])
    output = capsys.readouterr().out
    assert output.count("digest pass") > len(exchanges())
    assert "fail" not in output
    result = CliRunner().invoke(fastwarc, ["check", str(path)])
    assert result.exit_code == 0, result.output
    assert "FAIL" not in result.output


def test_every_record_is_a_separate_gzip_member() -> None:
    warc = written(*exchanges())
    for record in records(warc):
        assert warc[record.stream_pos :].startswith(b"\x1f\x8b\x08")
        again = next(iter(ArchiveIterator(io.BytesIO(warc[record.stream_pos :]))))
        assert again.record_id == record.record_id


def test_an_exchange_is_a_response_and_its_request() -> None:
    info, response, request = records(written(capture(url=URL + "?page=2", body=PAGE)))
    assert str(info.record_type) == "warcinfo"
    assert response.headers["WARC-Target-URI"] == request.headers["WARC-Target-URI"] == URL + "?page=2"
    assert response.headers["WARC-Date"] == request.headers["WARC-Date"] == "2026-01-07T12:00:00Z"
    assert request.headers["WARC-Concurrent-To"] == response.headers["WARC-Record-ID"]
    assert response.http_headers.status_line == "HTTP/1.1 200 OK"
    assert response.reader.read() == PAGE
    assert request.http_headers.status_line == "GET /en/post/1?page=2 HTTP/1.1"
    assert dict(request.http_headers.items()) == {"Host": "caliber.az"}


def test_headers_of_the_encoded_body_are_renamed() -> None:
    response = records(written(exchanges()[0]))[1]
    assert response.http_headers.items() == (
        ("Content-Type", "text/html; charset=utf-8"),
        ("X-Archive-Orig-Content-Encoding", "gzip"),
        ("X-Archive-Orig-Content-Length", "17"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )


def test_the_file_describes_reconstructed_parts_and_rights() -> None:
    info = records(written(rights="Caliber.Az: a hyperlink."))[0].reader.read().decode()
    assert "software: caliber_crawler/" in info
    assert "with their content and transfer encodings removed" in info
    assert "requests are reconstructed" in info
    assert "rights: Caliber.Az: a hyperlink.\r\n" in info


def test_the_same_body_is_written_once() -> None:
    first, again = capture(url=URL, body=PAGE), capture(minutes(1), url=URL + "9", body=PAGE)
    warc = written(first, again)
    assert types(warc) == ["warcinfo", "response", "request", "revisit", "request"]
    _, response, _, revisit, _ = records(warc)
    assert revisit.headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert revisit.headers["WARC-Refers-To-Target-URI"] == URL
    assert revisit.headers["WARC-Refers-To-Date"] == "2026-01-07T12:00:00Z"
    assert revisit.headers["WARC-Payload-Digest"] == response.headers["WARC-Payload-Digest"]


def test_a_not_modified_response_refers_to_its_page() -> None:
    warc = written(capture(url=URL, body=PAGE), capture(minutes(1), url=URL, body=b"", status=304))
    revisit = records(warc)[3]
    assert revisit.headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert revisit.headers["WARC-Refers-To-Target-URI"] == URL
    assert revisit.http_headers.status_code == 304


def test_no_exchange_is_invented_for_a_saved_file_or_a_failure() -> None:
    captures = exchanges()
    assert types(written(captures[7], captures[8])) == ["warcinfo", "resource", "resource"]
    assert types(written(captures[6])) == ["warcinfo", "metadata"]


def test_a_header_stays_on_one_line() -> None:
    hostile = (("X-Evil", "a\r\nWARC-Type: response\r\n\r\n<script>"), ("X\r\nY", "b"), ("Ünïcode", "Баку"))
    warc = written(
        capture(url=URL, body=PAGE, headers=hostile), capture(NOON + timedelta(hours=1), url=URL + "2", body=b"x")
    )
    assert types(warc) == ["warcinfo", "response", "request", "response", "request"]
    assert records(warc)[1].reader.read() == PAGE


def test_a_url_stays_on_one_line() -> None:
    hostile = "https://caliber.az/en/post/a b\r\nWARC-Type: metadata\r\n\r\nԲաքու"
    warc = written(capture(url=URL, final_url=hostile, redirects=(hostile,), body=PAGE))
    assert types(warc) == ["warcinfo", "response", "request"]
    response = records(warc)[1]
    address = "https://caliber.az/en/post/a%20b%0D%0AWARC-Type:%20metadata%0D%0A%0D%0A%D4%B2%D5%A1%D6%84%D5%B8%D6%82"
    assert response.headers["WARC-Target-URI"] == address
    assert response.headers["Caliber-Requested-URI"] == f"{URL} {address}"
