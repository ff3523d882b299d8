"""Checks a data package: its files against their hashes, and its texts against an archive."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from caliber_crawler.errors import InputError
from caliber_crawler.export.data_package import DESCRIPTOR, TextsDigest

MAX_DESCRIPTOR_BYTES = 20_000_000
MAX_LISTED = 20
READ_BYTES = 1 << 20
csv.field_size_limit(1 << 30)

KnownDigests = Callable[[Iterable[str]], dict[str, set[str]]]
"""The content digests of all texts that an archive has of each URL."""
BATCH_SIZE = 500


@dataclass
class PackageCheck:
    """The result of a check."""

    files: int = 0
    texts: int = 0
    faults: int = 0
    messages: list[str] = field(default_factory=list)
    """The first :data:`MAX_LISTED` faults, a sentence each."""

    def add(self, message: str) -> None:
        self.faults += 1
        if len(self.messages) < MAX_LISTED:
            self.messages.append(message)


class Package:
    """A data package in a folder or a ZIP file. Raises ``InputError`` if it cannot be read."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if not path.is_dir():
            try:
                self._zip = stack.enter_context(zipfile.ZipFile(path))
            except (OSError, zipfile.BadZipFile) as error:
                raise InputError(f"{path} is neither a folder nor a ZIP file that can be read.") from error
        with self.open(DESCRIPTOR) as file:
            content = file.read(MAX_DESCRIPTOR_BYTES)
        try:
            self.descriptor: dict[str, Any] = json.loads(content)
            self.resources = [(str(each["path"]), str(each["hash"])) for each in self.descriptor["resources"]]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{DESCRIPTOR} in {path} is not a description of a data package.") from error

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file of the package. A name must not lead out of it."""
        if "/" in name or "\\" in name or name in ("", ".", ".."):
            raise InputError(f"{self.path} names the file {name!r}, which is not in the package.")
        try:
            if self._zip is None:
                with (self.path / name).open("rb") as file:
                    yield file
            else:
                names = [each for each in self._zip.namelist() if each.rpartition("/")[2] == name]
                if len(names) != 1:
                    raise InputError(f"{self.path} has no file {name}.")
                with self._zip.open(names[0]) as file:
                    yield file
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            raise InputError(f"{name} in {self.path} cannot be read.") from error


def check_package(path: Path, known: KnownDigests | None) -> PackageCheck:
    """Check a data package, and its texts against an archive if there is one."""
    result = PackageCheck()
    with ExitStack() as stack:
        package = Package(path, stack)
        for name, stated in package.resources:
            result.files += 1
            try:
                with package.open(name) as file:
                    found = digest_of(file)
            except InputError as error:
                result.add(str(error))
                continue
            if stated != f"sha256:{found}":
                result.add(f"{name} was changed: its SHA-256 is not the one in {DESCRIPTOR}.")
        if any(name == "articles.csv" for name, _ in package.resources):
            check_texts(package, known, result)
    return result


def check_texts(package: Package, known: KnownDigests | None, result: PackageCheck) -> None:
    digest = TextsDigest()
    with package.open("articles.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))
        batch: list[tuple[str, str]] = []
        try:
            for row in rows:
                digest.add(row)
                batch.append((row["url"], row["content_digest"]))
                if len(batch) == BATCH_SIZE:
                    compare(batch, known, result)
                    batch = []
        except (csv.Error, KeyError, UnicodeDecodeError) as error:
            raise InputError(f"articles.csv in {package.path} is not the table of a data package.") from error
        compare(batch, known, result)
    stated = package.descriptor.get("caliber", {}).get("texts_digest")
    if stated != digest.value:
        result.add(f"The digest of the texts is not the one in {DESCRIPTOR}.")


def compare(batch: list[tuple[str, str]], known: KnownDigests | None, result: PackageCheck) -> None:
    result.texts += len(batch)
    if known is None:
        return
    digests = known(url for url, _ in batch)
    for url, digest in batch:
        if url not in digests:
            result.add(f"The archive has no article {url}.")
        elif digest not in digests[url]:
            result.add(f"The archive has another text of {url}.")


def digest_of(file: IO[bytes]) -> str:
    value = sha256()
    while part := file.read(READ_BYTES):
        value.update(part)
    return value.hexdigest()
