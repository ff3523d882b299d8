"""HTTP headers that keep scraped text harmless even where escaping it had failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caliber_crawler.browse.recognition import archives

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from datasette.app import Datasette

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]

EVERY_PAGE = {
    # A response is what it says it is, and not what a browser guesses from scraped bytes.
    b"x-content-type-options": b"nosniff",
    # Following a link to the news site does not tell it what was being read here.
    b"referrer-policy": b"same-origin",
}

OWN_PAGE = {
    b"content-security-policy": (
        b"default-src 'none'; style-src 'self'; img-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""For pages of ours, which have no scripts. Datasette's own have inline ones."""

SCOPE_KEY = "caliber_crawler.headers"


def mark_as_own_page(scope: Message) -> None:
    """Have the response to this request carry :data:`OWN_PAGE`."""
    # Datasette copies the scope on its way; the dictionary inside it stays the same one.
    scope.get(SCOPE_KEY, {}).update(OWN_PAGE)


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
