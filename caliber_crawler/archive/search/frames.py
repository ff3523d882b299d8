"""Rows as pandas data frames. Requires the extra ``pandas``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from caliber_crawler.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd


def to_pandas(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A data frame of rows: ``..._at`` columns as timestamps in UTC, integers as nullable integers.

    Raises ``MissingExtra`` if pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtra("pandas") from None
    records = [dict(row) for row in rows]
    frame = pd.DataFrame.from_records(records)
    for name in frame.columns:
        values = [record[name] for record in records]
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
        elif None in values and any(isinstance(value, int) for value in values):
            frame[name] = pd.array(
                values, dtype="Int64" if not any(isinstance(v, float) for v in values) else "Float64"
            )
    return frame
