"""The learned definition in TOML: the facts of the one in Python, with its comments."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from caliber_crawler.site import Site
from caliber_crawler.site.toml_lines import Path
from caliber_crawler.site.toml_writer import definition_text


def toml_definition(source: str, site: Site) -> str:
    """The definition in TOML of the site that the source of a spider defines."""
    heading = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    return definition_text(site, notes_of(source), heading)


def notes_of(source: str) -> dict[Path, str]:
    """The comments of a definition in Python, by the paths of the fields in whose lines they are."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    site = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _name(node) == "Site")
    notes: dict[Path, str] = {}
    for path, line in _places(site, ()):
        # The first field in a line is the outermost one.
        if (comment := comments.pop(line, None)) is not None:
            notes[path] = comment
    return notes


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _places(value: ast.expr, path: Path) -> Iterator[tuple[Path, int]]:
    """The path and the first line of each part of a value, the outermost first."""
    parts: list[tuple[str | int, int, ast.expr]] = []
    if isinstance(value, ast.Call):
        parts = [(each.arg, each.lineno, each.value) for each in value.keywords if each.arg is not None]
    elif isinstance(value, ast.Tuple):
        parts = [(number, each.lineno, each) for number, each in enumerate(value.elts)]
    elif isinstance(value, ast.Dict):
        keys = [each.value if isinstance(each, ast.Constant) else None for each in value.keys]
        known = zip(keys, value.values, strict=True)
        parts = [(key, each.lineno, each) for key, each in known if isinstance(key, str)]
    for key, line, part in parts:
        yield (*path, key), line
        yield from _places(part, (*path, key))
