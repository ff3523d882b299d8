"""Canned queries, for Datasette and on their own page."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.browse.pages import Asked


class Question(TypedDict):
    """One entry of ``questions.toml``."""

    title: str
    description: str
    sql: str
    params: list[str]
    hints: NotRequired[dict[str, str]]
    """An example value of each parameter."""


@cache
def questions() -> dict[str, Question]:
    """Return all canned queries by name, as in ``questions.toml``."""
    described = tomllib.loads(files(__package__).joinpath("questions.toml").read_text("utf-8"))
    return cast(dict[str, Question], described)


def canned_queries() -> dict[str, dict[str, object]]:
    """Return the canned queries for Datasette's metadata; a new dictionary each time, because Datasette changes it."""
    return {
        name: {key: value for key, value in question.items() if key != "hints"} | {"sql": question["sql"].strip()}
        for name, question in questions().items()
    }


async def questions_page(asked: Asked) -> Response:
    """``/-/queries``."""
    return await asked.html("archive_questions.html", {"questions": questions()})
