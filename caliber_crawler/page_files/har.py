"""HAR (http://www.softwareishard.com/blog/har-12-spec/): the requests of a browser session, as its tools save them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from caliber_crawler.errors import InputError, NotAPage
from caliber_crawler.items import Capture
from caliber_crawler.processes import Limits, TooSlow, WorkerCrashed, run_limited
from caliber_crawler.warc.content import MAX_CONTENT_BYTES
from caliber_crawler.warc.dates import parse_date
from caliber_crawler.warc.record import (
    PAGE_TYPES,
    Exchange,
    Reason,
    Skipped,
    UnusableRecord,
    capture_in,
    is_redirect_status,
    shown,
)
from caliber_crawler.warc.responses import ResolveURL, Responses, resolve

MAX_HAR_BYTES = 100 * 1024 * 1024
"""Maximum bytes of a file, which is parsed in memory."""
HAR_LIMITS = Limits(cpu_seconds=30, wall_seconds=300)
"""The limits for parsing a file."""
MAX_HEAD_LENGTH = 1024 * 1024
"""Characters before the entries of a damaged file."""
MAX_FALSE_STARTS = 1_000
"""Number of places that do not begin an object, one after the other, after which the search for entries ends."""
MAX_DIGITS = 300
"""Longer numbers are texts: Python does not convert thousands of digits."""
_ENTRIES = re.compile(r'"entries"\s*+:\s*+\[\s*+')
_COMMA = re.compile(r"\s*+,[\s,]*+")
_END_OF_LIST = re.compile(r"\s*+\]")
_STATUS = re.compile(r"[1-9][0-9]{2}")
_OBJECT = re.compile(r'\{\s*+"')
DESCRIBING_THE_ENCODED = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that describe the body as it was sent; a HAR contains it decoded."""


class Damage(NamedTuple):
    """A place between the entries of a file that cannot be read, and why."""

    message: str


class Decoder(json.JSONDecoder):
    """Reads JSON as programs write it: with line breaks in texts, and with numbers of any length."""

    def __init__(self) -> None:
        super().__init__(strict=False, parse_int=lambda digits: int(digits) if len(digits) <= MAX_DIGITS else digits)


class HarReader:
    """Reads the pages of a HAR, in the order of its entries."""

    def __init__(self, path: Path, resolve_url: ResolveURL) -> None:
        self._path = path
        self._resolve_url = resolve_url
        self._responses = Responses(resolve_url)
        self.offset = 0
        """The number of the current entry, from 1: a HAR has no offsets."""
        self.records = 0
        """Number of entries read so far."""
        self.described = 0
        self.others: Counter[str] = Counter()
        """Entries that are no pages by kind: requests that send data, such as forms."""

    def __iter__(self) -> Iterator[Capture | Skipped]:
        for entry in entries_of(self._path):
            self.records += 1
            self.offset = self.records
            found = self._damaged(entry) if isinstance(entry, Damage) else self._take(entry)
            if found is not None:
                yield found
            yield from self._responses.unanswered()
        yield from self._responses.left()

    def _damaged(self, damage: Damage) -> Skipped:
        return self._skipped("damaged", f"the file is damaged here ({damage.message}); other entries were read", "")

    def _take(self, entry: object) -> Capture | Skipped | None:
        url = text_in(entry, "request", "url")
        try:
            method = text_in(entry, "request", "method").upper()
            if method not in ("GET", ""):
                self.others["request"] += 1
                return None
            resolved = resolve(url, self._resolve_url)
            if not resolved.is_article:
                raise UnusableRecord("not_an_article", "its URL is not an article's")
            capture = capture_in(exchange_of(entry), resolved, url, date_of(entry), "article")
            return self._responses.add(capture, self.offset)
        except UnusableRecord as unusable:
            return self._skipped(unusable.reason, str(unusable), url)
        except Exception as error:  # noqa: BLE001 - one entry must not stop the others
            return self._skipped("internal_error", f"internal error, {type(error).__name__}: {error}", url)

    def _skipped(self, reason: Reason, message: str, url: str) -> Skipped:
        return Skipped(reason=reason, offset=self.offset, message=message, url=url or None, unit="entry")


def entries_of(path: Path) -> Iterator[object]:
    """The entries of a HAR. Raises :class:`NotAPage`, and :class:`InputError` for an unreadable file."""
    try:
        if path.stat().st_size > MAX_HAR_BYTES:
            raise NotAPage(
                f"{path} is larger than {MAX_HAR_BYTES // 1024**2} MiB, the maximum size of a HAR; "
                "record fewer pages in one file, or record them as WARC."
            )
        entries = run_limited(parse_har, path, key=f"har {path}", limits=HAR_LIMITS)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (TooSlow, WorkerCrashed) as error:
        raise NotAPage(f"{path} is not a valid HAR: {error}.") from error
    except MemoryError as error:
        raise NotAPage(f"{path} is not a valid HAR: it needs more memory than the pages of a session.") from error
    except (ValueError, RecursionError) as error:
        raise NotAPage(f"{path} is not a valid HAR: {error}.") from error
    # Each entry is released when it was read: together they may be large.
    entries.reverse()
    while entries:
        yield entries.pop()


def parse_har(path: Path) -> list[object]:
    """The entries of a HAR, with the contents of pages only. Raises ``ValueError``, ``OSError``."""
    source = path.read_bytes()
    try:
        log = value_in(json.loads(source, cls=Decoder), "log")
    except ValueError as error:
        log = {"entries": undamaged_entries(source, error)}
    entries = value_in(log, "entries")
    if not isinstance(entries, list):
        raise ValueError("it has no list of entries")
    _complete_dates(entries, value_in(log, "pages"))
    for entry in entries:
        content = value_in(entry, "response", "content")
        if isinstance(content, dict) and not is_page_type(text_in(content, "mimeType")):
            # Images and scripts are most of a HAR. They are skipped by their media type.
            content["text"] = ""
    return entries


