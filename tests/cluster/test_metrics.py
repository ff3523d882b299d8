"""The metrics of a cluster say what its status says."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from caliber_crawler.cluster.database import connect, set_up
from caliber_crawler.cluster.metrics import ClusterCollector, Status, exposition
from caliber_crawler.cluster.status import cluster_status
from caliber_crawler.errors import ClusterError
from tests.conftest import Result, start

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
STATUS: dict[str, list[dict[str, Any]]] = {
    "jobs": [
        {"status": "todo", "not_before": "2026-01-07T11:00:00+00:00", "since": None},
        {"status": "todo", "not_before": None, "since": "2026-01-07T11:59:00+00:00"},
        {"status": "failed", "not_before": None, "since": None},
    ],
    "messages": [{"site": "gazette", "since": "2026-01-07T11:00:00+00:00", "attempts": 2}],
    "workers": [{"silent_for": 2.5}, {"silent_for": 0.5}],
    "sites": [
        {"site": "gazette", "state": "healthy", "alarms": [], "last_healthy_at": "2026-01-07T11:00:00+00:00"},
        {"site": 'a "quoted"\nname', "state": "alarm", "alarms": ["unknown_layout"], "last_healthy_at": None},
    ],
    "shards": [
        {
            "site": "gazette",
            "size": 4096,
            "published_at": "2026-01-07T11:00:00+00:00",
            "counts": {"new": 3, "refused": 1, "discovered": 9, "requests": 12, "by_selector": 3},
        }
    ],
}


def values(status: dict[str, list[dict[str, Any]]]) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels in the order of their names, read by the library's own parser."""
    families = text_string_to_metric_families(exposition(status, NOW).decode())
    return {
        (sample.name.removeprefix("caliber_"), *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_count_jobs_workers_sites_and_shards() -> None:
    hour_ago = datetime(2026, 1, 7, 11, tzinfo=UTC).timestamp()
    assert values(STATUS) == {
        ("up",): 1,
        ("unsent_messages",): 1,
        ("jobs", "todo"): 2,
        ("jobs", "doing"): 0,
        ("jobs", "failed"): 1,
        ("overdue_seconds",): 3600,
        ("workers",): 2,
        ("worker_silence_seconds",): 2.5,
        ("sites", "healthy"): 1,
        ("sites", "alarm"): 1,
        ("sites", "failed"): 0,
        ("site_healthy", "gazette"): 1,
        ("site_healthy", 'a "quoted"\nname'): 0,
        ("site_last_healthy_timestamp_seconds", "gazette"): hour_ago,
        ("site_alarm", "unknown_layout", 'a "quoted"\nname'): 1,
        ("shard_bytes", "gazette"): 4096,
        ("shard_published_timestamp_seconds", "gazette"): hour_ago,
        ("last_job_urls", "new", "gazette"): 3,
        ("last_job_urls", "refused", "gazette"): 1,
        ("last_job_requests", "gazette"): 12,
        ("last_job_articles", "selector", "gazette"): 3,
    }


def test_an_empty_cluster_has_metrics() -> None:
    assert values({name: [] for name in STATUS})["jobs", "todo"] == 0


def test_a_job_that_is_not_ready_yet_is_not_late() -> None:
    job = {"status": "todo", "not_before": "2026-01-07T13:00:00+00:00", "since": None}
    assert values({**STATUS, "jobs": [job]})["overdue_seconds",] == 0


def test_a_database_that_does_not_answer_is_a_metric(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Status:
        raise ClusterError("Cannot connect to PostgreSQL at db.example.org.")

    registry = CollectorRegistry()
    registry.register(ClusterCollector(fail))
    assert b"caliber_up 0.0" in generate_latest(registry)
    assert "Cannot connect to PostgreSQL at db.example.org." in caplog.text


@pytest.mark.slow
def test_the_size_of_a_shard_is_that_of_all_its_files(dsn: str) -> None:
    set_up(dsn)
    parts = [(1, None, 900), (2, 1, 20), (3, None, 1000), (4, 3, 30), (5, 4, 40)]
    with connect(dsn) as connection:
        for generation, base, size in parts:
            connection.execute(
                "INSERT INTO caliber_shard_parts (site, generation, base, path, size, digest)"
                " VALUES ('gazette', %s, %s, 'x', %s, 'x')",
                (generation, base, size),
            )
        for site, generation in (("gazette", 5), ("weekly", 1)):
            connection.execute(
                "INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts)"
                " VALUES (%s, %s, 'x', 40, 'x', 'finished', '{}')",
                (site, generation),
            )
    assert [(row["site"], row["size"]) for row in cluster_status(dsn)["shards"]] == [("gazette", 1070), ("weekly", 40)]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("host", "url"), [("127.0.0.1", "http://127.0.0.1:{}"), ("::1", "http://[::1]:{}")])
def test_metrics_are_served_where_the_command_says_until_it_is_stopped(
    number: signal.Signals, host: str, url: str, tmp_path: Path
) -> None:
    """Also while PostgreSQL does not answer."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        dsn = "postgresql://postgres@127.0.0.1:1/caliber"
        serving = start("cluster", "metrics", "--dsn", dsn, "--port", port, "--host", host, stderr=stderr)
        until = time.monotonic() + 60
        while not log.read_bytes().endswith(b"\n") and time.monotonic() < until:
            time.sleep(0.02)
        assert log.read_text() == f"Serving {url.format(port)}/metrics; Ctrl-C stops it.\n"
        with urlopen(f"{url.format(port)}/metrics", timeout=30) as response:
            assert b"caliber_up 0.0" in response.read()
        serving.send_signal(number)
        assert serving.wait(30) == 0
    assert "Aborted" not in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_metrics_that_cannot_be_served_are_not_announced(host: str, caliber: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = caliber("cluster", "metrics", "--dsn", "postgresql://127.0.0.1:1/x", "--port", port, "--host", host)
    assert result.exit_code == 17
    assert result.stderr.startswith(f"Error: Cannot serve metrics at {host}:{port}: ")
    assert result.stderr.endswith(" Choose another --port or --host.\n")
