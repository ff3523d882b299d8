"""The questions researchers ask, as canned queries of Datasette and as a page of their own."""

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
    """An example of each parameter, for the reader."""


@cache
def questions() -> dict[str, Question]:
    """Every canned query, by name, as ``questions.toml`` has it."""
    described = tomllib.loads(files(__package__).joinpath("questions.toml").read_text("utf-8"))
    return cast(dict[str, Question], described)


def canned_queries() -> dict[str, dict[str, object]]:
    """The same as Datasette's metadata wants it; made anew for each call, since Datasette changes what it is given."""
    return {
        name: {key: value for key, value in question.items() if key != "hints"} | {"sql": question["sql"].strip()}
        for name, question in questions().items()
    }


async def questions_page(asked: Asked) -> Response:
    """``/-/questions``."""
    return await asked.html("archive_questions.html", {"questions": questions()})
