"""The diagram of the schema: tables with their keys, and references between them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.reference_pages.schema import Relation, relations

STYLE = """digraph archive {
rankdir=LR; bgcolor=white; nodesep=0.15; ranksep=0.7;
node [shape=plain fontname="Helvetica" fontsize=11]; edge [color="#7c8894" arrowsize=0.6];
"""


def draw(path: Path) -> None:
    """Write the diagram as SVG. The program is a port of Graphviz that comes as a Python package."""
    program = Path(sys.executable).with_name("graphviz-pure")
    subprocess.run([program, "-Tsvg", "-o", path], input=drawing(), text=True, check=True, timeout=60)


def drawing() -> str:
    """The diagram in the language of Graphviz. Tables without references are left out."""
    tables = {each.name: each for each in relations() if not each.is_view}
    shown = {name for edge in references(tables) for name in (edge[0], edge[2])}
    boxes = [_box(tables[name]) for name in tables if name in shown]
    edges = [f"{table}:{column} -> {other}:{key};" for table, column, other, key in references(tables)]
    return STYLE + "\n".join([*boxes, *edges]) + "\n}\n"


def references(tables: dict[str, Relation]) -> Iterator[tuple[str, str, str, str]]:
    """The references between two different tables: table, column, table, column."""
    for name, table in tables.items():
        for column in table.columns:
            other, _, key = column.reference.partition(".")
            if other and other != name:
                yield name, column.name, other, key


def _box(table: Relation) -> str:
    keys = [column.name for column in table.columns if column.key or column.reference]
    rows = "".join(f'<tr><td align="left" port="{name}">{name}</td></tr>' for name in keys)
    head = f'<tr><td bgcolor="#dde3ea"><b>{table.name}</b></td></tr>'
    style = 'border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#7c8894"'
    return f"{table.name} [label=<<table {style}>{head}{rows}</table>>];"
