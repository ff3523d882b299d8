"""No command executes a file of the working folder, whatever its name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

from caliber_crawler.commands.cli import main
from tests.conftest import ROOT, environment

NOWHERE = "http://127.0.0.1:9"
DSN = "postgresql://127.0.0.1:1/none"
PAGE = ROOT / "tests/pages/caliber"

TOGETHER = {
    "ingest": "page.html --url https://caliber.az/en/post/x --archive a.db",
    "extract": "page.html --url https://caliber.az/en/post/x",
    "record": "page.html --url https://caliber.az/en/post/x",
    "explain": "https://caliber.az/en/post/x --archive a.db",
    "show": "1 --archive a.db",
    "history": "1 --archive a.db",
    "cite": "1 --archive a.db",
    "search": "baku --archive a.db",
    "attention": "baku --archive a.db",
    "views": "--at 24h --archive a.db",
    "words build": "--archive a.db",
    "words concordance": "baku --archive a.db",
    "words collocates": "baku --archive a.db",
    "words list": "--archive a.db",
    "words keyness": "--search baku --archive a.db",
    "words ngrams": "--archive a.db",
    "copies find": "--archive a.db",
    "copies list": "--archive a.db",
    "copies show": "1 --archive a.db",
    "names find": "--archive a.db",
    "names list": "--archive a.db",
    "names show": "Baku --archive a.db",
    "names quotations": "--archive a.db",
    "names network": "--archive a.db",
    "editions find": "--archive a.db",
    "editions list": "--archive a.db",
    "editions show": "1 --archive a.db",
    "alerts add": "desk baku --to file:desk.atom --archive a.db",
    "alerts list": "--archive a.db",
    "alerts send": "--archive a.db",
    "alerts remove": "desk --archive a.db",
    "codes codebook": "--archive a.db",
    "codes import": "sheet.csv --archive a.db",
    "codes list": "--archive a.db",
    "codes agreement": "--archive a.db",
    "sample": "--n 1 --seed 1 --archive a.db",
    "check-package": "package.zip --archive a.db",
    "status": "--archive a.db",
    "export": "csv --archive a.db -o out.csv",
    "reextract": "--archive a.db --jobs 2",
    "verify": "--archive a.db",
    "backup": "copies --archive a.db",
    "cold move": "--older-than 1d --to copies --archive a.db",
    "cold list": "--archive a.db",
    "cold locate": "copies --archive a.db",
    "cold return": "--archive a.db",
    "bulk extract": "a.db --out shards --jobs 2",
    "merge": "a.db --archive b.db",
    "migrate": "--archive a.db",
    "split": "1 --archive b.db",
    "takedown": "1 --archive b.db --reason test",
    "schedule": "",
    "cluster init": f"--dsn {DSN}",
    "cluster enqueue": f"caliber --dsn {DSN}",
    "cluster worker": f"--dsn {DSN}",
    "cluster status": f"--dsn {DSN}",
    "cluster metrics": f"--dsn {DSN}",
    "cluster acknowledge": f"caliber --dsn {DSN}",
    "cluster define": f"--dsn {DSN}",
    "cluster collect": f"--dsn {DSN} --archive b.db",
    "cluster export": f"parquet --dsn {DSN} -o out",
    "cluster check": f"--dsn {DSN}",
    "cluster restore": f"caliber --dsn {DSN}",
    "cluster migrate": f"--dsn {DSN}",
    "cluster takedown": f"https://caliber.az/en/post/1 --dsn {DSN} --reason test",
    "demo serve": "--host 192.0.2.1",
    "demo truth": "--articles 10",
    "watch": "gazette",
    "browse": "--archive a.db --port 0",
}
"""Commands and their arguments, which one process runs in turn. The last one replaces the process."""
ALONE = {
    "crawl": f"caliber --base-url {NOWHERE} --delay 0 --limit 1 --archive c.db",
    "doctor": f"caliber --base-url {NOWHERE} --delay 0 --archive d.db",
    "learn": f"caliber --base-url {NOWHERE} --delay 0 --archive f.db",
    "demo": "--articles 10 --archive e.db",
}
"""Commands that start Scrapy, which is possible once in a process."""

RUN = """
import sys
from caliber_crawler.commands.cli import main
sys.argv[0] = "caliber"
for words in {words!r}:
    try:
        main(words, standalone_mode=False)
    except SystemExit:
        pass
    except Exception as error:
        print(f"{{words}}: {{error!r}}", file=sys.stderr)
