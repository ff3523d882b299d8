"""The parts of ``docker compose`` that the project's compose files use, without Docker.

Each container has a root of its own, an overlay of this machine's files on which the last stage of the Dockerfile was
run. All share the network. A field that is not known here is an error.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.tooling.image import Script, instructions, mount_lines
from tests.tooling.repository import ROOT

FIELDS = {
    *("build", "command", "depends_on", "environment", "healthcheck", "image", "ports", "profiles", "restart"),
    *("stop_grace_period", "volumes"),
}
Service = dict[str, Any]


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}``, as compose does."""

    def value(found: re.Match[str]) -> str:
        name, operator, rest = found.groups()
        if variables.get(name):
            return variables[name]
        if operator == ":?":
            raise SystemExit(f"required variable {name} is missing a value: {rest}")
        return rest or ""

    assert not re.search(r"\$(?!\{)", text)
    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", value, text)


def load_services(path: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """The services of a compose file with the values of variables in place of their names."""
    content = yaml.safe_load(interpolated(path.read_text("utf-8"), variables))
    assert content.keys() <= {"services", "volumes"}
    for name, service in content["services"].items():
        assert service.keys() <= FIELDS, name
        for mount in service.get("volumes", []):
            source = mount.partition(":")[0]
            assert source.startswith(".") or source in content["volumes"], mount
    services: dict[str, Service] = content["services"]
    return services


def seconds(text: str) -> float:
    """A duration such as ``90s``."""
    assert text.endswith("s")
    return float(text[:-1])


class Project:
    """The containers of a compose file, below a folder; several processes may use it one after the other."""

    def __init__(self, path: Path, folder: Path, variables: Mapping[str, str]) -> None:
        self.path, self.folder = path, folder
        self.services = load_services(path, variables)
        self.image = Script(ROOT, folder / "image")
        steps = instructions((ROOT / "Dockerfile").read_text("utf-8"))
        last = max(place for place, (word, _) in enumerate(steps) if word == "FROM")
        for word, rest in steps[last:]:
            if word == "COPY":
                # The packages of this environment, in place of those of the earlier stage.
                _, source, target = rest.split()
                assert source == target
                self.image.lines.append(f"ln -s {sys.prefix} {self.image.root}{target}")
            else:
                self.image.add(word, rest)
        # The packages are compiled already.
        del self.image.variables["PYTHONPYCACHEPREFIX"]

    def up(self, scale: Mapping[str, int]) -> None:
        """Start every service without a profile, after those it depends on."""
        for name, service in self.services.items():
            if "profiles" not in service:
                self._start_with_dependencies(name, scale.get(name, 1))

    def run(self, name: str, arguments: list[str]) -> int:
        """Run a command in a new container of a service; return its exit code."""
        self._start_dependencies(name)
        return self._process(f"{name}-run-{os.getpid()}", self.services[name], arguments).wait()

    def stop(self) -> None:
        """Stop the containers; an error if one does not end within its period of grace."""
        for record in sorted(self.folder.glob("*.pid"), reverse=True):
            name = record.stem.rpartition("-")[0]
            pid, grace = int(record.read_text()), seconds(self.services[name].get("stop_grace_period", "10s"))
            with suppress(ProcessLookupError):
                # PostgreSQL's image says which signal stops it: fast, without waiting for its clients.
                os.kill(pid, signal.SIGINT if self._is_database(self.services[name]) else signal.SIGTERM)
            deadline = time.monotonic() + grace
            while is_running(pid):
                assert time.monotonic() < deadline, f"{record.stem} did not stop within {grace} s"
                time.sleep(0.05)
            record.unlink()

    def _start_with_dependencies(self, name: str, number: int = 1) -> None:
        if list(self.folder.glob(f"{name}-*.pid")):
            return
        service = self.services[name]
        self._start_dependencies(name)
        for each in range(1, number + 1):
            container = f"{name}-{each}"
            process = self._process(container, service, service.get("command", []), in_background=True)
            (self.folder / f"{container}.pid").write_text(str(process.pid))
        if "restart" not in service and not self._is_database(service):
            assert process.wait() == 0, f"{name} failed"

    def _start_dependencies(self, name: str) -> None:
        for needed, rule in self.services[name].get("depends_on", {}).items():
            # A service without a restart policy has ended when its start returns.
            self._start_with_dependencies(needed)
            if rule["condition"] == "service_healthy":
                self._wait_for_health(needed)
            else:
                assert rule["condition"] == "service_completed_successfully"

    def _wait_for_health(self, name: str) -> None:
        check = self.services[name]["healthcheck"]
        kind, *command = check["test"]
        assert kind == "CMD"
        root = self.folder / f"{name}-1" / "root"
        for _ in range(int(check["retries"]) * int(seconds(check["interval"])) * 10):
            inside = ["chroot", "--userspec=postgres:postgres", str(root), *command]
            if subprocess.run(inside, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not healthy")

    def _is_database(self, service: Service) -> bool:
        return str(service.get("image", "")).startswith("postgres:")

    def _process(
        self, name: str, service: Service, arguments: list[str], in_background: bool = False
    ) -> subprocess.Popen[bytes]:
        root = self._make_root(name, service)
        variables = {key: str(value) for key, value in service.get("environment", {}).items()}
        if self._is_database(service):
            command = database_command(root, variables, service)
        else:
            variables = self.image.variables | variables
            inside = [*self.image.entry, *arguments]
            text = f"{shlex.join(['cd', self.image.work])} && exec {shlex.join(inside)}"
            command = ["chroot", f"--userspec={self.image.user}:{self.image.user}", str(root), "sh", "-c", text]
        if not in_background:
            return subprocess.Popen(command, env=variables)
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _make_root(self, name: str, service: Service) -> Path:
        """The root of a new container, with its volumes."""
        if not self.image.folder.exists():
            self.image.folder.mkdir()
            run_shell(*self.image.lines)
        home, root = self.folder / name, self.folder / name / "root"
        lower = "/" if self._is_database(service) else f"{self.image.root.parent}/upper:/"
        for each in ("upper", "work", "root"):
            (home / each).mkdir(parents=True)
        options = f"lowerdir={lower},upperdir={home}/upper,workdir={home}/work"
        mount("-t", "overlay", "overlay", "-o", options, str(root))
        hosts = self.folder / "hosts"
        hosts.write_text("".join(f"127.0.0.1 {each}\n" for each in ("localhost", *self.services)))
        run_shell(*mount_lines(root, str(hosts)))
        for each in service.get("volumes", []):
            source, target, *mode = each.split(":")
            self._mount_volume(source, Path(f"{root}{target}"), read_only=mode == ["ro"])
        return root

    def _mount_volume(self, name: str, target: Path, *, read_only: bool) -> None:
        if name.startswith("."):
            source = self.path.parent / name
            target.touch()
        else:
            source = self.folder / "volumes" / name
            if not source.exists():
                source.mkdir(parents=True)
                target.mkdir(parents=True, exist_ok=True)
                # A new volume gets the owner of the image's folder.
                os.chown(source, target.stat().st_uid, target.stat().st_gid)
            target.mkdir(parents=True, exist_ok=True)
        mount("--bind", *(("-o", "ro") if read_only else ()), str(source), str(target))


def database_command(root: Path, variables: dict[str, str], service: Service) -> list[str]:
    """What the entry point of the official image does: a new server with the user and database of the environment."""
    from tests.cluster.postgres import program

    (volume,) = service["volumes"]
    folder = volume.split(":")[1]
    text = f"""
    install -d -o postgres -g postgres {folder} /var/run/postgresql
    as_owner() {{ setpriv --reuid postgres --regid postgres --clear-groups "$@"; }}
    cd {folder}
    if [ ! -e {folder}/PG_VERSION ]; then
        printf %s "$POSTGRES_PASSWORD" >/password && chown postgres /password
        as_owner {program("initdb")} -D {folder} -U "$POSTGRES_USER" --pwfile /password -A scram-sha-256 \
            --auth-local trust -E UTF8 --no-sync >/dev/null
        as_owner {program("pg_ctl")} -D {folder} -w -o "-c listen_addresses=" start >/dev/null
        [ "$POSTGRES_USER" = postgres ] || as_owner {program("createdb")} -U "$POSTGRES_USER" "$POSTGRES_USER"
        as_owner {program("pg_ctl")} -D {folder} -w -m fast stop >/dev/null
    fi
    exec setpriv --reuid postgres --regid postgres --clear-groups {program("postgres")} -D {folder} -c fsync=off
    """
    variables.setdefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    return ["chroot", str(root), "sh", "-ec", text]


def mount(*arguments: str) -> None:
    """Mount something in the namespace of this process."""
    subprocess.run(["mount", *arguments], check=True)


def run_shell(*lines: str) -> None:
    """Run the lines of a shell script."""
    subprocess.run(["sh", "-ec", "\n".join(lines)], check=True)


def is_running(pid: int) -> bool:
    """Whether a process exists that has not ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
