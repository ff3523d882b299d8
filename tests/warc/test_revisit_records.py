"""Revisit records, which refer to a page in another record."""

from __future__ import annotations

import gzip
import hashlib
import io

import pytest

from caliber_crawler.items import Capture
from caliber_crawler.warc import Originals, WarcReader
from tests.warc.records import (
    DATE,
    HTML,
    block_digest,
    captures,
    in_members,
    numbers,
    page,
    reasons,
    record,
    resolve_url,
    response,
)
from tests.warc.test_writing import PAGE, URL


def test_a_matching_digest_of_any_kind_is_accepted() -> None:
    content = response()
    for digest in (
        block_digest(content),
        block_digest(content, "sha256"),
        f"sha256:{hashlib.sha256(content).hexdigest()}",
        "xyz:1",
    ):
        assert len(captures(record(content, WARC_Block_Digest=digest))) == 1


def test_a_revisit_gives_the_page_it_refers_to() -> None:
    digest = "sha1:ABC"
    first = record(
        response(gzip.compress(PAGE), headers=HTML | {"Content-Encoding": "gzip"}), WARC_Payload_Digest=digest
    )
    later = {"WARC_Date": "2026-02-01T00:00:00Z", "WARC_Payload_Digest": digest}
    refers = {"WARC_Refers_To_Target_URI": URL, "WARC_Refers_To_Date": DATE}
    warc = in_members(
        first,
        record(response(b"", headers=HTML | {"X-Later": "1"}), type="revisit", **later),
        record(b"", type="revisit", **(later | refers | {"Content_Type": ""})),
        record(b"", type="revisit", url=URL + "9", **(later | refers | {"WARC_Payload_Digest": ""})),
        record(response(b"", "304 Not Modified"), type="revisit", **later),
    )
    assert reasons(warc) == []
    found = captures(warc)
    assert [capture.body for capture in found] == [PAGE, PAGE, PAGE, PAGE, b""]
    assert [capture.status for capture in found] == [200, 200, 200, 200, 304]
    assert [capture.fetched_at.month for capture in found] == [1, 2, 2, 2, 2]
    assert ("X-Later", "1") in found[1].headers


PROFILES = "http://netpreserve.org/warc/{}/revisit/{}"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("profile", ["identical-payload-digest", "uri-agnostic-identical-payload-digest"])
def test_a_revisit_of_the_same_payload_gives_that_page(version: str, profile: str) -> None:
    same = {"WARC_Profile": PROFILES.format(version, profile), "WARC_Payload_Digest": "sha1:ABC"}
    again = record(response(b""), type="revisit", url=f"{URL}9", **same)
    found = captures(in_members(page(1, WARC_Payload_Digest="sha1:ABC"), again))
    assert [(capture.url, capture.body) for capture in found] == [
        (f"{URL}1", b"<h1>1</h1>"),
        (f"{URL}9", b"<h1>1</h1>"),
    ]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_revisit_that_was_not_modified_needs_no_page(version: str) -> None:
    profile = {"WARC_Profile": PROFILES.format(version, "server-not-modified")}
    bare = record(b"", type="revisit", Content_Type="", **profile)
    not_modified = record(response(b"", "304 Not Modified", {"ETag": '"x"'}), type="revisit", **profile)
    found = captures(in_members(bare, not_modified))
    assert [(capture.status, capture.headers) for capture in found] == [(304, ()), (304, (("ETag", '"x"'),))]


def test_a_revisit_may_refer_to_a_file_that_was_read_before() -> None:
    digest, originals = "sha1:ABC", Originals()
    first = in_members(page(1), page(2, WARC_Payload_Digest=digest))
    second = in_members(
        record(b"", type="revisit", url=f"{URL}7", WARC_Payload_Digest=digest, Content_Type=""),
        record(
            b"",
            type="revisit",
            url=f"{URL}8",
            WARC_Refers_To_Target_URI=f"{URL}1",
            WARC_Refers_To_Date=DATE,
            Content_Type="",
        ),
    )
    assert reasons(second) == ["no_original", "no_original"]
    found = [
        each
        for warc in (first, second)
        for each in WarcReader(lambda warc=warc: io.BytesIO(warc), resolve_url, originals=originals)  # type: ignore[misc]
    ]
    assert [each.body for each in found if isinstance(each, Capture)][2:] == [b"<h1>2</h1>", b"<h1>1</h1>"]


def test_the_number_of_remembered_originals_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caliber_crawler.warc.originals.REMEMBERED", 2)
    pages = [page(number, WARC_Payload_Digest=f"sha1:{number}") for number in range(3)]
    again = [
        record(b"", type="revisit", url=f"{URL}9", WARC_Payload_Digest=f"sha1:{number}", Content_Type="")
        for number in range(3)
    ]
    warc = in_members(*pages, *again)
    assert numbers(captures(warc)) == [0, 1, 2, 9]
    assert reasons(warc) == ["no_original", "no_original"]
