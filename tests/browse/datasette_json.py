"""The JSON of Datasette 0.65 and 1.0, whose shapes differ."""

from typing import Any

from caliber_crawler.browse.datasette_versions import IS_VERSION_1
from tests.browse.conftest import Get


def with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


def facet_results(get: Get, path: str) -> dict[str, Any]:
    """The facets of a table, by name."""
    if not IS_VERSION_1:
        return dict(get(path).json()["facet_results"])
    return dict(get(with_query(path, "_extra=facet_results")).json()["facet_results"]["results"])


def count_of(get: Get, path: str) -> int:
    """The number of rows that a filtered table has."""
    if not IS_VERSION_1:
        return int(get(path).json()["filtered_table_rows_count"])
    return int(get(with_query(path, "_extra=count")).json()["count"])


def databases(get: Get) -> dict[str, dict[str, Any]]:
    """The databases of the server, by name."""
    listed = get("/.json").json()
    return {each["name"]: each for each in listed["databases"]} if IS_VERSION_1 else dict(listed)
