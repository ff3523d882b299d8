"""Programs in forks of the preloaded interpreter behave as in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.preloaded import LIBRARIES, Fork, Program, interpreter

pytestmark = pytest.mark.slow

SCRIPT = """
import atexit, os, signal, sys, threading
threading.Thread(target=lambda: (threading.main_thread().join(), print("from a thread"))).start()
atexit.register(lambda: print("at exit", file=sys.stderr, flush=True))
print(sys.argv[1:], os.getcwd(), os.environ.get("COLOUR"), __name__, sys.stdin.read())
if sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(int(sys.argv[1]) if sys.argv[1].isdigit() else sys.argv[1])
"""


def run(folder: Path, argument: str) -> tuple[int, str, str]:
    program = Program("script", (argument, "é"), str(folder), {**os.environ, "COLOUR": "red"})
    return interpreter().run(program, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


@pytest.mark.parametrize("argument", ["0", "3", "256", "an error", "kill"])
def test_a_fork_behaves_like_a_process(folder: Path, argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "script", argument, "é"],
        cwd=folder,
        env={**os.environ, "COLOUR": "red"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if argument == "kill":
        assert run(folder, argument)[0] == done.returncode == -9
    else:
        assert run(folder, argument) == (done.returncode, done.stdout, done.stderr)


WORKERS = """
import os, signal
from caliber_crawler.processes import PAGE_LIMITS, run_limited

def result(function, *arguments):
    try:
        return run_limited(function, *arguments, key="", limits=PAGE_LIMITS)
    except Exception as error:
        return type(error).__name__, str(error)

pid = result(os.getpid)
print(pid not in (os.getpid(), os.getppid()), result(os.getcwd), result(os.getenv, "COLOUR"), result(int, "x")[0])
print(result(os.getsid, 0) == pid, result(os._exit, 3), result(signal.raise_signal, signal.SIGSEGV))
"""


def test_a_worker_of_a_fork_behaves_like_that_of_a_process(folder: Path) -> None:
    (folder / "script.py").write_text(WORKERS)
    variables = {**os.environ, "COLOUR": "red", "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "script"]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=100, check=True)
    program = Program("script", (), str(folder), variables)
    assert interpreter().run(program, timeout=100)[:2] == (0, done.stdout)
    assert done.stdout.startswith(f"True {folder} red ValueError\nTrue ")


def test_a_fork_can_be_stopped(folder: Path) -> None:
    (folder / "script.py").write_text("import time; time.sleep(60)")
    for stop, exit_code in ((Fork.terminate, -15), (Fork.kill, -9)):
        fork = interpreter().start(Program("script", (), str(folder), dict(os.environ)))
        assert fork.poll() is None
        stop(fork)
        assert fork.wait(60) == fork.poll() == exit_code


def test_a_fork_leaves_nothing_to_the_next_one(folder: Path) -> None:
    (folder / "script.py").write_text(
        "import sys, os; print(sys.modules.get('wave'), os.environ.pop('COLOUR')); import wave"
    )
    assert run(folder, "0")[1] == run(folder, "0")[1] == "None red\n"


def test_a_program_that_takes_too_long_is_killed(folder: Path) -> None:
    (folder / "script.py").write_text("import time; time.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        interpreter().run(Program("script", (), str(folder), dict(os.environ)), timeout=0.5)


def test_the_interpreter_has_not_loaded_what_reads_the_environment(folder: Path) -> None:
    assert "caliber_crawler.settings" not in LIBRARIES
    (folder / "script.py").write_text(
        "import sys; print({'caliber_crawler.settings', 'twisted.internet.reactor'} & set(sys.modules))"
    )
    assert run(folder, "0")[1] == "set()\n"
