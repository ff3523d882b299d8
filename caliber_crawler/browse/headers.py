"""HTTP headers that keep scraped text harmless even if escaping failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from caliber_crawler.browse.detection import archives

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from datasette.app import Datasette

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

Headers = dict[bytes, bytes]

EVERY_PAGE: Headers = {
    # The browser must use the declared media type and not guess one from scraped bytes.
    b"x-content-type-options": b"nosniff",
    # A link to the news site must not reveal the page of the archive.
    b"referrer-policy": b"same-origin",
}

POLICY = "content-security-policy"
SCOPE_KEY = "caliber_crawler.headers"


def own_page(*, scripts: bool = False, frames: bool = False) -> Headers:
    """Return the headers of the plugin's own pages. Scripts and frames may come from this server only, if allowed."""
    policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
    # The colour legend of a chart is a picture that the script draws.
    policy += "; script-src 'self'; img-src 'self' data:" if scripts else "; img-src 'self'"
    policy += "; frame-src 'self'" if frames else ""
    return {POLICY.encode(): f"{policy}; frame-ancestors 'none'".encode()}


def captured_page() -> Headers:
    """Return the headers of a captured page: no scripts, forms or requests."""
    policy = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
    )
    return {
        POLICY.encode(): f"{policy}; frame-ancestors 'self'".encode(),
        # Browsers may resolve the host names of links in advance.
        b"x-dns-prefetch-control": b"off",
        b"referrer-policy": b"no-referrer",
        b"cache-control": b"private, no-store",
    }


def mark(scope: Mapping[str, Any], headers: Headers) -> None:
    """Add these headers to the response to this request."""
    # Datasette copies the scope, but not the dictionary inside it.
    scope.get(SCOPE_KEY, {}).update(headers)


def with_headers(datasette: Datasette, application: Application) -> Application:
    """Wrap the application so that its responses have these headers, if it serves an archive."""

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
