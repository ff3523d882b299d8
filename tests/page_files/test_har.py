"""HAR: the pages of a browser session."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from caliber_crawler.errors import NotAPage
from caliber_crawler.items import Capture
from caliber_crawler.page_files import HarReader
from caliber_crawler.page_files import har as har_module
from caliber_crawler.warc import ResolvedURL, Skipped
from tests.page_files.samples import URL, har, har_entry, in_base64
from tests.properties import examples

OTHER = URL.replace("harbour", "market")


def resolve_url(url: str) -> ResolvedURL | None:
    is_known = url.startswith("https://news.example")
    return ResolvedURL(site="news.example", url=url, is_article="/2026/" in url) if is_known else None


def read(path: Path, content: bytes) -> list[Capture | Skipped]:
    file = path / "session.har"
    file.write_bytes(content)
    return list(HarReader(file, resolve_url))


def test_each_page_of_a_session_is_a_capture(tmp_path: Path) -> None:
    headers = [{"name": "content-type", "value": "text/html; charset=windows-1251"}, {"name": "Server", "value": "x"}]
    headers += [{"name": name, "value": "9"} for name in ("Content-Encoding", "content-length", ":status")]
    found = read(
        tmp_path,
        har(
            har_entry(text="<p>Привет</p>", headers=headers),
            har_entry(OTHER, headers=headers, content=in_base64("<p>Привет</p>".encode("cp1251"))),
        ),
    )
    first, second = (each for each in found if isinstance(each, Capture))
    assert (first.site, first.url, first.status) == ("news.example", URL, 200)
    assert first.fetched_at == datetime(2026, 1, 7, 12, tzinfo=UTC)
    # The text of an entry is Unicode already; base64 contains the bytes as they were sent.
    assert (first.body.decode(), first.header("content-type")) == ("<p>Привет</p>", "text/html; charset=utf-8")
    assert second.body.decode("cp1251") == "<p>Привет</p>"
    assert second.header("content-type") == "text/html; charset=windows-1251"
    assert {name for name, _ in first.headers} == {"Content-Type", "Server"}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (har_entry("https://elsewhere.example/2026/a", text="x"), "other_site"),
        (har_entry("https://news.example/about", text="x"), "not_an_article"),
        (har_entry("", text="x"), "no_url"),
        (har_entry("https://news.example/2026/\0\0", text="x"), "no_url"),
        (har_entry(), "no_content"),
        (har_entry(text="x", status=0), "no_response"),
        (har_entry(text="x", status="none"), "no_response"),
        (har_entry(content={"mimeType": "image/png", "text": "x"}), "not_html"),
        (har_entry(content={"text": "a", "encoding": "base64"}), "undecodable"),
        (har_entry(content={"text": "!!!!", "encoding": "base64"}), "undecodable"),
        (har_entry(status=302, redirectURL="http://[bad"), "bad_location"),
        (har_entry(status=302), "bad_location"),
        (har_entry(status=302, redirectURL="/"), "redirect"),
        (har_entry(text="x") | {"startedDateTime": "yesterday"}, "bad_date"),
        ({}, "no_url"),
        (None, "no_url"),
        ([], "no_url"),
    ],
)
def test_an_entry_that_is_no_page_is_counted_with_its_reason(tmp_path: Path, entry: Any, reason: str) -> None:
    found = read(tmp_path, har(entry, har_entry(OTHER, text="<p>x</p>")))
    assert [getattr(each, "reason", None) for each in found] == [reason, None]
    (skipped,) = (each for each in found if isinstance(each, Skipped))
    assert (skipped.offset, skipped.unit) == (1, "entry")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(20))
@given(st.data())
def test_the_entries_before_a_damage_are_read(tmp_path: Path, data: st.DataObject) -> None:
    urls = [URL, OTHER, URL.replace("harbour", "bridge")]
    content = har(*(har_entry(url, text="<p>x</p>") for url in urls))
    first = content.index(b"}}}, {") + 3
    cut = data.draw(st.integers(first, len(content) - 1))
    found = read(tmp_path, content[:cut] + data.draw(st.sampled_from([b"", b"\0\0\0", b'"'])))
    captures = [each for each in found if isinstance(each, Capture)]
    assert [capture.url for capture in captures] == urls[: len(captures)]
    assert len(captures) >= content[:cut].count(b"}}}, {")
    (damage,) = (each for each in found if isinstance(each, Skipped))
    assert (damage.reason, damage.unit) == ("damaged", "entry")


def is_valid(content: bytes) -> bool:
    try:
        json.loads(content, strict=False)
    except ValueError:
        return False
    return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
@given(
    damaged=st.integers(0, 4),
    share=st.floats(0, 0.999),
    length=st.integers(0, 40),
    replacement=st.sampled_from([b"", b"\0" * 40, b'"', b"}", b"]", b"{", b",", b"\n", b"\xff"]),
)
def test_damage_costs_at_most_the_damaged_entry_and_its_neighbour(
    tmp_path: Path, damaged: int, share: float, length: int, replacement: bytes
) -> None:
    urls = [URL.replace("harbour", f"harbour-{number}") for number in range(5)]
    entries = [json.dumps(har_entry(url, text="<p>x</p>")).encode() for url in urls]
    at = int(share * len(entries[damaged]))
    entries[damaged] = entries[damaged][:at] + replacement + entries[damaged][at + length :]
    content = b'{"log": {"entries": [' + b", ".join(entries) + b"]}}"
    assume(not is_valid(content))  # nobody can see that a letter is missing from a text
    found = read(tmp_path, content)
    captured = [capture.url for capture in found if isinstance(capture, Capture)]
    # A lost quotation mark or bracket may join an entry with the one behind it.
    assert set(urls) - set(captured) <= set(urls[damaged : damaged + 2])
    if set(urls) - set(captured):
        assert any(isinstance(each, Skipped) for each in found)


@pytest.mark.parametrize("status", ["200", 200.0, 200])
def test_a_status_may_be_a_text(tmp_path: Path, status: Any) -> None:
    entry = har_entry(text="<p>x</p>")
    entry["response"]["status"] = status
    assert [getattr(each, "status", None) for each in read(tmp_path, har(entry))] == [200]


def test_a_number_of_any_length_does_not_affect_the_entries(tmp_path: Path) -> None:
    content = har(har_entry(text="<p>x</p>"), har_entry(OTHER, text="<p>x</p>"))
    found = read(tmp_path, content.replace(b'"entries": [', b'"entries": [' + b"1" * 10_000 + b", ", 1))
    assert [getattr(each, "reason", None) for each in found] == ["no_url", None, None]


def test_an_entry_without_a_date_has_that_of_its_page_or_of_the_entry_before(tmp_path: Path) -> None:
    entries = [har_entry(url, text="<p>x</p>") for url in (URL, OTHER, URL.replace("harbour", "bridge"))]
    for entry in entries:
        del entry["startedDateTime"]
    entries[1]["pageref"] = "page_2"
    pages = [{"id": "page_2", "startedDateTime": "2026-01-07T16:00:00+04:00"}, {}]
    found = read(tmp_path, json.dumps({"log": {"pages": pages, "entries": entries}}).encode())
    dates = [each.fetched_at if isinstance(each, Capture) else each.reason for each in found]
    assert dates == ["bad_date", *[datetime(2026, 1, 7, 12, tzinfo=UTC)] * 2]


def test_a_redirect_and_its_target_are_one_capture(tmp_path: Path) -> None:
    (capture,) = read(tmp_path, har(har_entry(status=301, redirectURL=OTHER), har_entry(OTHER, text="<p>x</p>")))
    assert isinstance(capture, Capture)
    assert (capture.url, capture.final_url) == (URL, OTHER)


def test_requests_that_send_data_are_counted(tmp_path: Path) -> None:
    entry = har_entry(text="x")
    entry["request"]["method"] = "POST"
    file = tmp_path / "session.har"
    file.write_bytes(har(entry, har_entry(text="<p>x</p>")))
    reader = HarReader(file, resolve_url)
    assert len(list(reader)) == 1
    assert (reader.records, reader.others) == (2, {"request": 1})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"log": {"entries": [', "not a valid HAR"),
        (b'{"log": {}}', "no list of entries"),
        (b'{"log": []}', "no list of entries"),
        (b'{"log": {"entries": ' + b"[" * 100_000, "not a valid HAR"),
    ],
)
def test_a_damaged_har_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(NotAPage, match=words) as raised:
        read(tmp_path, content)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_har_of_500_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    file = tmp_path / "session.har"
    with file.open("wb") as sparse:
        sparse.truncate(500 * 1024**2)
    with pytest.raises(NotAPage, match="larger than 100 MiB"):
        list(HarReader(file, resolve_url))


@pytest.mark.slow
def test_a_har_that_fills_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_module, "HAR_LIMITS", har_module.HAR_LIMITS._replace(memory=30 * 1024**2))
    with pytest.raises(NotAPage, match="memory"):
        read(tmp_path, b'{"log": {"entries": [' + b",".join([b"[]"] * 2_000_000) + b"]}}")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["request", "response", "url", "method", "status", "headers", "content", "text", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60))
@given(entries=st.lists(JSON, max_size=4))
def test_entries_of_any_form_cost_only_themselves(tmp_path: Path, entries: list[Any]) -> None:
    file = tmp_path / "session.har"
    file.write_bytes(json.dumps({"log": {"entries": [*entries, har_entry(text="<p>x</p>")]}}).encode())
    reader = HarReader(file, resolve_url)
    found = list(reader)
    assert isinstance(found[-1], Capture)
    assert reader.records == len(entries) + 1 == len(found) + reader.others.total()
