"""The parts of systemd that docs/deploy uses, without systemd, in a root of its own.

A unit's process gets its user, its environment file, its cache folder, a private /tmp and otherwise only folders that
it may read, as its unit demands. Not imitated: limits of memory, and ``ProtectHome``, because the Python of the tests
may be below a home folder.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from configparser import ConfigParser
from contextlib import suppress
from pathlib import Path

from tests.tooling.compose import database_command, is_running, mount, run_shell
from tests.tooling.image import mount_lines

ADMINISTRATOR_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KNOWN = {
    *("User", "EnvironmentFile", "ExecStart", "CacheDirectory", "Restart", "RestartSec", "TimeoutStopSec", "MemoryMax"),
    *("NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "ReadWritePaths"),
}
UNITS = Path("/etc/systemd/system")
STATE = Path("/run/units")


class Machine:
    """A root in which an administrator works: an overlay of this machine's files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root"
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        options = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
        mount("-t", "overlay", "overlay", "-o", options, str(self.root))
        # Any user may run the packages of the tests; their folders may be private.
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
        for parent in (*python.parents, *Path(sys.prefix, "bin").parents):
            inside = Path(f"{self.root}{parent}")
            inside.chmod(inside.stat().st_mode | 0o111)
        (self.root / "opt/caliber").symlink_to(sys.prefix)

    def start_database(self, host: str) -> None:
        """Start PostgreSQL as Debian installs it, with the superuser ``postgres``, under a name in the network."""
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {host}\n")
        run_shell(*mount_lines(self.root, str(hosts)))
        variables = {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "unused"}
        command = database_command(self.root, variables, {"volumes": ["files:/var/lib/postgresql/data"]})
        with (self.folder / "database.log").open("wb") as log:
            self.database = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
        probe = ["chroot", "--userspec=postgres:postgres", str(self.root), "pg_isready", "--host", "127.0.0.1"]
        for _ in range(300):
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "database.log").read_text())

    def run(self, text: str, programs: Path, typed: str) -> int:
        """Run a shell script as root of the machine, in the folder of the project."""
        for each in programs.iterdir():
            target = self.root / "usr/local/sbin" / each.name
            target.write_bytes(each.read_bytes())
            target.chmod(0o755)
        command = ["chroot", str(self.root), "sh", "-ec", f"cd {shlex.quote(str(Path.cwd()))}\n{text}"]
        variables = {"PATH": ADMINISTRATOR_PATH, "HOME": "/tmp"}
        # Without a terminal, so that a program that asks for a password reads it from here.
        return subprocess.run(
            command, env=variables, input=typed, text=True, check=False, start_new_session=True
        ).returncode


class Unit:
    """An instance of a template unit."""

    def __init__(self, name: str) -> None:
        self.name = name
        template, _, self.instance = name.partition("@")
        parser = ConfigParser(interpolation=None, strict=True)
        parser.optionxform = str  # type: ignore[method-assign, assignment]
        parser.read_string((UNITS / f"{template}@.service").read_text())
        assert parser["Service"].keys() <= KNOWN
        self.service = {key: value.replace("%i", self.instance) for key, value in parser["Service"].items()}
        assert self.service["ProtectSystem"] == "strict"

    def start(self) -> None:
        user = self.service["User"]
        cache = Path("/var/cache", self.service["CacheDirectory"])
        subprocess.run(["install", "-d", "-o", user, "-g", user, str(cache)], check=True)
        writable = [str(cache), *_existing(self.service["ReadWritePaths"].split())]
        mounts = [f"mount --bind {each} {each}" for each in writable]
        mounts += ["mount -o remount,bind,ro /", "mount -t tmpfs -o mode=1777 tmpfs /tmp", "cd /"]
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"]
        text = "\n".join([*mounts, "exec " + shlex.join(become) + " " + self.service["ExecStart"]])
        variables = {"PATH": ADMINISTRATOR_PATH, "HOME": "/nonexistent", "USER": user}
        variables |= read_environment(Path(self.service["EnvironmentFile"]))
        STATE.mkdir(exist_ok=True)
        with (STATE / f"{self.name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-ec", text],
                env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        (STATE / f"{self.name}.pid").write_text(str(process.pid))

    def stop(self) -> None:
        pid = int((STATE / f"{self.name}.pid").read_text())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + float(self.service["TimeoutStopSec"])
        while is_running(pid):
            assert time.monotonic() < deadline, f"{self.name} did not stop"
            time.sleep(0.05)

    def is_active(self) -> bool:
        return is_running(int((STATE / f"{self.name}.pid").read_text()))


def _existing(paths: list[str]) -> list[str]:
    """Paths of a unit; those that begin with "-" may be missing."""
    return [path.removeprefix("-") for path in paths if not path.startswith("-") or Path(path[1:]).exists()]


def read_environment(path: Path) -> dict[str, str]:
    """The variables of an environment file without quotation marks."""
    assert path.stat().st_mode & 0o077 == 0, "others may read the password"
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert not any(mark in line for line in lines for mark in "'\"\\")
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def run_systemctl(words: list[str]) -> int:
    """``systemctl enable --now``, ``is-active`` and ``stop`` of units."""
    match words:
        case ["enable", "--now", *names]:
            for name in names:
                Unit(name).start()
        case ["stop", *names]:
            for name in names:
                Unit(name).stop()
        case ["is-active", *names]:
            active = [Unit(name).is_active() for name in names]
            sys.stdout.write("".join("active\n" if each else "failed\n" for each in active))
            return 0 if all(active) else 3
        case _:
            raise ValueError(words)
    return 0
