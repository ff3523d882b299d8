"""Requests to the operator's webhook go out directly, over a verified connection, and follow no redirect."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest
import trustme

from caliber_crawler.demo import DemoSite
from caliber_crawler.notification.webhook import post
from tests.hostile.canary import canary
from tests.hostile.site import HostileSite, answering, misbehaving
from tests.hostile.tricks import redirecting

DEMO = DemoSite(articles=10, seed=1, sections=("analytics",))


def requested_paths(log: Path) -> list[str]:
    return [json.loads(line)["path"] for line in log.read_text().splitlines()]


@pytest.mark.slow
def test_a_redirect_of_a_webhook_is_not_followed(tmp_path: Path) -> None:
    with canary() as (port, visits):
        site = HostileSite(DEMO, instead={"/hook": redirecting(f"http://127.0.0.1:{port}/"), "/fine": answering(204)})
        with misbehaving(site, log=tmp_path / "log.jsonl") as base_url:
            assert post(f"{base_url}/fine", {}) is None
            assert post(f"{base_url}/hook", {}) == "it answered 302"
        assert visits == []
    assert requested_paths(tmp_path / "log.jsonl") == ["/fine", "/hook"], "robots.txt is not requested"


def test_a_webhook_with_an_untrusted_certificate_gets_no_request(tmp_path: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    with misbehaving(HostileSite(DEMO), log=tmp_path / "log.jsonl", tls=server) as base_url:
        assert "CERTIFICATE_VERIFY_FAILED" in str(post(f"{base_url}/hook", {"secret": 1}))
    assert requested_paths(tmp_path / "log.jsonl") == []
