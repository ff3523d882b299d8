"""The metrics of a cluster say what its status says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from caliber_crawler.cluster.metrics import exposition

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
STATUS: dict[str, list[dict[str, Any]]] = {
    "jobs": [
        {"status": "todo", "not_before": "2026-01-07T11:00:00+00:00", "since": None},
        {"status": "todo", "not_before": None, "since": "2026-01-07T11:59:00+00:00"},
        {"status": "failed", "not_before": None, "since": None},
    ],
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
