"""A cluster with two workers, started word for word as the guide says: a real PostgreSQL, no Docker, no systemd."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.cluster.postgres import program
from tests.tooling.compose import interpolated
from tests.tooling.deployment import ARTICLES, PASSWORD, deploy, installs_packages, section
from tests.tooling.repository import ROOT

SECTIONS = {"docker": "On one machine, with Docker", "systemd": "On several machines, with systemd"}


@pytest.mark.slow
@pytest.mark.usefixtures("overlays")
@pytest.mark.skipif(program("initdb") is None, reason="needs PostgreSQL")
@pytest.mark.parametrize("kind", SECTIONS)
def test_the_commands_of_the_guide_start_a_cluster_that_crawls_a_site(kind: str, tmp_path: Path) -> None:
    if kind == "systemd" and ROOT.is_relative_to("/tmp"):
        pytest.skip("a service has a /tmp of its own, without this checkout")
    done = deploy(tmp_path, kind)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    printed = done.stdout
    ran = re.findall(r"^\$ (.*)$", printed, flags=re.MULTILINE)
    assert ran == [line for line in section(SECTIONS[kind]) if not installs_packages(line)]
    (site,) = re.findall(r"^Queued http://(.*)\.$", printed, flags=re.MULTILINE)
    assert re.search(rf"^{site} +healthy +0 ", printed, flags=re.MULTILINE)
    assert "\nWorkers: 2\n" in printed
    assert re.search(rf"^Collected \d shards?: {ARTICLES} new articles\.$", printed, flags=re.MULTILINE)
    if kind == "docker":
        assert f"Exported {ARTICLES} articles." in done.stderr


def test_the_guide_installs_the_extra_of_the_image() -> None:
    (install,) = [line for line in section(SECTIONS["systemd"]) if "pip install" in line]
    assert "[cluster]" in install
    assert "EXTRAS: cluster" in (ROOT / "docs/deploy/compose.yaml").read_text("utf-8")


def test_what_workers_could_not_publish_outlives_them() -> None:
    """Their scratch folder is a volume of the image's user, or the cache folder of the unit."""
    worker = yaml.safe_load((ROOT / "docs/deploy/compose.yaml").read_text("utf-8"))["services"]["worker"]
    scratch = worker["command"][worker["command"].index("--scratch") + 1]
    assert f"scratch:{scratch}" in worker["volumes"]
    assert re.search(rf"install --directory --owner caliber .*{scratch}\b", (ROOT / "Dockerfile").read_text("utf-8"))
    unit = (ROOT / "docs/deploy/caliber-worker@.service").read_text("utf-8")
    assert "--scratch /var/cache/caliber/%i\nCacheDirectory=caliber/%i\n" in unit


def test_the_environment_of_a_unit_has_no_password_yet() -> None:
    assert f"PGPASSWORD={PASSWORD}" in (ROOT / "docs/deploy/worker.env").read_text("utf-8").splitlines()


def test_a_variable_of_compose_has_a_value_a_default_or_an_error() -> None:
    assert interpolated("${A} ${B:-2}/${C:?no}", {"A": "1", "C": "3"}) == "1 2/3"
    assert interpolated("${B:-2}", {"B": ""}) == "2"
    with pytest.raises(SystemExit, match="required variable C is missing a value: no"):
        interpolated("${C:?no}", {})
