"""Canned queries, for Datasette and on their own page."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.browse.pages import PageRequest


class Question(TypedDict):
    """One entry of ``canned_queries.toml``."""

    title: str
    description: str
    sql: str
    params: list[str]
    hints: NotRequired[dict[str, str]]
    """An example value of each parameter."""


@cache
def load_canned_queries() -> dict[str, Question]:
    """Return all canned queries by name, as in ``canned_queries.toml``."""
    described = tomllib.loads(files(__package__).joinpath("canned_queries.toml").read_text("utf-8"))
    return cast(dict[str, Question], described)


def canned_queries() -> dict[str, dict[str, object]]:
    """Return the canned queries for Datasette's metadata; a new dictionary each time, because Datasette changes it."""
    return {
        name: {key: value for key, value in question.items() if key != "hints"}
        | {"sql": question["sql"].strip(), "hide_sql": True}
        for name, question in load_canned_queries().items()
    }


async def canned_queries_page(page_request: PageRequest) -> Response:
    """``/-/queries``."""
    return await page_request.html("archive_canned_queries.html", {"questions": load_canned_queries()})
