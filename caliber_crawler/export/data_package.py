"""A data package: tables with a description by the Data Package standard, which others can verify.

Standard: https://datapackage.org/standard/data-package/. The package contains ``datapackage.json``, ``README.md``,
``CITATION.cff`` (https://citation-file-format.github.io) and one CSV file per table.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from caliber_crawler.export.file_set import FileSet, Hashed
from caliber_crawler.export.row import Row
from caliber_crawler.export.text import write_csv
from caliber_crawler.quantity import quantity

DESCRIPTOR = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLE_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
RESOURCE_PROFILE = "https://datapackage.org/profiles/2.0/dataresource.json"
DIALECT_PROFILE = "https://datapackage.org/profiles/2.0/tabledialect.json"
TYPES = {str: "string", int: "integer", float: "number"}
KEYS: dict[str, list[str]] = {
    "articles": ["id"],
    "versions": ["version_id"],
    "view_counts": ["article_id", "observed_at", "views"],
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a package."""

    name: str
    title: str
    columns: Mapping[str, type]
    rows: Iterable[Row]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A site whose articles are in the package, and its terms of use."""

    title: str
    url: str
    reuse: str


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a package is."""

    name: str
    title: str
    created_at: str
    query: Mapping[str, object]
    """The filters that selected the articles, by name; empty ones are left out."""
    sources: list[Source]
    command: str
    """The command that made the package."""
    software: str
    opted_out: int
    """The number of articles that a rights reservation excluded."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of columns."""


class TextsDigest:
    """The digest of the texts of a package, in any order of the articles."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def add(self, row: Row) -> None:
        self._lines.append(sha256(f"{row['url']}\n{row['content_digest']}".encode()).digest())

    @property
    def value(self) -> str:
        """SHA-256 of the sorted SHA-256 digests of ``URL LF content digest``, in hexadecimal."""
        return sha256(b"".join(sorted(self._lines))).hexdigest()


def write_data_package(tables: Iterable[Table], about: Description, files: FileSet) -> dict[str, int]:
    """Write a package; return the number of rows of each table."""
    resources: list[dict[str, Any]] = []
    digest = TextsDigest()
    counts: dict[str, int] = {}
    for table in tables:
        with files.open(f"{table.name}.csv") as file:
            hashed = Hashed(file)
            rows = digesting(table.rows, digest) if table.name == "articles" else table.rows
            text = io.TextIOWrapper(io.BufferedWriter(hashed), "utf-8", newline="")
            counts[table.name] = write_csv(rows, list(table.columns), text)
            text.flush()
        resources.append(resource(table, hashed, counts[table.name], about))
    descriptor = {
        "$schema": PROFILE,
        "name": about.name,
        "title": about.title,
        "created": about.created_at,
        "sources": [{"title": each.title, "path": each.url} for each in about.sources],
        "resources": resources,
        "caliber": {
            "query": dict(about.query),
            "counts": counts,
            "texts_digest": digest.value,
            "opted_out": about.opted_out,
            "command": about.command,
            "software": about.software,
            "reuse": {each.title: each.reuse for each in about.sources},
        },
    }
    for name, content in (
        ("README.md", readme(about, counts, digest.value)),
        ("CITATION.cff", citation(about)),
        (DESCRIPTOR, json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"),
    ):
        with files.open(name) as file:
            file.write(content.encode("utf-8", "replace"))
    return counts


def digesting(rows: Iterable[Row], digest: TextsDigest) -> Iterator[Row]:
    for row in rows:
        digest.add(row)
        yield row


def resource(table: Table, file: Hashed, count: int, about: Description) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "type": "datetime" if name.endswith(("_at", "seen_from", "seen_until")) else TYPES[kind],
            **({"description": about.fields[name]} if name in about.fields else {}),
        }
        for name, kind in table.columns.items()
    ]
    key = KEYS.get(table.name, [])
    schema: dict[str, Any] = {"$schema": TABLE_PROFILE, "fields": fields, "missingValues": [""]}
    if key and all(name in table.columns for name in key):
        schema["primaryKey"] = key
    return {
        "$schema": RESOURCE_PROFILE,
        "name": table.name.replace("_", "-"),
        "title": table.title,
        "type": "table",
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.digest}",
        "rows": count,
        "dialect": {"$schema": DIALECT_PROFILE, "delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"'},
        "schema": schema,
    }


def readme(about: Description, counts: Mapping[str, int], digest: str) -> str:
    """The description for people."""
    lines = [f"# {inline(about.title)}", ""]
    lines += [f"Made on {about.created_at} with {about.software}.", "", "## Contents", ""]
    lines += [f"- `{name}.csv`: {quantity(count, 'row')}" for name, count in counts.items()]
    lines += [
        "- `datapackage.json`: columns, types, sizes and SHA-256 of these files (Data Package standard, version 2)",
        "- `CITATION.cff`: how to cite this package",
        "",
        "The files are CSV in UTF-8. A text that a spreadsheet would evaluate as a formula begins with an apostrophe.",
        "Times are in UTC.",
        "",
        "## Selection",
        "",
    ]
    lines += [f"- {name}: `{code(value)}`" for name, value in about.query.items()] or ["All articles of the archive."]
    if about.opted_out:
        lines += ["", f"Excluded: {quantity(about.opted_out, 'article')} under a rights reservation."]
    lines += ["", f"Command: `{code(about.command)}`", "", "## Sources and terms of use", ""]
    lines += [f"- {inline(each.title)} ({inline(each.url)}): {inline(each.reuse)}" for each in about.sources]
    lines += [
        "",
        "The texts belong to their publishers. Their terms of use apply to every copy of this package.",
        "",
        "## Verification",
        "",
        f"Digest of the texts: `{digest}`",
        "",
        "`caliber check-package FOLDER_OR_ZIP --archive ARCHIVE` compares the files with their SHA-256, and each text",
        "with the archive by its content digest. Without an archive, `sha256sum *.csv` gives the hashes in",
        "`datapackage.json`. The digest of the texts is the SHA-256 of the sorted binary SHA-256 digests of",
        "`URL LF content_digest` of each row of `articles.csv`.",
    ]
    return "\n".join(lines) + "\n"


def citation(about: Description) -> str:
    """``CITATION.cff``. JSON strings are YAML strings."""
    publishers = [each.title for each in about.sources] or ["unknown"]
    return "\n".join(
        [
            "cff-version: 1.2.0",
            "message: Cite this data set as below, and each article by its own citation.",
            "type: dataset",
            f"title: {quoted(about.title)}",
            "authors:",
            *(f"  - name: {quoted(name)}" for name in publishers),
            f"date-released: {quoted(about.created_at[:10])}",
            "",
        ]
    )


def quoted(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=True)


def inline(text: str) -> str:
    """Text on one line that Markdown and HTML show as it is."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#" else letter for letter in line)


def code(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return " ".join(text.replace("`", "'").split())
