"""Alerts in the browser: what they found, without their recipients."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.alerts import KINDS, Alert
from caliber_crawler.browse.public import configuration
from tests.browse.conftest import browsing
from tests.browse.newsroom import article, hour, save

HOSTILE = "<script>alert('headline')</script> corridor"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        archive.alerts.add(Alert(name="desk", query="corridor", targets=("https://hooks.example/secret",), kinds=KINDS))
        save(archive, article(headline=HOSTILE))
        archive.alerts.find(datetime(2026, 1, 8, tzinfo=UTC))
        save(archive, article(headline="A corridor"), seen_at=hour(5))
        archive.alerts.find(datetime(2026, 1, 8, tzinfo=UTC))
    return path


def test_the_page_lists_alerts_and_what_they_found(path: Path) -> None:
    with browsing(path) as get:
        response = get("/archive/-/alerts")
    page = Selector(response.text)
    assert page.css("h2::text").getall() == ["desk"]
    assert [item.css(".kicker::text").get() for item in page.css("li")] == ["headline", "new"]
    assert not page.css("script")
    assert "secret" not in response.text


def test_the_page_is_closed_in_public_mode(path: Path) -> None:
    with browsing(path, metadata={"plugins": {"caliber_crawler": {"public": True}}}) as get:
        assert get("/archive/-/alerts").status_code == 403
        assert get("/archive/alerts.json").status_code == 403
        assert "Alerts" not in get("/archive/-/home").text
    assert configuration()


def test_without_alerts_the_page_says_how_to_add_one(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", mode="write"):
        pass
    with browsing(tmp_path / "archive.db") as get:
        assert "caliber alerts add NAME QUERY" in get("/archive/-/alerts").text