def undamaged_entries(source: bytes, error: ValueError) -> list[object]:
    """The whole entries of a file that is not valid JSON, and each damage: browsers end, disks are full or fail.

    Raises the error of the whole file if there is not one entry.
    """
    text = source.decode(json.detect_encoding(source), "replace")
    start = _ENTRIES.search(text[:MAX_HEAD_LENGTH])
    entries: list[object] = []
    position: int | None = start.end() if start else None
    decoder = Decoder()
    while position is not None and position < len(text):
        try:
            entry, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as damage:
            entries.append(Damage(str(damage)))
            position = next_entry(text, position, decoder)
            continue
        entries.append(entry)
        if (comma := _COMMA.match(text, position)) is not None:
            position = comma.end()
            continue
        is_end = _END_OF_LIST.match(text, position) is not None
        following = next_entry(text, position, decoder)
        if following is not None or not is_end:
            entries.append(Damage(f"no comma follows: char {position}"))
        position = following
    if not any(isinstance(entry, dict) for entry in entries):
        raise error
    # The end of the list was read, but the file is not valid: the damage is before the list or behind it.
    return entries if any(isinstance(entry, Damage) for entry in entries) else [*entries, Damage(str(error))]


def next_entry(text: str, position: int, decoder: Decoder) -> int | None:
    """The place of the first entry after a damage. Objects that are parts of a damaged entry are skipped."""
    false_starts = 0
    while false_starts < MAX_FALSE_STARTS and (found := _OBJECT.search(text, position + 1)):
        position = found.start()
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            false_starts += 1
            continue
        if isinstance(value_in(value, "request"), dict) and "response" in value:
            return position
        false_starts, position = 0, end - 1
    return None


def _complete_dates(entries: list[object], pages: object) -> None:
    """Give an entry without a date that of its page, or of the entry before it: a session lasts minutes."""
    dates = {
        text_in(page, "id"): text_in(page, "startedDateTime") for page in (pages if isinstance(pages, list) else ())
    }
    last = ""
    for entry in entries:
        if isinstance(entry, dict):
            if not text_in(entry, "startedDateTime"):
                entry["startedDateTime"] = dates.get(text_in(entry, "pageref")) or last
            last = text_in(entry, "startedDateTime")


def is_page_type(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in PAGE_TYPES


def value_in(value: object, *names: str) -> Any:
    """A value in nested objects; ``None`` if there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_in(value: object, *names: str) -> str:
    found = value_in(value, *names)
    # JSON may contain halves of characters, which cannot be stored.
    return found.strip().encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def date_of(entry: object) -> datetime:
    written = text_in(entry, "startedDateTime")
    moment = parse_date(written)
    if moment is None:
        raise UnusableRecord("bad_date", f"its date {shown(written)} is invalid" if written else "it has no date")
    return moment


def exchange_of(entry: object) -> Exchange:
    """The response of an entry. Raises :class:`UnusableRecord`."""
    status = status_of(entry)
    if status is None:
        raise UnusableRecord("no_response", "the browser got no response")
    given = value_in(entry, "response", "headers")
    headers = [
        (name, text_in(header, "value"))
        for header in (given if isinstance(given, list) else ())
        if (name := text_in(header, "name")) and not name.startswith(":")
    ]
    known = {name.lower(): value for name, value in headers}
    media_type = known.get("content-type") or text_in(entry, "response", "content", "mimeType")
    kept = [(name, value) for name, value in headers if name.lower() not in (*DESCRIBING_THE_ENCODED, "content-type")]
    if is_redirect_status(status) and "location" not in known and (to := text_in(entry, "response", "redirectURL")):
        kept.append(("Location", to))
    body, is_text = body_of(entry, status)
    if is_text:
        # The text was decoded by the browser, whatever the page says of its character set.
        media_type = f"{media_type.partition(';')[0].strip() or 'text/html'}; charset=utf-8"
    return Exchange(status, ((("Content-Type", media_type),) if media_type else ()) + tuple(kept), body)


def status_of(entry: object) -> int | None:
    """The status of a response, also as a text or with a decimal point; ``None`` if there was no response."""
    status = value_in(entry, "response", "status")
    written = str(status).removesuffix(".0") if not isinstance(status, bool) else ""
    return int(written) if _STATUS.fullmatch(written) else None


def body_of(entry: object, status: int) -> tuple[bytes, bool]:
    """The body of a response, and whether the browser decoded its characters."""
    text = value_in(entry, "response", "content", "text")
    if not isinstance(text, str):
        if status == 200:
            raise UnusableRecord("no_content", "the browser recorded no body; save the HAR with content")
        return b"", False
    if len(text) > MAX_CONTENT_BYTES * 4 // 3 + 4:
        raise UnusableRecord("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    if text_in(entry, "response", "content", "encoding").lower() != "base64":
        body, is_text = text.encode("utf-8", "replace"), True
    else:
        try:
            body, is_text = base64.b64decode("".join(text.split()), validate=True), False
        except (binascii.Error, ValueError) as error:
            raise UnusableRecord("undecodable", "its base64 is invalid") from error
    if len(body) > MAX_CONTENT_BYTES:
        raise UnusableRecord("too_large", f"it is larger than {MAX_CONTENT_BYTES // 1024**2} MiB")
    return body, is_text
