"""Parquet, for pandas, DuckDB, R and others. Requires the extra ``parquet``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import IO, TYPE_CHECKING

from caliber_crawler.errors import MissingExtra
from caliber_crawler.export.row import Row

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_IN_GROUP = 5_000


def write_parquet(rows: Iterable[Row], columns: Mapping[str, type], file: IO[bytes]) -> int:
    """Write a table in row groups; return the number of rows. Columns whose names end in ``_at`` are timestamps in UTC.

    Raises ``MissingExtra`` if pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("parquet") from None
    schema = pa.schema([(name, arrow_type(name, kind)) for name, kind in columns.items()])
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in in_groups(rows, ROWS_IN_GROUP):
            writer.write_table(pa.Table.from_pylist([convert_row(row, columns) for row in group], schema=schema))
            count += len(group)
    return count


def arrow_type(name: str, kind: type) -> pa.DataType:
    import pyarrow as pa

    if name.endswith("_at"):
        return pa.timestamp("s", tz="UTC")
    return pa.int64() if kind is int else pa.string()


def convert_row(row: Row, columns: Mapping[str, type]) -> dict[str, object]:
    return {
        name: datetime.fromisoformat(row[name]) if name.endswith("_at") and row[name] else row[name] for name in columns
    }


def in_groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while group := list(islice(iterator, size)):
        yield group
