"""Which page of a damaged file belongs to which table or index, and which keys are on pages that cannot be read.

A page belongs to the tree in which it is reached. A page that no tree reaches, because the page above it is damaged, is
assigned by its content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS
from caliber_crawler.archive.upkeep.row_layout import Layout, Row, has_urls, is_row_sound, layouts
from caliber_crawler.archive.upkeep.sqlite_pages import Cell, DamagedPage, Page, SQLiteFile, Value

SCHEMA_ROOT = 1
SCHEMA_COLUMNS = 5
DERIVED = frozenset({"authors", "article_authors", "totals", "article_totals"})
"""Tables that are computed from others: they are not searched for on unreachable pages."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Keys that a damaged page should contain, by the first column of the primary key. ``None`` is unbounded."""

    low: Value
    high: Value

    def contains(self, value: Value) -> bool:
        """May the damaged page have contained this key?"""
        return not (is_less(value, self.low) or is_less(self.high, value))


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as found in the file, which may be damaged."""

    row: Row
    page_number: int
    in_tree: bool
    """Was its page reached in the tree of its table? Otherwise the row may be an old one."""


class TreeMap:
    """The pages of every table and index of this program's schema in a damaged file."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file
        self._layouts = layouts()
        self._owners: dict[int, str] = {}
        self._pages: defaultdict[str, dict[int, Gap]] = defaultdict(dict)
        self._unreachable: defaultdict[str, list[int]] = defaultdict(list)
        self.gaps: defaultdict[str, list[Gap]] = defaultdict(list)
        """Ranges of keys, by table or index, on pages that cannot be read."""
        self._contested: set[int] = set()
        self.schema: dict[str, str] = {}
        """The SQL of every table, index, view and trigger, by name, as far as it can be read."""
        self._map()

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Every readable row of a table, or entry of an index; those on reachable pages first.

        Damage adds to :attr:`gaps`.
        """
        layout = self._layouts[name]
        for number, bounds in self._pages[name].items():
            page = self._page(number, layout)
            if page is None:
                continue
            rows = [self._row(layout, cell, bounds) for cell in page.cells if cell.values is not None]
            if page.damaged_cells or None in rows:
                self.gaps[name].append(bounds)
            yield from (StoredRow(row, number, in_tree=True) for row in rows if row is not None)
        for number in self._unreachable[name]:
            page = self._page(number, layout)
            for cell in page.cells if page else ():
                if cell.values is not None and (row := layout.row_of(cell.key, cell.values)) is not None:
                    yield StoredRow(row, number, in_tree=False)

    def pages_of(self, name: str) -> list[int]:
        """The pages with rows of a table or entries of an index, in order."""
        return list(self._pages[name])

    def has_sound_rows(self) -> bool:
        """Does the file contain a row of an archive that matches its checksum?"""
        return any(
            is_row_sound(self._layouts[name], stored.row)
            for name in PRIMARY_KEYS
            for stored in islice(self.rows(name), 100)
        )

    # --- trees --------------------------------------------------------------------------------------------------------

    def _map(self) -> None:
        for name, root in self._roots().items():
            self._walk(self._layouts[name], root)
        for name in self._layouts.keys() - self._pages.keys() - self.gaps.keys():
            self.gaps[name].append(Gap(None, None))
        free, is_list_complete = self._file.free_pages()
        if not is_list_complete and not any(self.gaps.values()):
            # What no tree reaches is then a deleted page.
            return
        for number in range(2, self._file.page_count + 1):
            if number not in free and (number in self._contested or number not in self._owners):
                self._assign(number)

    def _roots(self) -> dict[str, int]:
        """The first page of each tree, as the file states it."""
        found: dict[str, int] = {}
        waiting, seen = [SCHEMA_ROOT], set[int]()
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            self._owners[number] = "sqlite_schema"
            try:
                page = self._file.page(number, "table_leaf")
            except DamagedPage:
                continue
            waiting += page.children
            for cell in page.cells:
                values = cell.values or ()
                if len(values) == SCHEMA_COLUMNS and isinstance(values[1], str) and isinstance(values[3], int):
                    found[values[1]] = values[3]
                    self.schema |= {values[1]: values[4]} if isinstance(values[4], str) else {}
        return {name: root for name, root in found.items() if name in self._layouts and root > SCHEMA_ROOT}

    def _walk(self, layout: Layout, root: int) -> None:
        name, inner = layout.name, "index" if layout.id is None else "table"
        waiting, seen = [(root, Gap(None, None))], set[int]()
        while waiting:
            number, bounds = waiting.pop()
            page = None if number in seen else self._page(number, layout)
            seen.add(number)
            if (
                page is None
                or page.kind not in (inner, f"{inner}_leaf")
                or not self._belongs(page, layout, bounds, root)
            ):
                self.gaps[name].append(bounds)
                continue
            if page.kind != "table" and not self._claim(number, name, bounds):
                continue
            if page.kind == inner:
                if page.damaged_cells:
                    self.gaps[name].append(bounds)
                waiting += reversed(list(children_of(page, bounds)))

    def _belongs(self, page: Page, layout: Layout, bounds: Gap, root: int) -> bool:
        """May a page be part of this tree? Its rows must be rows of that table with the keys that belong there."""
        if not page.cells:
            # Only an empty table has an empty page.
            return page.number == root and page.kind.endswith("_leaf") and self._file.has_kind(root)
        if page.kind == "table":
            return True
        return any(self._row(layout, cell, bounds) is not None for cell in page.cells)

    def _claim(self, number: int, name: str, bounds: Gap) -> bool:
        owner = self._owners.get(number)
        if owner is None:
            self._owners[number] = name
            self._pages[name][number] = bounds
            return True
        # One of two trees has a wrong pointer: the content decides.
        self.gaps[name].append(bounds)
        if number in self._pages[owner]:
            self.gaps[owner].append(self._pages[owner].pop(number))
            self._contested.add(number)
        return False

    def _assign(self, number: int) -> None:
        """Assign a page that no tree reaches to the table whose rows it contains."""
        try:
            page = self._file.page(number)
        except DamagedPage:
            return
        if page.kind == "table" or not page.cells:
            return
        layout = max(self._layouts.values(), key=lambda layout: fitting_rows(layout, page))
        if fitting_rows(layout, page):
            self._unreachable[layout.name].append(number)

    def _page(self, number: int, layout: Layout) -> Page | None:
        try:
            return self._file.page(number, "table_leaf" if layout.id is not None else "index_leaf")
        except DamagedPage:
            return None

    def _row(self, layout: Layout, cell: Cell, bounds: Gap) -> Row | None:
        row = layout.row_of(cell.key, cell.values or ())
        if row is None or layout.is_index:
            return row
        return row if bounds.contains(layout.key_of(row)[0]) else None


def children_of(page: Page, bounds: Gap) -> Iterator[tuple[int, Gap]]:
    """The children of an inner page, each with the keys between which its own are."""
    low = bounds.low
    for cell in page.cells:
        key = cell.key if cell.values is None else cell.values[0] if cell.values else None
        if cell.child is not None:
            yield cell.child, Gap(low, key)
        low = key
    if page.right is not None:
        yield page.right, Gap(low, bounds.high)


def fitting_rows(layout: Layout, page: Page) -> float:
    """How many cells of a page can be rows of a table. Rows that match their checksum count more.

    Entries of indexes have no checksums: they are only recognized in their tree.
    """
    if layout.is_index or layout.name in DERIVED or layout.name.startswith(("versions_fts", "sqlite_", "_sqlite")):
        return 0
    score = 0.0
    for cell in page.cells:
        row = None if cell.values is None else layout.row_of(cell.key, cell.values)
        if row is not None and has_urls(row):
            is_sound = is_row_sound(layout, row)
            # Of two tables that fit, the one with more columns is less likely to fit by chance.
            score += 1_000 if is_sound else 0 if is_sound is False else len(layout.columns)
    return score


def is_less(one: Value, other: Value) -> bool:
    """Compare two keys; keys of different types and NULL are never less."""
    if isinstance(one, str) and isinstance(other, str):
        return one.encode("utf-8", "surrogateescape") < other.encode("utf-8", "surrogateescape")
    if isinstance(one, int) and isinstance(other, int):
        return one < other
    return False
