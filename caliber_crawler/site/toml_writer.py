"""A site as a definition in TOML, which :func:`~caliber_crawler.site.toml_loader.load_definition` loads again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta
from typing import Any

from caliber_crawler.site.durations import duration_text
from caliber_crawler.site.site import Site
from caliber_crawler.site.toml_lines import Path
from caliber_crawler.site.toml_loader import SORT, is_required, subclasses_by_name

MAX_WIDTH = 120
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def definition_text(site: Site, notes: Mapping[Path, str] | None = None, heading: str = "") -> str:
    """The definition of a site, without fields that have their default; ``notes`` become comments behind fields."""
    lines = [f"# {heading}", ""] if heading else []
    lines += _Writer(notes or {}).table(site, ())
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, notes: Mapping[Path, str]) -> None:
        self._notes = notes

    def table(self, value: Any, path: Path) -> Iterator[str]:
        """The lines of a table: at first its plain values, then its tables, each with a header."""
        given = _given(value)
        is_inline = isinstance(value, Mapping)
        for key, each in given.items():
            if is_inline or not _is_table(each):
                yield from self._pair(key, each, path)
        if is_inline:
            return
        for key, each in given.items():
            place = (*path, key)
            if isinstance(each, tuple) and _is_table(each):
                for number, element in enumerate(each):
                    # What is noted about all of them stands at the first.
                    noted = place if number == 0 and place in self._notes else (*place, number)
                    yield from ("", self._noted(f"[[{_header(place)}]]", noted))
                    yield from self.table(element, (*place, number))
            elif _is_table(each):
                yield from ("", self._noted(f"[{_header(place)}]", place))
                yield from self.table(each, place)

    def _pair(self, key: str, value: Any, path: Path) -> Iterator[str]:
        place = (*path, key)
        line = f"{_key(key)} = {_inline(value)}"
        if isinstance(value, tuple) and len(line) > MAX_WIDTH:
            yield self._noted(f"{_key(key)} = [", place)
            yield from (f"    {_inline(each)}," for each in value)
            yield "]"
        else:
            yield self._noted(line, place)

    def _noted(self, line: str, place: Path) -> str:
        note = self._notes.get(place)
        plain = "".join(sign if sign.isprintable() else " " for sign in note or "")
        return f"{line}  # {plain}" if plain else line


def _given(value: Any) -> dict[str, Any]:
    """The keys and values of a table, without fields that have their default."""
    if isinstance(value, Mapping):
        return dict(value)
    # A source is named by a class variable.
    given = {SORT: getattr(type(value), SORT)} if _is_sort(type(value)) else {}
    for field in fields(value):
        own = getattr(value, field.name)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if is_required(field) or own != default:
            given[field.name] = own
    return given


def _is_sort(kind: type) -> bool:
    return any(kind in subclasses_by_name(base).values() for base in kind.__bases__ if is_dataclass(base))


def _is_table(value: Any) -> bool:
    """Whether a value needs a header of its own. In a mapping, a dataclass is an inline table."""
    if isinstance(value, tuple):
        return bool(value) and is_dataclass(value[0])
    return isinstance(value, Mapping) or (is_dataclass(value) and not isinstance(value, type))


def _header(path: Path) -> str:
    return ".".join(_key(step) for step in path if isinstance(step, str))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, timedelta):
        return _quoted(duration_text(value))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if _is_table(value):
        pairs = ", ".join(f"{_key(key)} = {_inline(each)}" for key, each in _given(value).items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)


def _quoted(text: str) -> str:
    """A string; one with backslashes, such as a regular expression, is literal if it can be."""
    if ("\\" in text or '"' in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04X}" if ord(sign) <= 0xFFFF else f"\\U{ord(sign):08X}"
