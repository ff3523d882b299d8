import ensurepip
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.tooling.repository import ROOT, is_ours, our_files
from tests.tooling.uv import UV, uv_variables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def generated_names(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not is_ours(Path(folder, name))]


def build(folder: Path) -> dict[str, str]:
    """Build a new copy of the project as `make wheel` does. Returns the SHA-256 of each file by its name."""
    shutil.copytree(ROOT, folder / "source", ignore=generated_names, copy_function=shutil.copy)
    script = folder / "source/scripts/build-packages"
    variables = os.environ | {"SOURCE_DATE_EPOCH": "1767225600"}
    subprocess.run([sys.executable, script, folder / "source", folder / "dist"], check=True, env=variables)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("first")
    return folder / "dist", build(folder)


@pytest.fixture(scope="module")
def wheel(first_build: tuple[Path, dict[str, str]]) -> Path:
    """The wheel, built from the source archive of a copy of the project."""
    (wheel,) = first_build[0].glob("*.whl")
    return wheel


def test_the_wheel_contains_exactly_the_package(wheel):
    sources = {str(path.relative_to(ROOT)) for path in our_files(ROOT / "caliber_crawler")}
    assert "caliber_crawler/py.typed" in sources
    contents = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in contents if ".dist-info/" not in name} == sources
    assert any(name.endswith("licenses/LICENSE") for name in contents)


def test_the_same_sources_give_the_same_bytes(first_build, tmp_path):
    _, first = first_build
    assert {name.removeprefix("caliber_crawler-")[-7:] for name in first} == {"any.whl", ".tar.gz"}
    assert build(tmp_path) == first


def test_the_pip_that_comes_with_python_installs_the_wheel_beside_its_dependencies(wheel, tmp_path):
    """uv installs the dependencies that the wheel names; with one of them missing, pip would have to look for it."""
    programs = tmp_path / "environment" / "bin"
    here = tmp_path / "an empty directory"
    here.mkdir()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CALIBER_"))}
    variables |= uv_variables() | {"HOME": str(tmp_path)}
    # The packages at the pinned versions: a release of today cannot break the test.
    pins = re.findall(r"^([\w.-]+==[^\\\n]*)", (ROOT / "constraints.txt").read_text(), flags=re.MULTILINE)
    (tmp_path / "pins.txt").write_text("\n".join(pins))

    def run(*command: str | Path) -> str:
        outcome = subprocess.run(command, cwd=here, env=variables, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    python = programs / "python"
    run(UV, "venv", "--quiet", "--python", Path(sys.base_prefix, "bin/python3"), tmp_path / "environment")
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraint", tmp_path / "pins.txt", wheel)
    run(UV, "pip", "uninstall", "--quiet", "--python", python, "caliber-crawler")
    # pip as ensurepip installs it, which would take longer than the rest.
    (bundled,) = [
        path
        # Debian keeps the wheel in a folder of its own.
        for folder in (sysconfig.get_config_var("WHEEL_PKG_DIR"), Path(ensurepip.__file__).parent / "_bundled")
        if folder
        for path in Path(folder).glob("pip-*.whl")
    ][:1]
    variables["PYTHONPATH"] = str(bundled)
    # What is not compiled now is compiled when it is imported, which is less.
    run(python, "-m", "pip", "install", "-qq", "--no-compile", "--no-index", wheel)
    run(python, "-m", "pip", "check")
    del variables["PYTHONPATH"]

    assert "Usage: caliber" in run(programs / "caliber", "--help")
    run(programs / "caliber", "demo")
    with closing(sqlite3.connect(here / "data" / "demo.db")) as archive:
        assert archive.execute("SELECT count(*) FROM articles").fetchone() > (0,)
