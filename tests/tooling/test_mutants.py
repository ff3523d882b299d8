"""``make mutants``: the choice of mutants and the counts."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.tooling.repository import ROOT


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "scripts/mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    return module


mutants = load_script()

CODE = """from __future__ import annotations
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING and 1 > 0:
    import os

LONGEST = 30

@dataclass(frozen=True)
class Line:
    text: str | None = None

def longer(line: Line | None, most: int | None) -> bool | None:
    return len(line.text) > LONGEST
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    path = tmp_path / "caliber_crawler" / "lines.py"
    path.parent.mkdir()
    path.write_text(CODE)
    return path


def test_every_package_and_every_test_in_the_table_exists() -> None:
    assert [name for name in mutants.TESTS if not any(path.exists() for path in mutants.modules_of(name))] == []
    named = {path for paths in mutants.TESTS.values() for path in paths}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_only_executed_code_is_mutated(module: Path) -> None:
    found = [mutant for many in mutants.mutants_of(module).values() for mutant in many]
    assert found
    for mutant in found:
        changed = set(CODE.splitlines()) ^ set(mutant.source().splitlines())
        assert "    return len(line.text) > LONGEST" in changed or "@dataclass(frozen=True)" in changed, str(mutant)


def test_the_name_of_a_mutant_shows_its_line_and_its_change(module: Path) -> None:
    (place,) = [place for place in mutants.mutants_of(module) if place[0] == 15]
    (equal,) = [m for m in mutants.mutants_of(module)[place] if m.operator.endswith("_Gt_Eq")]
    assert equal.module == "caliber_crawler.lines"
    assert re.match(r"caliber_crawler/lines\.py:15\n +- .* > LONGEST\n +\+ .* == LONGEST$", str(equal))


def test_the_same_seed_gives_the_same_sample() -> None:
    first, again, other = (mutants.sample("revisit", 1, 6, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == len(set(first)) == 6


def test_the_score_of_a_package_is_the_share_of_killed_mutants() -> None:
    assert mutants.row("site", 3, 4) == "| site | 3 | 4 | 75 % |"
    assert mutants.row("site", 0, 0) == "| site | 0 | 0 | 100 % |"


@pytest.mark.slow
def test_a_mutant_is_killed_and_no_file_is_modified() -> None:
    source = ROOT / "caliber_crawler/revisit.py"
    before = source.read_bytes(), source.stat().st_mtime_ns
    command = [sys.executable, ROOT / "scripts/mutants.py", "revisit", "--each", "3", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=400)
    package, killed, total, _ = re.findall(r"[^|\n]+", done.stdout.splitlines()[-1])
    assert (package.strip(), int(total)) == ("revisit", 3)
    assert int(killed) == 3 - done.stderr.count("survived:")
    assert int(killed) > 0
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before
