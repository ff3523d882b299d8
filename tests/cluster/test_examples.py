"""The examples in the cluster guide and in docs/deploy match the program."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from caliber_crawler.cluster.work import load_timetable
from caliber_crawler.commands.cli import main
from caliber_crawler.commands.cluster import cluster
from caliber_crawler.known_sites import project_settings

DOCS = Path(__file__).parents[2] / "docs"
DEPLOY = DOCS / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(DEPLOY / "caliber-worker@.service")
    return parser


def command_lines() -> list[list[str]]:
    """The arguments of ``caliber`` in every call of ``caliber cluster`` in the examples and the guide."""
    composed = [service["command"] for service in COMPOSE["services"].values() if "command" in service]
    guide = re.findall(r"caliber (cluster [^#\n]+)", "".join(re.findall(r"```sh\n(.*?)```", _guide(), re.DOTALL)))
    return [*composed, shlex.split(unit()["Service"]["ExecStart"])[1:], *map(shlex.split, guide)]


def _guide() -> str:
    return (DOCS / "guides" / "cluster.md").read_text()


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_command_lines_are_valid(words: list[str]) -> None:
    group, verb, *options = words
    assert group == "cluster"
    command = cluster.commands[verb]
    with click.Context(command, resilient_parsing=True) as context:
        left = command.make_parser(context).parse_args(args=options)[1]
    assert left == []


def test_guide_mentions_every_subcommand() -> None:
    assert set(re.findall(r"caliber cluster (\w+)", _guide())) == set(cluster.commands)


def test_systemd_unit_restarts_and_waits_for_the_worker_to_stop() -> None:
    service = unit()["Service"]
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > project_settings().getint("DOWNLOAD_TIMEOUT")
    assert not any("PASSWORD" in line and "=" in line and not line.startswith("#") for line in service.values())


def test_compose_workers_restart_and_contain_no_password() -> None:
    worker = COMPOSE["services"]["worker"]
    assert worker["restart"] == "always"
    assert worker["environment"]["PGPASSWORD"].startswith("${POSTGRES_PASSWORD")
    assert (DEPLOY / worker["build"]["context"] / "Dockerfile").exists()
    assert worker["build"]["args"] == {"EXTRAS": "cluster"}


def test_example_timetable_is_valid() -> None:
    assert {scheduled.work.site for scheduled in load_timetable(DEPLOY / "timetable.toml", project_settings())}


@pytest.mark.parametrize("verb", ["init", "enqueue", "worker", "status", "collect"])
def test_password_on_the_command_line_is_refused_and_not_printed(verb: str) -> None:
    result = CliRunner().invoke(main, ["cluster", verb, "--dsn", "postgresql://anna:hunter2@127.0.0.1:1/x"])
    assert result.exit_code == 2
    assert "CALIBER_DSN" in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize("dsn", ["postgresql://anna:hunter2@127.0.0.1:1/x", "password=hunter2 hots=nowhere", "hunter2"])
def test_errors_do_not_contain_the_password(dsn: str) -> None:
    result = CliRunner().invoke(main, ["cluster", "status"], env={"CALIBER_DSN": dsn})
    assert result.exit_code == 17
    assert "hunter2" not in result.output


def test_missing_extra_is_reported() -> None:
    without = "import sys; sys.modules['psycopg'] = None; from caliber_crawler.commands.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "cluster", "init"], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: This needs the extra 'cluster'. Install it: ")
    assert "-m pip install" in done.stderr
