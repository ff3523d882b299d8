"""What every page of ours has in common: who may see it, how the archive is read for it, and how it is answered."""

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

from caliber_crawler.archive.connection import Connection
from caliber_crawler.browse import headers
from caliber_crawler.browse.public import is_public
from caliber_crawler.browse.recognition import is_archive

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.database import Database
    from datasette.utils.asgi import Request

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for one of our pages of an archive."""

    datasette: Datasette
    request: Request
    database: str
    """The archive, by the name Datasette serves it under."""

    @property
    def is_public(self) -> bool:
        """Is this served to strangers (``caliber browse --public``)?"""
        return is_public(self.datasette)

    def argument(self, name: str, default: str = "") -> str:
        """A parameter of the query, without blanks around it."""
        value = self.request.args.get(name)
        return default if value is None else str(value).strip()

    def number(self, name: str, default: int, *, most: int) -> int:
        """A whole number from 1 to ``most`` of the query; anything else is the default."""
        text = self.argument(name)
        number = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else default
        return number if 1 <= number <= most else default

    def address(self, page: str, /, **query: object) -> str:
        """Where a page of ours is: ``address("search", q="Baku")``. Parameters that are empty are left out."""
        return address(self.datasette, self.database, page, **query)

    def same_page(self, **changes: object) -> str:
        """The same page with other parameters; an empty one is left out."""
        page = self.request.path.rpartition("/-/")[2]
        kept = {name: self.argument(name) for name in self.request.args}
        return self.address(page, **(kept | changes))

    async def may_ask_sql(self) -> bool:
        """May this reader run SQL of their own?"""
        allowed = await self.datasette.permission_allowed(
            self.request.actor, "execute-sql", resource=self.database, default=True
        )
        return bool(allowed)

    async def read(self, work: Callable[[Connection], Read]) -> Read:
        """What ``work`` makes of the archive, within Datasette's time limit for a query."""
        return await read(self.datasette, self.datasette.get_database(self.database), work)

    async def html(self, template: str, page: Mapping[str, object], **allowed: bool) -> Response:
        """The page as HTML, under headers that keep its texts harmless; ``allowed`` as in :func:`headers.own_page`."""
        headers.mark(self.request.scope, headers.own_page(**allowed))
        context = {"asked": self, "database": self.database, "is_public": self.is_public, **page}
        return Response.html(await self.datasette.render_template(template, context, request=self.request))


View = Callable[[Asked], Awaitable[Response]]
Context = dict[str, object]
"""What a template is given, by the names that it uses."""


def page(view: View, *tables: str) -> Callable[[Request, Datasette], Awaitable[Response]]:
    """A page of an archive as a view of Datasette: seen by whoever may see all these tables."""

    async def answer(request: Request, datasette: Datasette) -> Response:
        database = tilde_decode(request.url_vars["database"])
        if not is_archive(datasette, database):
            raise NotFound("There is no such archive.")
        if request.method not in ("GET", "HEAD"):
            return Response.text("This page can only be read.", status=405, headers={"allow": "GET, HEAD"})
        for table in tables:
            await datasette.ensure_permissions(
                request.actor, [("view-table", (database, table)), ("view-database", database), "view-instance"]
            )
        return await view(Asked(datasette, request, database))

    return answer


def not_in_public(view: View) -> View:
    """The same view, closed where the archive is served to strangers."""

    async def answer(asked: Asked) -> Response:
        if asked.is_public:
            raise Forbidden("This page is for the archive's own keepers.")
        return await view(asked)

    return answer


async def read(datasette: Datasette, database: Database, work: Callable[[Connection], Read]) -> Read:
    """What ``work`` makes of an archive, in one of Datasette's own threads and within its time limit."""
    limit_ms = int(datasette.setting("sql_time_limit_ms"))

    def timed(connection: sqlite3.Connection) -> Read:
        with sqlite_timelimit(connection, limit_ms):
            return work(Connection(Path(database.path or database.name), "read", connection, None))

    try:
        answer: Read = await database.execute_fn(timed)
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        limit = f"{limit_ms / 1000:g} s"
        raise DatasetteError(f"This took longer than {limit}. Ask for less.", title="Too much", status=400) from error
    return answer


def address(datasette: Datasette, database: str, page: str, /, **query: object) -> str:
    """Where a page of ours of an archive is."""
    asked_for = urlencode({name: value for name, value in query.items() if value not in (None, "")})
    path: str = datasette.urls.database(database) + f"/-/{page}"
    return f"{path}?{asked_for}" if asked_for else path
