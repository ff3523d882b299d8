import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tooling.repository import ROOT


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """A folder with only the programs that the scripts need, used as PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "id", "rm", "sed"):
        found = shutil.which(name)
        assert found, name
        (programs / name).symlink_to(found)
    return programs


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of a fresh clone that the scripts use."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    for name in (
        "constraints.txt",
        "constraints-dev.txt",
        "constraints-docs.txt",
        "pyproject.toml",
        "caliber_crawler/__init__.py",
    ):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    return checkout


def run(script: Path, *arguments: str, **environment: object) -> subprocess.CompletedProcess[str]:
    variables = {name: str(value) for name, value in environment.items()}
    return subprocess.run([script, *arguments], env=variables, capture_output=True, text=True, timeout=30, check=False)


def test_a_machine_without_python_gives_an_error(checkout, bare_machine):
    outcome = run(checkout / "scripts/set-up-python", PATH=bare_machine)
    assert outcome.returncode == 1
    assert outcome.stderr == (
        "Python 3.11 or later was not found. Name an interpreter: make PYTHON=/path/to/python3 ...\n"
    )
    assert not (checkout / ".venv").exists()


def test_an_invalid_interpreter_is_refused(checkout, bare_machine):
    outcome = run(checkout / "scripts/set-up-python", PATH=bare_machine, PYTHON=bare_machine / "cat")
    assert outcome.returncode == 1
    assert outcome.stderr == f"PYTHON={bare_machine / 'cat'} is not Python 3.11 or later.\n"
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_gives_an_error_that_names_the_package(checkout, bare_machine):
    python = bare_machine / "python3"
    python.write_text(  # Debian's Python without its venv package lacks only ensurepip
        "#!/bin/sh\n"
        'case "$2" in\n'
        "*ensurepip*) echo \"ModuleNotFoundError: No module named 'ensurepip'\" >&2; exit 1 ;;\n"
        "*print*) echo python3.11-venv ;;\n"
        "esac\n"
    )
    python.chmod(0o755)
    outcome = run(checkout / "scripts/set-up-python", PATH=bare_machine)
    assert outcome.returncode == 1
    assert outcome.stderr == (
        "python3 cannot create virtual environments. "
        "Install its venv module (Debian, Ubuntu: python3.11-venv) and try again.\n"
    )


@pytest.fixture
def environment(checkout: Path) -> Path:
    """A virtual environment whose Python answers like pip, and writes down what it was asked to install."""
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '*fail.txt*) echo "ERROR: no such version" >&2; exit 1 ;;\n'
        '*" install "*) echo "$*" >>installs; echo "Collecting lxml==6.1.3"; echo "Installing" ;;\n'
        "esac\n"
    )
    python.chmod(0o755)
    return checkout


def installed_lists(checkout: Path) -> list[str]:
    """The lists of packages that were installed since the last call."""
    log = checkout / "installs"
    text = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return re.findall(r"-r (\S+)", text)


def test_running_needs_no_development_packages_and_tests_add_them(environment, bare_machine):
    script = environment / "scripts/set-up-python"
    assert run(script, "runtime", PATH=bare_machine).returncode == 0
    assert installed_lists(environment) == ["constraints.txt"]
    assert run(script, "runtime", PATH=bare_machine).stderr == ""
    assert installed_lists(environment) == []
    assert run(script, PATH=bare_machine).returncode == 0
    assert installed_lists(environment) == ["constraints.txt", "constraints-dev.txt", "constraints-docs.txt"]
    for purpose in ((), ("runtime",)):
        assert run(script, *purpose, PATH=bare_machine).stderr == ""
    assert installed_lists(environment) == []


def test_a_changed_development_list_concerns_only_tests(environment, bare_machine):
    script = environment / "scripts/set-up-python"
    run(script, PATH=bare_machine)
    installed_lists(environment)
    with (environment / "constraints-dev.txt").open("a") as file:
        file.write("# another\n")
    run(script, "runtime", PATH=bare_machine)
    assert installed_lists(environment) == []
    run(script, PATH=bare_machine)
    assert installed_lists(environment) == ["constraints.txt", "constraints-dev.txt", "constraints-docs.txt"]


def test_a_failed_installation_is_an_error_and_is_tried_again(environment, bare_machine):
    script = environment / "scripts/set-up-python"
    text = script.read_text()
    script.write_text(text.replace("lists=constraints.txt", "lists=fail.txt"))
    (environment / "fail.txt").write_text("lxml==0\n")
    outcome = run(script, "runtime", PATH=bare_machine)
    assert outcome.returncode == 1
    assert outcome.stderr.endswith("The packages could not be installed. See the messages above.\n")
    assert "ERROR: no such version" in outcome.stderr
    script.write_text(text)
    assert run(script, "runtime", PATH=bare_machine).returncode == 0
    assert installed_lists(environment) == ["constraints.txt"]


def test_without_a_browser_a_message_says_that_tests_will_be_skipped(bare_machine):
    outcome = run(ROOT / "scripts/set-up-browser", PATH=bare_machine)
    assert (outcome.returncode, outcome.stderr) == (
        0,
        "Chromium is not installed: the browser tests will be skipped.\n",
    )


def test_without_a_browser_ci_fails(bare_machine):
    outcome = run(ROOT / "scripts/set-up-browser", PATH=bare_machine, CI="true")
    assert (outcome.returncode, outcome.stderr) == (
        1,
        "Chromium is not installed. In CI the browser tests must run: install the package chromium.\n",
    )


def test_an_installed_browser_gives_no_output(bare_machine):
    (bare_machine / "chromium").symlink_to(bare_machine / "cat")
    outcome = run(ROOT / "scripts/set-up-browser", PATH=bare_machine, CI="true")
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_without_a_database_a_message_says_that_tests_will_be_skipped(bare_machine):
    if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("PostgreSQL is installed where the script looks for it")
    outcome = run(ROOT / "scripts/set-up-database", PATH=bare_machine)
    assert (outcome.returncode, outcome.stderr) == (
        0,
        "PostgreSQL is not installed: the cluster tests will be skipped.\n",
    )


def test_an_installed_database_gives_no_output(bare_machine):
    (bare_machine / "initdb").symlink_to(bare_machine / "cat")
    outcome = run(ROOT / "scripts/set-up-database", PATH=bare_machine, CI="true")
    assert (outcome.returncode, outcome.stderr) == (0, "")
