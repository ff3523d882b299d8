import os
import shutil
import sqlite3
import subprocess
import sys
import venv
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.tooling.repository import ROOT, is_ours, our_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def generated_names(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not is_ours(Path(folder, name))]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive of a copy of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=generated_names)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--quiet", "--outdir", folder, folder / "source"], check=True
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_contains_exactly_the_package(wheel):
    sources = {str(path.relative_to(ROOT)) for path in our_files(ROOT / "caliber_crawler")}
    assert "caliber_crawler/py.typed" in sources
    contents = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in contents if ".dist-info/" not in name} == sources
    assert any(name.endswith("licenses/LICENSE") for name in contents)


def test_the_wheel_runs_in_an_empty_environment(wheel, tmp_path):
    venv.create(tmp_path / "environment", symlinks=True)
    programs = tmp_path / "environment" / "bin"
    here = tmp_path / "an empty directory"
    here.mkdir()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CALIBER_"))}
    variables["HOME"] = str(tmp_path)

    def run(*command: str | Path) -> str:
        outcome = subprocess.run(command, cwd=here, env=variables, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    # Without bytecode: compiling what no test loads takes most of the time.
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    install = (*pip, "install", "-qq", "--no-compile", "--no-deps")
    run(*install, "--require-hashes", "-r", ROOT / "constraints.txt")
    run(*install, wheel)
    run(*pip, "check")

    assert "Usage: caliber" in run(programs / "caliber", "--help")
    run(programs / "caliber", "demo")
    with closing(sqlite3.connect(here / "data" / "demo.db")) as archive:
        assert archive.execute("SELECT count(*) FROM articles").fetchone() > (0,)
