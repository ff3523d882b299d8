"""The questions researchers ask, as canned queries of Datasette and as a page of their own."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.browse.pages import Asked


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Every canned query, by name, as ``questions.toml`` has it."""
    return tomllib.loads(files(__package__).joinpath("questions.toml").read_text("utf-8"))


def canned_queries() -> dict[str, dict[str, Any]]:
    """The same as Datasette's metadata wants it; made anew for each call, since Datasette changes what it is given."""
    return {
        name: {key: value for key, value in question.items() if key != "hints"} | {"sql": question["sql"].strip()}
        for name, question in questions().items()
    }


async def questions_page(asked: Asked) -> Response:
    """``/-/questions``."""
    return await asked.html("archive_questions.html", {"questions": questions()})
