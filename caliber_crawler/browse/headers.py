"""HTTP headers that keep scraped text harmless even where escaping it had failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from caliber_crawler.browse.recognition import archives

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from datasette.app import Datasette

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

Headers = dict[bytes, bytes]

EVERY_PAGE: Headers = {
    # A response is what it says it is, and not what a browser guesses from scraped bytes.
    b"x-content-type-options": b"nosniff",
    # Following a link to the news site does not tell it what was being read here.
    b"referrer-policy": b"same-origin",
}

POLICY = "content-security-policy"
SCOPE_KEY = "caliber_crawler.headers"


def own_page(*, scripts: bool = False, frames: bool = False) -> Headers:
    """For pages of ours. Scripts come from the package's own files or not at all; frames show pages of the archive."""
    policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
    # The scale of colours beside a chart is a picture that the chart's script draws.
    policy += "; script-src 'self'; img-src 'self' data:" if scripts else "; img-src 'self'"
    policy += "; frame-src 'self'" if frames else ""
    return {POLICY.encode(): f"{policy}; frame-ancestors 'none'".encode()}


def captured_page() -> Headers:
    """For a page as it was fetched: no script, no form, no request, not even where a link would lead."""
    policy = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
    )
    return {
        POLICY.encode(): f"{policy}; frame-ancestors 'self'".encode(),
        # A browser may look up the names of hosts that a page links to.
        b"x-dns-prefetch-control": b"off",
        b"referrer-policy": b"no-referrer",
        b"cache-control": b"private, no-store",
    }


def mark(scope: Mapping[str, Any], headers: Headers) -> None:
    """Have the response to this request carry these headers."""
    # Datasette copies the scope on its way; the dictionary inside it stays the same one.
    scope.get(SCOPE_KEY, {}).update(headers)


def with_headers(datasette: Datasette, application: Application) -> Application:
    """The application, with our headers on what it sends when it serves an archive."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = dict(EVERY_PAGE)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and any(archives(datasette)):
                theirs = [header for header in message.get("headers", []) if header[0].lower() not in headers]
                message = {**message, "headers": [*theirs, *headers.items()]}
            await send(message)

        await application({**scope, SCOPE_KEY: headers}, receive, send_with_headers)

    return wrapped
