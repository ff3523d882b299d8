"""Definitions in TOML that may change while a process uses them: those of a folder, or of a cluster's queue."""

from __future__ import annotations

import logging
import re
import stat
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caliber_crawler.errors import InputError
from caliber_crawler.site.site import Site
from caliber_crawler.site.toml_loader import MAX_SIZE, load_definition

logger = logging.getLogger(__name__)

SUFFIX = ".toml"
SETTLED = 2_000_000_000
"""Nanoseconds after which the time of a file shows every change; some file systems count in whole seconds."""
_NAME = re.compile(r"""^name[ \t]{0,20}=[ \t]{0,20}["']([^"'\\\n]{1,100})["']""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Sites by name, and the errors of those whose definition cannot be used."""

    sites: dict[str, Site] = field(default_factory=dict)
    errors: dict[str, InputError] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """The file of each site."""


class DefinitionSet:
    """Definitions by file name. A broken one does not affect the others: what it said before stays in use.

    Two files with the same site are refused; one that was in use alone stays in use.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str | InputError] = {}
        self._loaded: dict[str, Site | InputError] = {}
        self._working: dict[str, Site] = {}
        self._problems: dict[str, bool] = {}
        """Messages about files, and whether they were logged."""

    def load(self, texts: Mapping[str, str | InputError]) -> Definitions:
        """The sites of these definitions; only texts that changed are parsed again."""
        for file in {*self._texts} - {*texts}:
            for known in (self._texts, self._loaded, self._working):
                known.pop(file, None)
        for file, text in texts.items():
            if file not in self._texts or self._texts[file] != text:
                self._texts[file], self._loaded[file] = text, _load(text, file)
        errors = {file: each for file, each in self._loaded.items() if isinstance(each, InputError)}
        errors |= self._duplicates()
        for file, site in self._loaded.items():
            if file not in errors and isinstance(site, Site):
                self._working[file] = site
        self._problems = {message: self._problems.get(message, False) for message in self._messages(errors)}
        sites = {site.name: site for _, site in sorted(self._working.items())}
        named = {self._name_in(file): error for file, error in sorted(errors.items())}
        files = {site.name: file for file, site in sorted(self._working.items())}
        return Definitions(sites, {name: error for name, error in named.items() if name not in sites}, files)

    def _duplicates(self) -> dict[str, InputError]:
        """An error for each file with a site that another file has."""
        files = defaultdict(list)
        for file in sorted(self._loaded):
            site = self._loaded[file]
            # The site of a broken file is still in use.
            used = site if isinstance(site, Site) else self._working.get(file)
            if used is not None:
                files[used.name].append(file)
        errors = {}
        for name, sharing in files.items():
            working = [file for file in sharing if (known := self._working.get(file)) and known.name == name]
            for file in sharing if len(sharing) > 1 else ():
                if file not in working:
                    others = ", ".join(other for other in sharing if other != file)
                    errors[file] = InputError(
                        f"{file} defines the site {name!r}, as does {others}; delete one of them."
                    )
        return errors

    def log_problems(self, apart_from: InputError | None = None) -> None:
        """Log each problem once; an error that is reported in another way counts as logged."""
        for message, is_logged in self._problems.items():
            if not is_logged and message != str(apart_from):
                logger.error("%s", message)
        self._problems = dict.fromkeys(self._problems, True)

    def _messages(self, errors: Mapping[str, InputError]) -> Iterator[str]:
        for file, error in sorted(errors.items()):
            known = self._working.get(file)
            remark = f" Its earlier definition of {known.name!r} is used." if known else ""
            yield f"{error}{remark}"

    def _name_in(self, file: str) -> str:
        """The name of the site that a file is about, even if it is broken."""
        loaded, text = self._loaded[file], self._texts[file]
        if isinstance(loaded, Site):
            return loaded.name
        found = _NAME.search(text) if isinstance(text, str) else None
        return found[1] if found else Path(file).name.removesuffix(SUFFIX)


class DefinitionFolder:
    """The definitions in a folder: every file whose name ends with ``.toml``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._set = DefinitionSet()
        self.log_problems = self._set.log_problems
        self._read: dict[Path, tuple[tuple[int, ...], str | InputError]] = {}
        self._known: Definitions | None = None
        self._problem = ""

    def load(self) -> Definitions:
        """The sites as the files are now. Raises :class:`InputError` if the folder cannot be read.

        If it could be read before, the sites stay in use, and the problem is logged.
        """
        try:
            paths = sorted(path for path in self._folder.iterdir() if path.name.endswith(SUFFIX))
        except OSError as error:
            message = f"Cannot read the folder of site definitions {self._folder}: {error.strerror}."
            if self._known is None:
                raise InputError(f"{message} Correct CALIBER_DEFINITIONS.") from None
            if message != self._problem:
                logger.error("%s", f"{message} The earlier definitions are used.")
            self._problem = message
            return self._known
        self._problem = ""
        self._read = {path: self._text(path) for path in paths if not path.name.startswith(".")}
        self._known = self._set.load({str(path): text for path, (_, text) in self._read.items()})
        return self._known

    def _text(self, path: Path) -> tuple[tuple[int, ...], str | InputError]:
        """The text of a file, and when it changed; it is read only if it may have changed."""
        now = time.time_ns()
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                return (), InputError(f"Cannot read the site definition {path}: it is not a file.")
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if path in self._read and self._read[path][0] == stamp:
                return self._read[path]
            text = read_definition(path)
        except OSError as error:
            return (), InputError(f"Cannot read the site definition {path}: {error.strerror}.")
        except InputError as error:
            return (), error
        return (stamp if found.st_mtime_ns < now - SETTLED else ()), text


def read_definition(path: Path) -> str:
    """The text of a file with a definition. Raises :class:`InputError`, and ``OSError`` if it cannot be read."""
    with path.open("rb") as file:
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise InputError(f"{path} is longer than {MAX_SIZE:,} bytes; it is not a site definition.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line} is not UTF-8; save the site definition in that encoding.") from None


def _load(text: str | InputError, file: str) -> Site | InputError:
    if isinstance(text, InputError):
        return text
    try:
        return load_definition(text, file)
    except InputError as error:
        return error
