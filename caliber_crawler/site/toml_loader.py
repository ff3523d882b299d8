"""A site from a definition in TOML. The fields are those of the dataclasses, with their type hints."""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from caliber_crawler.errors import DefinitionError, InputError
from caliber_crawler.site.durations import parse_duration
from caliber_crawler.site.site import Site
from caliber_crawler.site.toml_lines import Path, key_depth, key_lines, line_of
from caliber_crawler.site.validation import url_errors

MAX_SIZE = 1_000_000
"""Characters of a definition; the longest that are known have ten thousand."""
MAX_DEPTH = 32
"""Parts of a dotted key."""
SHOWN = 60
"""Characters of a wrong value in a message."""
SORT = "name"
"""The key that decides between the subclasses of a dataclass: their class variable of this name."""
NAMES = {str: "text", bool: "true or false", int: "an integer", float: "a number"}
_LINE = re.compile(r"\(at (?:line (?P<line>\d{1,9}), column \d{1,9}|end of document)\)")


class _WrongValue(Exception):
    """A value that does not fit its field."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem


def load_definition(text: str, file: str) -> Site:
    """The site that a definition describes; ``file`` is its name in messages.

    Raises :class:`InputError`, in one sentence, with the line and the path of the field.
    """
    if len(text) > MAX_SIZE:
        raise InputError(f"{file} is longer than {MAX_SIZE:,} characters; it is not a site definition.")
    if key_depth(text) > MAX_DEPTH:
        raise InputError(f"{file} has a key of more than {MAX_DEPTH} parts; it is not a site definition.")
    try:
        entries = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = _LINE.search(str(error))
        line = (found and found["line"]) or text.count("\n") + 1
        raise InputError(f"{file}, line {line} is not valid TOML: {_LINE.sub('', str(error)).strip()}.") from None
    try:
        site: Site = _build(Site, entries, ())
        for place, clause in url_errors(site):
            raise DefinitionError(site.name, place, clause)
    except _WrongValue as wrong:
        line_number = line_of(wrong.path, key_lines(text))
        raise InputError(f"{file}, line {line_number}: {wrong.problem}.") from None
    except DefinitionError as error:
        line_number = line_of(error.place, key_lines(text))
        field = path_text(error.place)
        clause = error.problem if error.problem.startswith(field) else f"{field}: {error.problem}"
        raise InputError(f"{file}, line {line_number}: {clause}.") from None
    return site


def path_text(path: Path) -> str:
    """A path as text: ``editions[0].sections.world``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if re.fullmatch(r"[\w-]+", step) else repr(step))
    return text


def subclasses_by_name(base: type) -> dict[str, type]:
    """The subclasses of a dataclass that has some, by the class variable that a definition names them with."""
    # A dataclass with slots is made twice; the second class is the one that is used.
    subclasses: list[type] = base.__subclasses__()
    return {str(getattr(each, SORT)): each for each in subclasses}


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def is_required(field: Field[Any]) -> bool:
    """Whether a field has no default."""
    return field.default is MISSING and field.default_factory is MISSING


def _build(kind: Any, entries: object, path: Path) -> Any:
    """An instance of a dataclass from a table."""
    if not isinstance(entries, dict):
        _refuse(path, "a table", entries)
    given = dict(entries)
    if sorts := subclasses_by_name(kind):
        kind = sorts[_sort(given.pop(SORT, None), sorts, path)]
    hints = hints_of(kind)
    names = [*([SORT] if sorts else []), *hints]
    for key in given:
        if key not in hints:
            raise _WrongValue((*path, key), f"{path_text((*path, key))} is not known; {_advice(key, names)}")
    values = {name: _value(hints[name], value, (*path, name)) for name, value in given.items()}
    for field in fields(kind):
        if field.name not in given and is_required(field):
            where = path_text(path) or "the definition"
            raise _WrongValue(path, f"{where} needs the key {field.name}")
    return kind(**values)


def _sort(name: object, sorts: Mapping[str, type], path: Path) -> str:
    known = ", ".join(sorts)
    if name is None:
        raise _WrongValue(path, f"{path_text(path)} needs the key {SORT}, one of {known}")
    if not isinstance(name, str) or name not in sorts:
        place = (*path, SORT)
        advice = _advice(name, list(sorts)) if isinstance(name, str) else f"use one of {known}"
        raise _WrongValue(place, f"{path_text(place)}: {_shown(name)} is not known; {advice}")
    return name


def _value(kind: Any, value: object, path: Path) -> Any:
    """A value of a field with this type."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
        return _value(kind, value, path)
    if origin is tuple:
        if not isinstance(value, list):
            _refuse(path, "an array", value)
        return tuple(_value(get_args(kind)[0], each, (*path, place)) for place, each in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            _refuse(path, "a table", value)
        return {key: _value(get_args(kind)[1], each, (*path, key)) for key, each in value.items()}
    if kind is timedelta:
        return _duration(value, path)
    if is_dataclass(kind):
        return _build(kind, value, path)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        _refuse(path, NAMES[kind], value)
    return value


def _duration(value: object, path: Path) -> timedelta:
    wanted = 'a duration such as "30 minutes" or "1 day 12 hours"'
    if not isinstance(value, str):
        _refuse(path, wanted, value)
    try:
        return parse_duration(value)
    except ValueError:
        _refuse(path, wanted, value)


def _refuse(path: Path, wanted: str, value: object) -> NoReturn:
    raise _WrongValue(path, f"{path_text(path)} must be {wanted}, not {_shown(value)}")


def _advice(key: str, known: list[str]) -> str:
    nearest = get_close_matches(key[:SHOWN], known, n=1)
    return f"the nearest valid one is {nearest[0]}" if nearest else f"valid are {', '.join(known)}"


def _shown(value: object) -> str:
    """A value as TOML has it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "an array"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
