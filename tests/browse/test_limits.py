"""Every query has limits: the sizes of its values, its result, its SQL and the memory of SQLite."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path
from urllib.parse import quote

import pytest
from datasette.app import Datasette
from datasette.views.base import DatasetteError

from caliber_crawler.browse.pages import read
from tests.browse.conftest import Get

SERIES = "with recursive c(x) as (select 1 union all select x + 1 from c limit 1000) "
LARGE = {
    "one value": ("select hex(randomblob(900000000))", "too big"),
    "many values in a row": (
        f"select {', '.join(f'hex(randomblob(8000000)) a{n}' for n in range(150))}",
        "needs more than 256 MB",
    ),
    "many rows": (f"{SERIES} select zeroblob(1000000) from c", "larger than 32 MB"),
    "rows of many values": (
        f"{SERIES} select printf('%.*c', 200000, 'x'), zeroblob(200000) from c",
        "larger than 32 MB",
    ),
    "a concatenation": (f"{SERIES} select group_concat(hex(zeroblob(500000))) from c", "too big"),
    "many columns": (f"select {', '.join('1' * 1 for _ in range(500))}", "too many columns"),
    "a long program": (
        f"select {'+'.join('length(hex(x))' for _ in range(900))} from (select 1 x)",
        "or 5,000 instructions",
    ),
    "long SQL": (f"select '{'x' * 25_000}'", "too large"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_query_beyond_a_limit_is_refused_without_using_its_memory(get: Get, name: str) -> None:
    sql, why = LARGE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = get(f"/archive.json?sql={quote(sql)}")
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, "kilobytes"
    assert get("/archive.json?sql=select+1+as+one&_shape=array").json() == [{"one": 1}]


@pytest.mark.slow
def test_the_size_of_a_result_is_counted_for_each_query(get: Get) -> None:
    sql = quote(f"{SERIES} select zeroblob(300000) from c limit 60")
    assert [get(f"/archive?sql={sql}").status_code for _ in range(4)] == [200] * 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "why"), [("select zeroblob(20000000)", "A value is larger than 16 MB"), LARGE["many values in a row"]]
)
def test_own_pages_report_a_limit(newspaper: Path, sql: str, why: str) -> None:
    async def ask() -> None:
        served = Datasette([str(newspaper)])
        await served.invoke_startup()
        await read(served, served.get_database("archive"), lambda connection: connection.row(sql))

    with pytest.raises(DatasetteError, match=why) as caught:
        asyncio.run(ask())
    assert caught.value.status == 400