"""
POISON = "with open({log!r}, 'a') as log:\n    print(__name__, file=log)\n"
CONFIGURATION = {
    "scrapy.cfg": "[settings]\ndefault = evil\n",
    "metadata.json": '{"title": "poisoned"}',
    "plugins/evil_plugin.py": POISON,
    "pyproject.toml": "[tool.caliber]\n",
    "setup.cfg": "[settings]\n",
}


def commands_in(group: click.Group, above: str = "") -> Iterator[str]:
    """The words of every command that does something."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, click.Group):
            yield from commands_in(command, f"{above}{word} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{above}{word}"


def test_every_command_is_tried() -> None:
    assert sorted([*TOGETHER, *ALONE]) == sorted(commands_in(main))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a saved page, and with a module for every name that Python or a package of this program knows."""
    folder, log = tmp_path / "folder", str(tmp_path / "executed")
    folder.mkdir()
    names = {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize", "evil"}
    for name in names:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(POISON.format(log=log))
    for name, text in CONFIGURATION.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.replace("{log!r}", repr(log)))
    (folder / "page.html").write_bytes(next(PAGE.rglob("page.html")).read_bytes())
    return folder


def run(folder: Path, words: list[str], until: str = "") -> str:
    """Run a process in the folder; return its stderr. ``until`` is the text after which it is ended."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environment(CALIBER_CONTACT="test@example.org"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    printed = ""
    deadline = threading.Timer(120, process.kill)
    deadline.start()
    try:
        for line in process.stderr:
            printed += line
            if until and until in line:
                process.send_signal(signal.SIGINT)
        process.wait(60)
    finally:
        deadline.cancel()
        process.kill()
        process.wait()
        process.stderr.close()
    return printed


@pytest.mark.slow
def test_no_command_executes_a_file_of_the_working_folder(folder: Path) -> None:
    log = folder.parent / "executed"
    words = [[*command.split(), *arguments.split()] for command, arguments in TOGETHER.items()]
    together = [sys.executable, "-P", "-c", RUN.format(words=words)]
    caliber = str(Path(sys.executable).with_name("caliber"))
    with ThreadPoolExecutor(2) as pool:
        alone = [
            pool.submit(run, folder, [caliber, command, *arguments.split()]) for command, arguments in ALONE.items()
        ]
        printed = run(folder, together, until="Uvicorn running on")
        for each in alone:
            assert "Traceback" not in each.result()
    assert not log.exists(), log.read_text()
    assert "Uvicorn running on" in printed, printed
    assert "Unknown site 'gazette'" in printed, "the watch started a crawl"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["extract"])
def test_the_module_is_isolated_as_well(folder: Path, command: str) -> None:
    """What ``python -m`` itself imports cannot be prevented; everything later is isolated."""
    own = Path(folder / "caliber_crawler.py")
    own.unlink(missing_ok=True)
    arguments = (TOGETHER | ALONE)[command].split()
    run(folder, [sys.executable, "-m", "caliber_crawler", command, *arguments])
    log = folder.parent / "executed"
    executed = set(log.read_text().split()) if log.exists() else set()
    assert (
        executed & {"csv", "rich", "json", "email", "html", "random", "click", "sqlite3", "scrapy", "logging"} == set()
    )


def test_processes_are_started_by_one_module() -> None:
    """``subprocess``, ``os.exec`` and the like are used in one module; libraries inherit its environment."""
    starting = ("Popen(", "os.exec", "os.spawn", "os.posix_spawn", "os.system(", "subprocess.run", "check_output")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "caliber_crawler").rglob("*.py")
        if any(word in path.read_text() for word in starting)
    }
    assert found == {"caliber_crawler/interpreter.py"}


def modules_with(*words: str) -> set[str]:
    """The modules of the program whose code has one of these words."""
    paths = (ROOT / "caliber_crawler").rglob("*.py")
    return {str(path.relative_to(ROOT)) for path in paths if any(word in path.read_text() for word in words)}


def test_only_worker_processes_exchange_pickles() -> None:
    found = modules_with("pickle.load", "marshal.load", "import shelve", "dill", "joblib", "allow_pickle=True")
    assert found == {"caliber_crawler/processes/serving.py", "caliber_crawler/processes/worker.py"}


def test_scripts_of_pages_run_in_the_browser_only() -> None:
    assert modules_with("import playwright", "from playwright") == {"caliber_crawler/fetching/browser.py"}
    assert modules_with("js2py", "quickjs", "dukpy", "mini_racer") == set()


def test_an_empty_entry_of_the_import_path_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from caliber_crawler.interpreter import python_environment

    monkeypatch.setenv("PYTHONPATH", f"{os.pathsep}/srv/sites{os.pathsep}{os.pathsep}/srv/more{os.pathsep}")
    assert python_environment()["PYTHONPATH"] == f"/srv/sites{os.pathsep}/srv/more"
    assert python_environment(A="b")["A"] == "b"
