"""MHTML (RFC 2557): a page with its images in one file, as Chrome, Edge and older browsers save it."""

from __future__ import annotations

import contextlib
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import CloseBoundaryNotFoundDefect, HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime

MAX_PARTS = 10_000
MAX_NESTING = 10
"""Maximum number of multiparts in each other; browsers write one."""
HEAD_BYTES = 8 * 1024
END_BYTES = 4 * 1024
FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:")
MIME_FIELD = re.compile(
    rb"^(?:MIME-Version:|Snapshot-Content-Location:|Content-Type:[ \t]*(?:multipart/related|text/html)\b)", re.I | re.M
)
CONTENT_ID = re.compile(rb"cid:([^\s\"'<>)]{1,300})")
HTML_TYPES = ("text/html", "application/xhtml+xml")


class NoPage(Exception):
    """A file that has no page in it. The message is one clause."""


@dataclass(frozen=True, slots=True)
class MhtmlPage:
    """The page in an MHTML file, decoded, with its own character set."""

    body: bytes
    content_type: str
    url: str | None
    saved_at: datetime | None


def is_mhtml(data: bytes) -> bool:
    """Whether a file begins like MHTML: with the fields of a MIME message."""
    head = data[:HEAD_BYTES].removeprefix(BOM_UTF8).lstrip()
    return (
        FIELD.match(head) is not None and MIME_FIELD.search(re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]) is not None
    )


def mhtml_page(content: bytes) -> MhtmlPage:
    """The page in an MHTML file. Raises :class:`NoPage`."""
    try:
        message = message_from_bytes(content.removeprefix(BOM_UTF8), policy=policy.compat32)
        parts = leaves(message)
        root = root_of(message, parts)
        body = decoded(root)
        if is_cut(message) and root is parts[-1] and b"</html" not in body[-END_BYTES:].lower():
            raise NoPage("it ends in the middle of the page")
    except (RecursionError, LookupError, ValueError, AssertionError) as error:
        raise NoPage(f"its parts cannot be read ({error})") from error
    url = field(message, "Snapshot-Content-Location") or field(root, "Content-Location") or None
    return MhtmlPage(with_urls(body, parts), content_type_of(root), url, date_of(message))


def leaves(message: Message) -> list[Message]:
    """The parts that are no multiparts themselves."""
    found: list[Message] = []
    level, depth = [message], 0
    while level:
        if depth > MAX_NESTING or len(found) > MAX_PARTS:
            raise NoPage("it has too many parts")
        inner: list[Message] = []
        for part in level:
            payload = part.get_payload()
            if isinstance(payload, list):
                inner += [each for each in payload if isinstance(each, Message)]
            else:
                found.append(part)
        level, depth = inner, depth + 1
    return found


def root_of(message: Message, parts: list[Message]) -> Message:
    """The part with the page: the one that the message names as its start or its location, else the first HTML."""
    pages = [part for part in parts if part.get_content_type() in HTML_TYPES]
    start = message.get_param("start")
    location = field(message, "Snapshot-Content-Location")
    for part in pages:
        if isinstance(start, str) and field(part, "Content-ID") == start:
            return part
    for part in pages:
        if location and field(part, "Content-Location") == location:
            return part
    if not pages:
        raise NoPage("it contains no HTML")
    return pages[0]


def is_cut(message: Message) -> bool:
    """Whether a multipart message lacks its end."""
    return any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects)


def decoded(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def with_urls(body: bytes, parts: list[Message]) -> bytes:
    """The page with the URLs of its images, where it refers to the parts by their IDs."""
    urls = {
        field(part, "Content-ID").strip("<>").encode(): location.encode("utf-8", "replace")
        for part in parts
        if (location := field(part, "Content-Location")).startswith(("http://", "https://"))
    }
    return CONTENT_ID.sub(lambda match: urls.get(match[1], match[0]), body)


def content_type_of(part: Message) -> str:
    charset = part.get_param("charset")
    named = f"; charset={charset}" if isinstance(charset, str) and re.fullmatch(r"[\w.:+-]{1,40}", charset) else ""
    return f"{part.get_content_type()}{named}"


def field(message: Message, name: str) -> str:
    text = str(message.get(name, ""))
    if "=?" in text:
        with contextlib.suppress(HeaderParseError, LookupError, ValueError):
            text = str(make_header(decode_header(text)))
    return re.sub(r"\s+", "", text)


def date_of(message: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(message.get("Date", "")))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
