"""Files as browsers and other programs save them, made by hand around one article."""

from __future__ import annotations

import base64
import json
import quopri
from typing import Any

from tests.warc.records import record, response

URL = "https://news.example/2026/01/07/harbour-opens-again"
DATE = "2026-01-07T12:00:00Z"
TEXT = "The harbour opened again on Wednesday after a winter of repairs to both of its long piers, the town said. "
ARTICLE = (
    "<!DOCTYPE html><html lang='en'><head><title>Harbour opens again | The Example</title>{head}"
    '<meta property="article:published_time" content="2026-01-07T10:00:00+00:00"></head><body><article>'
    "<h1>Harbour opens again</h1>" + f"<p>{TEXT * 3}</p>" * 4 + "</article></body></html>"
)


def article(head: str = "", before: str = "") -> str:
    return before + ARTICLE.replace("{head}", head)


def har_entry(url: str = URL, text: str | None = None, **response_fields: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"mimeType": "text/html", "size": 1}
    if text is not None:
        content["text"] = text
    answer = {"status": 200, "headers": [], "content": content} | response_fields
    return {"startedDateTime": DATE, "request": {"method": "GET", "url": url}, "response": answer}


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def in_base64(text: bytes) -> dict[str, Any]:
    return {"mimeType": "text/html", "text": base64.b64encode(text).decode(), "encoding": "base64"}


def mhtml(body: bytes, *, encoding: str = "quoted-printable", content_type: str = "text/html", url: str = URL) -> bytes:
    """A page as Chrome saves it, with an image and a frame as further parts."""
    encoded = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}.get(encoding, bytes)(body)
    part = "----MultipartBoundary--xyz----"
    return (
        (
            "From: <Saved by Blink>\r\n"
            f"Snapshot-Content-Location: {url}\r\n"
            "Subject: =?utf-8?Q?Harbour?=\r\n"
            "Date: Wed, 7 Jan 2026 16:00:00 +0400\r\n"
            "MIME-Version: 1.0\r\n"
            f'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="{part}"\r\n\r\n\r\n'
            f"--{part}\r\nContent-Type: {content_type}\r\nContent-ID: <frame-1@mhtml.blink>\r\n"
            f"Content-Transfer-Encoding: {encoding}\r\nContent-Location: {url}\r\n\r\n"
        ).encode()
        + encoded
        + (
            f"\r\n--{part}\r\nContent-Type: text/html\r\nContent-ID: <frame-2@mhtml.blink>\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>an advertisement</p>"
            f"\r\n--{part}\r\nContent-Type: image/png\r\nContent-ID: <image-1@mhtml.blink>\r\n"
            "Content-Transfer-Encoding: base64\r\nContent-Location: https://news.example/pier.png\r\n\r\niVBORw0K\r\n"
            f"\r\n--{part}--\r\n"
        ).encode()
    )


def warc(text: str | None = None) -> bytes:
    body = (article() if text is None else text).encode()
    return record(response(body, headers={"Content-Type": "text/html; charset=utf-8"}), url=URL)
