"""Which requests are answered: hosts, requests that come from pages of other sites, and pages closed in public.

A server on this machine is reachable from every page that its user visits: a page can request
``http://127.0.0.1:8001/…``, or point a host name of its own at 127.0.0.1 and then read the answers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from datasette.utils.asgi import Response

from caliber_crawler.browse.detection import archives
from caliber_crawler.browse.public import PLUGIN, is_public

if TYPE_CHECKING:
    from datasette.app import Datasette

    from caliber_crawler.browse.headers import Application, Message, Receive, Send

HOSTS_VARIABLE = "CALIBER_BROWSE_HOSTS"
"""Environment variable with host names, separated by commas."""
LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|\[::1\]", re.ASCII)
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:@/?#\[\]\s]+)(?::\d{0,5})?", re.ASCII)
OF_DATASETTE = re.compile(r"/+-/(?!static/|static-plugins/)")
"""Pages about the server: threads, files, versions, settings, permissions."""

_hosts: WeakKeyDictionary[Datasette, frozenset[str]] = WeakKeyDictionary()


def remember_hosts(datasette: Datasette) -> None:
    """Remember the host names that the command or the configuration (``hosts``) adds to those of this machine."""
    configured = (datasette.plugin_config(PLUGIN) or {}).get("hosts") or []
    given = os.environ.get(HOSTS_VARIABLE, "").split(",")
    _hosts[datasette] = frozenset(name.strip().lower().rstrip(".") for name in [*configured, *given] if name.strip())


def with_access(datasette: Datasette, application: Application) -> Application:
    """Wrap the application so that it refuses these requests, if it serves an archive."""

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Where Datasette is embedded, it starts with the first request, which is checked too.
            await datasette.invoke_startup()
            if any(archives(datasette)) and (why := refusal(datasette, scope)):
                await Response.text(why, status=403).asgi_send(send)
                return
        await application(scope, receive, send)

    return wrapped


def refusal(datasette: Datasette, scope: Message) -> str | None:
    """The reason why a request is refused, if it is."""
    headers = _headers(scope.get("headers") or [])
    host = headers.get("host", "")
    if not _is_allowed(datasette, host):
        return f"This server does not answer requests for the host {host[:100]!r}; see caliber browse --allow-host.\n"
    if is_public(datasette):
        return "This page is not available in public mode.\n" if _is_of_datasette(datasette, scope) else None
    if is_from_another_site(headers) and not _is_plain_link(scope, headers):
        return "Queries from pages of other sites are refused. Open this URL from the address bar.\n"
    return None


def _headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by name. A header that occurs twice has both values, and matches nothing."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _is_allowed(datasette: Datasette, header: str) -> bool:
    added = _hosts.get(datasette, frozenset())
    if is_public(datasette) and not added:
        return True
    match = HOST.fullmatch(header.lower())
    name = match[1].rstrip(".") if match else ""
    return LOOPBACK.fullmatch(name) is not None or name in added


def is_from_another_site(headers: dict[str, str]) -> bool:
    """Return whether a page of another server made the request, as far as the browser states it."""
    host = headers.get("host", "").lower()
    if (origin := headers.get("origin")) is not None and _netloc(origin) != host:
        return True
    # Another port of this machine is the same site, but another server.
    if (site := headers.get("sec-fetch-site")) is not None:
        return site not in ("same-origin", "none")
    return "referer" in headers and _netloc(headers["referer"]) != host


def _netloc(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.lower() or None
    except ValueError:
        return None


def _is_plain_link(scope: Message, headers: dict[str, str]) -> bool:
    """Return whether the visitor followed a link without parameters, as to an article."""
    is_navigation = headers.get("sec-fetch-mode", "navigate") == "navigate"
    is_page = headers.get("sec-fetch-dest", "document") == "document"
    return scope["method"] == "GET" and is_navigation and is_page and not scope.get("query_string")


def _is_of_datasette(datasette: Datasette, scope: Message) -> bool:
    below = datasette.setting("base_url").rstrip("/")
    paths = {scope["path"], (scope.get("raw_path") or b"").decode("latin-1")}
    return any(OF_DATASETTE.match(path.removeprefix(below)) for path in paths)
