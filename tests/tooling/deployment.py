"""Runs the shell blocks of the cluster guide word for word, without Docker and systemd, against a real PostgreSQL.

``python -m tests.tooling.deployment FOLDER docker|systemd`` prints the output of each line below ``$ LINE``. It needs
namespaces of its own, in which everything that it starts ends with it; :func:`deploy` makes them. The network is empty,
so the commands, ports and host names are those of the guide. Only these differ: the site in the guide is a demo site of
this process, and behind ``enqueue`` the shell waits until that site's job has ended.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.tooling.compose import Project
from tests.tooling.repository import ROOT
from tests.tooling.systemd import Machine, run_systemctl

GUIDE = ROOT / "docs/guides/cluster.md"
SITE = "https://news.example.org"
ARTICLES = 10
PASSWORD = "change-me"
"""The one in docs/deploy/worker.env."""


def section(heading: str) -> list[str]:
    """The lines of all shell blocks below a heading of the guide."""
    from tests.documents import blocks

    text = re.split(rf"^### {re.escape(heading)}$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)[1]
    text = re.split(r"^##", text, flags=re.MULTILINE)[0]
    return [line for block in blocks("sh", text) for line in block.splitlines()]


def deploy(folder: Path, kind: str) -> subprocess.CompletedProcess[str]:
    """Run the blocks of one section in namespaces of their own."""
    inside = [sys.executable, "-m", "tests.tooling.deployment", str(folder), kind]
    return subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *inside],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def script(lines: list[str], site: str) -> str:
    """The lines as one script that prints each of them before it runs."""
    text = []
    for line in lines:
        text += [f"echo {shlex.quote('$ ' + line)}", line.replace(SITE, site)]
        if "enqueue" in line:
            text[-1] = text[-1].replace(site, f"{site} --delay 0.05")
            text.append(f"wait-for-job {site}")
    return "\n".join(text)


def run_with_docker(folder: Path, site: str) -> int:
    programs = write_programs(folder, "docker", "wait-for-job")
    variables = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "DEPLOYMENT": str(folder)}
    work = folder / "checkout"
    work.mkdir()
    (work / "docs").symlink_to(ROOT / "docs")
    text = script(section("On one machine, with Docker"), site)
    return subprocess.run(["sh", "-ec", text], cwd=work, env=variables, check=False).returncode


def run_with_systemd(folder: Path, site: str) -> int:
    machine = Machine(folder / "machine")
    write_programs(folder, "systemctl", "wait-for-job", "editor")
    machine.start_database("db.example.org")
    lines = [line for line in section("On several machines, with systemd") if not installs_packages(line)]
    password = f"{PASSWORD}\n{PASSWORD}\n"
    return machine.run(script(lines, site), folder / "programs", typed=password)


def installs_packages(line: str) -> bool:
    """Whether a line sets up /opt/caliber: here, that is the environment of the tests."""
    return line.startswith(("make wheel", "python3 -m venv /opt/caliber", "/opt/caliber/bin/pip install"))


def write_programs(folder: Path, *names: str) -> Path:
    """Write programs that call this module in place of others."""
    programs = folder / "programs"
    programs.mkdir()
    for name in names:
        program = programs / name
        call = shlex.join([sys.executable, "-m", "tests.tooling.deployment", str(folder), name])
        program.write_text(f'#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(ROOT))}\nexec {call} "$@"\n')
        program.chmod(0o755)
    return programs


def run_docker(folder: Path, words: list[str]) -> int:
    """``docker compose -f FILE up|run|stop …``."""
    assert words[:2] == ["compose", "-f"]
    file, verb, *rest = words[2:]
    project = Project(Path(file).resolve(), folder, os.environ)
    match verb, rest:
        case "up", ["--detach", "--scale", scale]:
            name, _, number = scale.partition("=")
            project.up({name: int(number)})
        case "run", ["--rm", name, *arguments]:
            return project.run(name, arguments)
        case "stop", []:
            project.stop()
        case _:
            raise ValueError(words)
    return 0


def wait_for_job(site: str) -> int:
    """Wait until the jobs of a site have ended."""
    import psycopg

    deadline = time.monotonic() + 120
    query = "SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock LIKE %s AND status IN ('todo', 'doing')"
    password = os.environ.get("POSTGRES_PASSWORD") or os.environ["PGPASSWORD"]
    with closing(psycopg.connect(host="127.0.0.1", user="caliber", password=password, autocommit=True)) as connection:
        while connection.execute(query, (f"{site}%",)).fetchone() != (0,):
            if time.monotonic() > deadline:
                sys.stderr.write(f"the job of {site} did not end\n")
                return 1
            time.sleep(0.1)
    return 0


def edit(path: Path) -> int:
    """What the operator types: nothing, because the example's values are right here."""
    assert PASSWORD in path.read_text()
    return 0


def main() -> int:
    folder, kind, *words = Path(sys.argv[1]), *sys.argv[2:]
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    match kind, words:
        case "docker", ["compose", *_]:
            return run_docker(folder, words)
        case "systemctl", _:
            return run_systemctl(words)
        case "wait-for-job", [site]:
            return wait_for_job(site)
        case "editor", [path]:
            return edit(Path(path))
    from caliber_crawler.demo import DemoSite, running

    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
    site = DemoSite(articles=ARTICLES, seed=1, sections=("analytics",), clock=lambda: datetime(2026, 1, 7, tzinfo=UTC))
    with running(site) as url:
        code = {"docker": run_with_docker, "systemd": run_with_systemd}[kind](folder, url)
    if code:
        for log in sorted(
            [*folder.glob("*.log"), *folder.glob("machine/*.log"), *folder.glob("machine/root/run/units/*.log")]
        ):
            sys.stderr.write(f"{log}:\n{log.read_text()[-2000:]}\n")
    return code


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with suppress(BrokenPipeError):
        sys.exit(main())
