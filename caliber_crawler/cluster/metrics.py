"""The status of a cluster as Prometheus metrics, for dashboards and alerts of an operations team."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from caliber_crawler.cluster.publication import BY
from caliber_crawler.errors import ClusterError

logger = logging.getLogger(__name__)

Status = Mapping[str, list[dict[str, Any]]]
"""What :func:`~caliber_crawler.cluster.status.cluster_status` returns."""
JOB_STATES = ("todo", "doing", "failed")
SITE_STATES = ("healthy", "alarm", "failed")
COUNTS = ("new", "updated", "revisited", "refused", "failed", "remaining", "problems")
"""Counts of a site's last job that are metrics."""
METHOD = ["site", "method"]
UP = "Whether PostgreSQL answers."


def exposition(status: Status, now: datetime | None = None) -> bytes:
    """The metrics of one status, in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(ClusterCollector(lambda: status, now))
    return generate_latest(registry)


def serve(read: Callable[[], Status], host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve the metrics until SIGINT or SIGTERM; ``announce`` receives their URL when requests are answered.

    Raises :class:`ClusterError` if they cannot be served there.
    """
    registry = CollectorRegistry()
    registry.register(ClusterCollector(read))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ClusterError(
            f"Cannot serve metrics at {host}:{port}: {error.strerror}. Choose another --port or --host."
        ) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread of its own: shutdown() waits for the end of the thread that serves, and a second signal may come.
        signal.signal(number, lambda number, frame: threading.Thread(target=server.shutdown).start())
    announce(f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/metrics")
    thread.join()
    server.server_close()


class ClusterCollector(Collector):
    """Collects the metrics anew each time they are requested. ``read`` returns the status."""

    def __init__(self, read: Callable[[], Status], now: datetime | None = None) -> None:
        self._read, self._now = read, now

    def describe(self) -> Iterable[GaugeMetricFamily]:
        # Without this, the registry would ask PostgreSQL when the collector is registered.
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics."""
        try:
            status, now = self._read(), self._now or datetime.now(UTC)
        except ClusterError as error:
            # Without an answer, Prometheus would say only that this program is down.
            logger.warning("%s", error)
            yield _metric("up", UP, [], [([], 0)])
            return
        yield _metric("up", UP, [], [([], 1)])
        yield _metric("jobs", "Jobs by state.", ["state"], _numbers(status["jobs"], "status", JOB_STATES))
        yield _metric("overdue_seconds", "Age of the ready job that has waited longest.", [], [([], _age(status, now))])
        yield _metric("workers", "Workers that send heartbeats.", [], [([], len(status["workers"]))])
        silence = max((row["silent_for"] for row in status["workers"]), default=0.0)
        yield _metric("worker_silence_seconds", "Longest time since a worker's heartbeat.", [], [([], silence)])
        yield _metric("sites", "Sites by state.", ["state"], _numbers(status["sites"], "state", SITE_STATES))
        states = [([row["site"]], float(row["state"] == "healthy")) for row in status["sites"]]
        yield _metric("site_healthy", "Whether the last job of a site was healthy.", ["site"], states)
        healthy = [
            ([row["site"]], _seconds(row["last_healthy_at"])) for row in status["sites"] if row["last_healthy_at"]
        ]
        yield _metric("site_last_healthy_timestamp_seconds", "When a site was healthy last.", ["site"], healthy)
        alarms = [([row["site"], reason], 1.0) for row in status["sites"] for reason in row["alarms"]]
        yield _metric("site_alarm", "Open alarms by reason.", ["site", "reason"], alarms)
        messages = status["messages"]
        yield _metric("unsent_messages", "Messages that their targets have not received.", [], [([], len(messages))])
        yield from self._shards(status["shards"])

    def _shards(self, shards: list[dict[str, Any]]) -> Iterator[GaugeMetricFamily]:
        sizes = [([row["site"]], float(row["size"])) for row in shards]
        yield _metric("shard_bytes", "Size of the files of a site's archive on the storage.", ["site"], sizes)
        published = [([row["site"]], _seconds(row["published_at"])) for row in shards]
        yield _metric("shard_published_timestamp_seconds", "When a site's archive was published.", ["site"], published)
        counts = [
            ([row["site"], name], float(row["counts"][name]))
            for row in shards
            for name in COUNTS
            if name in row["counts"]
        ]
        yield _metric("last_job_urls", "URLs of a site's last job by outcome.", ["site", "outcome"], counts)
        load = [([row["site"]], float(row["counts"]["requests"])) for row in shards if "requests" in row["counts"]]
        yield _metric("last_job_requests", "Requests of a site's last job.", ["site"], load)
        methods = [
            ([row["site"], name.removeprefix(BY)], float(number))
            for row in shards
            for name, number in row["counts"].items()
            if name.startswith(BY)
        ]
        yield _metric("last_job_articles", "Articles of a site's last job by extraction method.", METHOD, methods)


def _metric(name: str, help: str, labels: list[str], values: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(f"caliber_{name}", help, labels=labels)
    for found, value in values:
        metric.add_metric(found, value)
    return metric


def _numbers(rows: list[dict[str, Any]], column: str, known: Iterable[str]) -> Iterator[tuple[list[str], float]]:
    """How many rows have each of the known values; a state without rows is 0, not absent."""
    for value in known:
        yield [value], float(sum(row[column] == value for row in rows))


def _age(status: Status, now: datetime) -> float:
    waiting = [row["not_before"] or row["since"] for row in status["jobs"] if row["status"] == "todo"]
    # What is not ready yet, as a job that waits for its next attempt, is not late.
    return max((now.timestamp() - _seconds(since) for since in (*waiting, now.isoformat()) if since), default=0.0)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
