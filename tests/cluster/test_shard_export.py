"""``cluster export parquet``: a file per site, and only of shards that changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from tests.cluster.shelf import Shelf

pytestmark = pytest.mark.slow


def headlines(folder: Path, site: str) -> list[str]:
    return sorted(parquet.read_table(folder / f"{site}.parquet").column("headline").to_pylist())


def test_each_shard_becomes_a_file_and_only_changed_ones_are_written_again(dsn: str, tmp_path: Path) -> None:
    shelf, out = Shelf(dsn, tmp_path), tmp_path / "out"
    for site in ("aurora", "bulletin", "courier"):
        shelf.publish(site, 1)
    damaged = shelf.file(shelf.files("courier")[0])
    content = damaged.read_bytes()
    damaged.write_bytes(b"damaged")
    command = ("export", "parquet", "-o", out)
    first = shelf.run(*command, "--json", "--jobs", 2)
    assert first.exit_code == 3
    assert first.stderr.startswith("The shard of courier was not exported: ")
    assert headlines(out, "aurora") == ["Headline 1 of aurora"]
    assert sorted(path.name for path in out.iterdir()) == [
        *("aurora.json", "aurora.parquet"),
        *("bulletin.json", "bulletin.parquet"),
    ]
    damaged.write_bytes(content)
    shelf.publish("aurora", 2, whole=False)
    again = shelf.run_json(*command)
    assert again == {"rows": {"aurora": 2, "courier": 1}, "unchanged": 1, "failures": {}}
    assert headlines(out, "aurora") == ["Headline 1 of aurora", "Headline 2 of aurora"]
    assert "3 sites unchanged" in shelf.run(*command).stderr
    (out / "aurora.parquet").unlink()
    assert shelf.run_json(*command)["rows"] == {"aurora": 2}
    other = shelf.run_json(*command, "--site", "aurora", "--versions", "--fields", "headline")
    assert other == {"rows": {"aurora": 2}, "unchanged": 0, "failures": {}}


def test_an_unknown_field_is_reported(dsn: str, tmp_path: Path) -> None:
    shelf = Shelf(dsn, tmp_path)
    shelf.publish("aurora", 1)
    result = shelf.run("export", "parquet", "-o", tmp_path / "out", "--fields", "hedline")
    assert "There is no field 'hedline'" in str(result.exception)
