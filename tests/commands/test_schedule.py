"""Unattended crawls: schedules and watches."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from caliber_crawler.commands.schedule import schedule
from caliber_crawler.cron import require_cron
from caliber_crawler.errors import SiteError
from tests.conftest import Result, command, environment

WHEEL = "caliber_crawler-0.1.0-py3-none-any.whl"
FAST = ("--delay", 0, "--concurrency", 8)


def run_schedule(*arguments: str) -> str:
    result = CliRunner().invoke(schedule, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_crontab_line_is_one_command_with_due() -> None:
    line = next(line for line in run_schedule("--format", "crontab").splitlines() if line.startswith("*/30"))
    words = shlex.split(line.split(" ", 5)[5])
    assert words[0] == "cd"
    assert words[words.index("crawl") :][:3] == ["crawl", "caliber", "--due"]


def test_the_output_states_the_interval_and_the_time_zone() -> None:
    assert "# Every 30 minutes, in the time zone of the machine:" in run_schedule("--format", "crontab")
    assert "# Every 2 hours, in the" in run_schedule("--format", "crontab", "--every", "100")
    assert "caliber every hour, in the" in run_schedule("--format", "systemd", "--every", "70")
    assert "# every 6 hours, in UTC" in run_schedule("--format", "github", "--every", "360", "--install", WHEEL)


def test_a_path_with_spaces_and_percent_signs_is_escaped() -> None:
    crontab = run_schedule("--format", "crontab", "--archive", "/tmp/my news/100%.db")
    assert r"'/tmp/my news/100\%.db'" in crontab
    assert '"/tmp/my news/100%%.db"' in run_schedule("--format", "systemd", "--archive", "/tmp/my news/100%.db")


def test_environment_variables_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALIBER_CONTACT", "us <us@example.org>")
    monkeypatch.setenv("CALIBER_SPIDERS", "caliber_crawler.spiders")
    monkeypatch.setenv("PYTHONPATH", "/srv/sites")
    variables = ('CALIBER_CONTACT="us <us@example.org>"', 'CALIBER_SPIDERS="caliber_crawler.spiders"')
    assert {*variables, 'PYTHONPATH="/srv/sites"'} <= set(run_schedule("--format", "crontab").splitlines())
    assert 'Environment="CALIBER_CONTACT=us <us@example.org>"' in run_schedule("--format", "systemd").splitlines()


def test_an_unknown_site_is_not_scheduled() -> None:
    result = CliRunner().invoke(schedule, ["gazette"])
    assert isinstance(result.exception, SiteError)


def test_the_workflow_is_valid_without_local_paths_and_secrets() -> None:
    text = run_schedule("--format", "github", "--install", WHEEL, "--notify", "https://hooks.example/secret")
    workflow = yaml.safe_load(text)
    (crawl,) = (step for step in workflow["jobs"]["crawl"]["steps"] if "caliber crawl" in step.get("run", ""))
    assert crawl["run"].endswith("caliber crawl caliber --due --archive stored/archive.db\n")
    assert crawl["env"] == {
        "CALIBER_CONTACT": "${{ vars.CALIBER_CONTACT }}",
        "CALIBER_NOTIFY": "${{ secrets.CALIBER_NOTIFY }}",
    }
    require_cron(workflow[True]["schedule"][0]["cron"])  # YAML parses the key `on` as true
    assert str(Path.cwd()) not in text
    assert "hooks.example" not in text
    assert "CALIBER_NOTIFY" not in run_schedule("--format", "github", "--install", WHEEL)


@pytest.mark.parametrize(
    "install",
    [
        WHEEL,
        "wheels/caliber_crawler-1.2.3.post1-py3-none-any.whl",
        f"https://files.example.org/a/{WHEEL}#sha256={'0a' * 32}",
        f"git+https://github.com/owner/caliber@{'0a' * 20}",
    ],
)
def test_a_workflow_installs_one_pinned_version(install: str) -> None:
    text = run_schedule("--format", "github", "--install", install)
    (pip,) = (step["run"] for step in yaml.safe_load(text)["jobs"]["crawl"]["steps"] if "pip " in step.get("run", ""))
    assert shlex.split(pip) == ["pip", "install", install if "://" in install else f"./{install}"]


@pytest.mark.parametrize(
    "install",
    [
        *(
            "caliber-crawler",
            "caliber_crawler==0.1.0",
            "caliber-crawler[parquet]",
            ".",
            "-r requirements.txt",
            "--pre x.whl",
        ),
        *(
            f"../{WHEEL}",
            f"/tmp/{WHEEL}",
            f"a/../{WHEEL}",
            f"{WHEEL} other",
            f"$(id)/{WHEEL}",
            "other-1.0-py3-none-any.whl",
        ),
        *(f"https://files.example.org/{WHEEL}", f"http://files.example.org/{WHEEL}#sha256={'0a' * 32}"),
        *("git+https://github.com/owner/caliber", "git+https://github.com/owner/caliber@main"),
        f"git+https://github.com/owner/caliber@{'0a' * 20}\nx",
    ],
)
def test_a_workflow_installs_nothing_that_a_stranger_can_replace(install: str) -> None:
    result = CliRunner().invoke(schedule, ["--format", "github", "--install", install])
    assert result.exit_code == 2
    assert "pip install" not in result.output


def test_a_workflow_is_not_printed_without_a_pinned_version() -> None:
    result = CliRunner().invoke(schedule, ["--format", "github"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "needs --install" in result.stderr
    result = CliRunner().invoke(schedule, [])
    assert result.exit_code == 0
    assert "jobs:" not in result.stdout
    assert "crontab -e" in result.stdout
    assert "[Timer]" in result.stdout
    assert "The GitHub workflow is left out" in result.stderr


class Repository:
    """The steps of the printed workflow that call git, run in a clone as a runner does."""

    def __init__(self, folder: Path) -> None:
        self.origin, self.clone, self.temp = folder / "origin.git", folder / "clone", folder / "temp"
        self.temp.mkdir()
        self.git("init", "--quiet", "--bare", self.origin, folder=folder)
        self.git("clone", "--quiet", self.origin, self.clone, folder=folder)
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "Begin")
        self.git("push", "--quiet", "origin", "HEAD")
        steps = yaml.safe_load(run_schedule("--format", "github", "--install", WHEEL))["jobs"]["crawl"]["steps"]
        self._fetch, self._push = (step["run"] for step in steps if "git " in step.get("run", ""))
        assert [step.get("if") for step in steps if "git push" in step.get("run", "")] == [
            "always() && steps.fetch.outcome == 'success'"
        ]

    def git(self, *words: object, folder: Path | None = None) -> str:
        command = ["git", *map(str, words)]
        return subprocess.run(command, cwd=folder or self.clone, check=True, capture_output=True, text=True).stdout

    def job(self, crawl: Callable[[Path], object], *, remote: Path | None = None) -> bool:
        """Run a job; return whether it succeeded. ``remote`` is the repository as far as the fetch can see."""
        shutil.rmtree(self.clone / "stored", ignore_errors=True)
        self.git("worktree", "prune")
        self.git("remote", "set-url", "origin", remote or self.origin)
        if not self._bash(self._fetch):
            return False
        crawl(self.clone / "stored" / "archive.db")
        return self._bash(self._push)

    def _bash(self, script: str) -> bool:
        variables = environment(RUNNER_TEMP=str(self.temp), REMOTE=str(self.origin))
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=self.clone, env=variables, capture_output=True, check=False
        )
        return done.returncode == 0

    def archive(self) -> list[str]:
        return self.git("show", "archive:archive.db", folder=self.origin).split()


def add(line: str) -> Callable[[Path], object]:
    def write(archive: Path) -> None:
        with archive.open("a") as file:
            file.write(f"{line}\n")

    return write


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")
def test_the_archive_of_a_workflow_grows_and_is_never_replaced_by_an_empty_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    assert not repository.job(lambda archive: archive.parent.joinpath("archive.db.lock").touch()), (
        "a crawl without archive"
    )
    assert repository.job(add("1"))
    assert repository.job(add("2"))
    assert repository.archive() == ["1", "2"]
    assert not repository.job(add("3"), remote=tmp_path / "nowhere"), "the fetch failed"
    assert not repository.job(lambda archive: archive.unlink()), "the crawl lost the archive"
    assert not repository.job(lambda archive: archive.write_text("")), "the crawl emptied the archive"
    empty = tmp_path / "empty.git"
    repository.git("init", "--quiet", "--bare", empty)
    assert not repository.job(add("4"), remote=empty), "the branch seemed to be missing"
    assert repository.archive() == ["1", "2"]
    other = tmp_path / "other"
    repository.git("clone", "--quiet", "--branch", "archive", repository.origin, other)

    def overtaken(archive: Path) -> None:
        add("5")(archive)
        with (other / "archive.db").open("a") as file:
            file.write("other\n")
        repository.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "Crawl", folder=other)
        repository.git("push", "--quiet", folder=other)

    assert not repository.job(overtaken), "another job has pushed in the meantime"
    assert repository.archive() == ["1", "2", "other"]
    assert repository.job(add("6"))
    assert repository.archive() == ["1", "2", "other", "6"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_accepts_the_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my news 100%"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    text = run_schedule("--format", "systemd", "--archive", "a $1 b%.db", "--notify", "https://hooks.example/a$b%c")
    units = re.split(r"^# ~/\.config/systemd/user/(\S+)$", text, flags=re.MULTILINE)[1:]
    paths = []
    for name, unit in zip(units[::2], units[1::2], strict=True):
        paths.append(tmp_path / name)
        paths[-1].write_text(unit)
    assert [path.name for path in paths] == ["caliber-caliber.service", "caliber-caliber.timer"]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.slow
def test_a_watch_crawls_immediately_and_stops_cleanly(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve() as demo:
        arguments = ("watch", "--archive", archive, "--base-url", demo.base_url, "--delay", 0.3)
        process = subprocess.Popen(command(*arguments), env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and _captures(archive) < 3:
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=45)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchall() == [("stopped",)]


@pytest.mark.slow
def test_a_watch_for_an_unknown_site_ends(caliber: Callable[..., Result], tmp_path: Path) -> None:
    result = caliber("watch", "gazette", "--cron", "0 5 * * 1", "--archive", tmp_path / "a.db", TZ="Asia/Baku")
    assert result.exit_code == 2
    assert "next on Monday" in result.stderr
    assert "05:00 +04 (UTC+04:00)" in result.stderr
    assert "Unknown site 'gazette'" in result.stderr


def _captures(archive: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
            return int(connection.execute("select count(*) from captures").fetchone()[0])
    except sqlite3.Error:
        return 0
