"""Time the README: each of its commands, word for word, by an ordinary user with an empty home and a minimal PATH.

Run as root: ``python -m benchmarks.readme``. The commands run as ``nobody``, in a copy of the last commit. Demo sites
on this machine, without delay, replace the sites on the network. Packages are downloaded anew. Prints the table of
docs/install.md: seconds by the clock and of CPU time. ``--newest-pip`` installs with the newest pip instead of the one
that comes with Python; ``--path`` names the folders where programs are found.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shlex
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from caliber_crawler.demo import DemoSite, running
from tests.documents import SERVERS, lines_of_readme, on_demo_site

ROOT = Path(__file__).resolve().parents[1]
USER = "nobody"
KEPT = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE", "HTTPS_PROXY")
"""Variables with which pip reaches the package index of a machine."""
LIMIT = 900
"""Seconds for one command."""


@dataclass(frozen=True)
class Took:
    """What a command needed, in seconds; its exit code, and what it printed."""

    clock: float
    cpu: float
    code: int = 0
    output: str = ""

    @property
    def cells(self) -> str:
        return f"{self.clock:.1f} | {self.cpu:.1f}"


class Newcomer:
    """An ordinary user who has a copy of the project and nothing else."""

    def __init__(self, folder: Path, path: str, *, is_new: bool = True) -> None:
        self.folder, self.checkout = folder, folder / "caliber_crawler"
        self.variables = {"HOME": str(folder / "home"), "PATH": path, "LANG": "C.UTF-8"}
        self.variables |= {name: os.environ[name] for name in KEPT if name in os.environ}
        self.lines: list[str] = []
        self.account = pwd.getpwnam(USER)
        self.become = ["setpriv", f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}", "--clear-groups"]
        if is_new:
            self._write()

    def _write(self) -> None:
        self.checkout.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", self.checkout], input=archive, check=True)
        (self.folder / "home").mkdir()
        owner = f"{self.account.pw_uid}:{self.account.pw_gid}"
        subprocess.run(["chown", "-R", owner, self.folder], check=True)

    def run(self, line: str) -> Took:
        """Run a line in the shell of the lines before it, which must succeed."""
        took = self.attempt(line)
        if took.code:
            raise SystemExit(f"{line}\nended with exit code {took.code}:\n{took.output[-4000:]}")
        return took

    def attempt(self, line: str, limit: float = LIMIT) -> Took:
        """Run a line, at most ``limit`` seconds. A server is stopped when its first page has come."""
        words = shlex.split(line)
        if words[0] in ("export", "."):
            self.lines.append(line)
        is_server = words[0] == "caliber" and words[1] in SERVERS
        text = "\n".join(["set -e", *self.lines, f"exec {line}" if is_server else line])
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        with (self.folder / "output").open("w+b") as output:
            started = time.monotonic()
            process = subprocess.Popen(
                [*self.become, "env", "-i", *variables, "sh", "-c", text],
                cwd=self.checkout, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
            clock = self._wait_for_page(process, started) if is_server else 0.0
            timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGTERM))
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            clock = clock or time.monotonic() - started
            output.seek(0)
            text = output.read().decode(errors="replace")
        process.returncode = os.waitstatus_to_exitcode(status)
        return Took(clock, usage.ru_utime + usage.ru_stime, process.returncode, text)

    def _wait_for_page(self, process: subprocess.Popen[bytes], started: float) -> float:
        while time.monotonic() < started + LIMIT and not os.waitid(
            os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            with suppress(OSError), urllib.request.urlopen("http://127.0.0.1:8001/", timeout=30) as answer:
                answer.read()
                break
            time.sleep(0.1)
        clock = time.monotonic() - started
        os.kill(process.pid, signal.SIGINT)
        return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--path", default="/usr/bin:/bin", help="where programs are found")
    parser.add_argument("--newest-pip", action="store_true", help="install with the newest pip")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="caliber-readme-") as name:
        Path(name).chmod(0o755)
        newcomer = Newcomer(Path(name), options.path)
        if options.newest_pip:
            newcomer.run("python3 -m venv .venv && .venv/bin/python -m pip install --quiet --upgrade pip")
            newcomer.run(".venv/bin/python -m pip --version >version")
        else:
            newcomer.run("python3 -c 'import ensurepip; print(\"pip\", ensurepip.version())' >version")
        newcomer.run("python3 --version >>version")
        version = ", ".join(
            re.sub(r" from .*", "", each) for each in (newcomer.checkout / "version").read_text().splitlines()
        )
        small = DemoSite(articles=10, seed=2, sections=("analytics",))
        with running(DemoSite(articles=60, seed=1, sections=("analytics",))) as base_url, running(small) as small_url:
            sites = {"example.org": small_url.removeprefix("http://"), "https://example.org/a-page": f"{small_url}/en/"}
            rows = []
            for line in lines_of_readme((ROOT / "README.md").read_text("utf-8")):
                words = shlex.split(line)
                runs = shlex.join(["caliber", *on_demo_site(words[1:], base_url, sites)])
                started = time.time()
                took = newcomer.run(runs if words[0] == "caliber" and words[1] not in SERVERS else line)
                rows.append(f"| `{line}` | {took.cells} |")
                if line == "make demo":
                    # The last thing that the installation writes.
                    installed = (newcomer.checkout / ".venv/installed").stat().st_mtime - started
                    rows.append(f"| – of which installation | {installed:.1f} | |")
                    again = newcomer.run(".venv/bin/caliber demo --archive data/again.db")
                    rows.append(f"| – of which our own code | {took.clock - installed:.1f} | {again.cpu:.1f} |")
        size = subprocess.run(["du", "-sm", newcomer.checkout / ".venv"], check=True, capture_output=True, text=True)
        left = [each.name for each in (newcomer.folder / "home").iterdir()]
    print(f"{version}, {size.stdout.split()[0]} MB; new in the home folder: {left or 'nothing'}\n")
    print("| Command | Seconds | CPU seconds |\n|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
