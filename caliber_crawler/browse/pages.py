"""Common parts of the plugin's pages: permissions, access to the archive, and responses."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from datasette import Forbidden, NotFound
from datasette.utils import sqlite_timelimit, tilde_decode
from datasette.utils.asgi import Response
from datasette.views.base import DatasetteError

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.browse import headers
from caliber_crawler.browse.datasette_versions import may_run_sql, require_view
from caliber_crawler.browse.detection import is_archive
from caliber_crawler.browse.limits import MAX_VALUE_BYTES, LimitExceeded
from caliber_crawler.browse.public import is_public
from caliber_crawler.errors import QueryError

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.database import Database
    from datasette.utils.asgi import Request

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for one of the plugin's pages of an archive."""

    datasette: Datasette
    request: Request
    database: str
    """Name of the archive in Datasette."""

    @property
    def is_public(self) -> bool:
        """Whether the archive is served in public mode (``caliber browse --public``)."""
        return is_public(self.datasette)

    def argument(self, name: str, default: str = "") -> str:
        """Return a query parameter without surrounding white space."""
        value = self.request.args.get(name)
        return default if value is None else str(value).strip()

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a query parameter that is an integer from 1 to ``most``; the default for any other value."""
        text = self.argument(name)
        number = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else default
        return number if 1 <= number <= most else default

    def url_of(self, page: str, /, **query: object) -> str:
        """Return the URL of a page of the plugin: ``url_of("search", q="Baku")``. Empty parameters are omitted."""
        return url_of(self.datasette, self.database, page, **query)

    def same_page(self, **changes: object) -> str:
        """Return the URL of this page with changed parameters; empty ones are omitted."""
        page = self.request.path.rpartition("/-/")[2]
        kept = {name: self.argument(name) for name in self.request.args}
        return self.url_of(page, **(kept | changes))

    async def may_ask_sql(self) -> bool:
        """Return whether the visitor may run arbitrary SQL."""
        return await may_run_sql(self.datasette, self.request.actor, self.database)

    async def read(self, work: Callable[[Connection], Read]) -> Read:
        """Return the result of ``work`` on the archive, within Datasette's time limit for a query."""
        return await read(self.datasette, self.datasette.get_database(self.database), work)

    async def html(self, template: str, page: Mapping[str, object], *, status: int = 200, **allowed: bool) -> Response:
        """Return the page as HTML with its security headers; ``allowed`` as in :func:`headers.own_page`."""
        headers.mark(self.request.scope, headers.own_page(**allowed))
        context = {"page_request": self, "database": self.database, "is_public": self.is_public, **page}
        return Response.html(await self.datasette.render_template(template, context, request=self.request), status)


View = Callable[[PageRequest], Awaitable[Response]]
Context = dict[str, object]
"""Variables of a template, by name."""


def page(view: View, *tables: str) -> Callable[[Request, Datasette], Awaitable[Response]]:
    """Make a Datasette view of a page; it requires permission to view all these tables."""

    async def answer(request: Request, datasette: Datasette) -> Response:
        database = tilde_decode(request.url_vars["database"])
        if not is_archive(datasette, database):
            raise NotFound("This archive does not exist.")
        if request.method not in ("GET", "HEAD"):
            return Response.text("This page supports GET and HEAD only.", status=405, headers={"allow": "GET, HEAD"})
        for table in tables:
            await require_view(datasette, request.actor, database, table)
        try:
            return await view(PageRequest(datasette, request, database))
        except QueryError as error:
            # Of a page that does not show the mistake itself.
            return Response.text(str(error), status=400)

    return answer


def not_in_public(view: View) -> View:
    """Make the view forbidden in public mode."""

    async def answer(page_request: PageRequest) -> Response:
        if page_request.is_public:
            raise Forbidden("This page is not available in public mode.")
        return await view(page_request)

    return answer


async def read(datasette: Datasette, database: Database, work: Callable[[Connection], Read]) -> Read:
    """Return the result of ``work`` on an archive, in one of Datasette's threads and within its time limit."""
    limit_ms = int(datasette.setting("sql_time_limit_ms"))

    def timed(connection: sqlite3.Connection) -> Read:
        with sqlite_timelimit(connection, limit_ms):
            return work(Connection(Path(database.path or database.name), "read", connection, None))

    try:
        answer: Read = await database.execute_fn(timed)
    except LimitExceeded as error:
        raise DatasetteError(str(error), title="Limit exceeded", status=400) from error
    except sqlite3.DataError as error:
        if "too big" not in str(error):
            raise
        size = f"{MAX_VALUE_BYTES >> 20} MB"
        raise DatasetteError(f"A value is larger than {size}.", title="Limit exceeded", status=400) from error
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        limit = f"{limit_ms / 1000:g} s"
        raise DatasetteError(
            f"The query exceeded the time limit of {limit}. Narrow it.", title="Time limit exceeded", status=400
        ) from error
    return answer


def url_of(datasette: Datasette, database: str, page: str, /, **query: object) -> str:
    """Return the URL of a page of the plugin."""
    asked_for = urlencode({name: value for name, value in query.items() if value not in (None, "")})
    path: str = datasette.urls.database(database) + f"/-/{page}"
    return f"{path}?{asked_for}" if asked_for else path
