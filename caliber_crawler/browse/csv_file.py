"""Tables of the plugin's pages as CSV files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

from datasette.utils.asgi import Response

from caliber_crawler.export.text import write_csv


def csv_file(name: str, rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> Response:
    """Return a table as a CSV file to save under a name."""
    file = io.StringIO()
    write_csv(rows, columns, file)
    return Response(
        file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
