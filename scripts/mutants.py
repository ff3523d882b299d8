"""Mutation testing: break the code in one place, run the quick tests, and see whether one of them fails.

``make mutants`` runs it on a sample: the same modules and the same mutants each time, until ``--seed`` says otherwise.
The mutants are those of Cosmic Ray (https://cosmic-ray.readthedocs.io). They are made in memory: each runs in a process
of its own, in which the mutant stands in for its module, and no file is changed. Tests that start further processes run
the unchanged code there, so only tests within one process can kill a mutant.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.machinery
import importlib.util
import os
import random
import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
PROJECT = "caliber_crawler"

RULES = "tests/test_golden_rules.py"
TESTS: dict[str, tuple[str, ...]] = {
    "archive": ("tests/archive", RULES),
    "browse": ("tests/browse",),
    "bulk": ("tests/bulk",),
    "doctor": ("tests/doctor", "tests/commands"),
    "cluster": ("tests/cluster",),
    "commands": ("tests/commands", "tests/archive", "tests/export"),
    "crawling": ("tests/crawl", "tests/test_throttle.py"),
    "export": ("tests/export",),
    "fetching": ("tests/fetching", "tests/crawl", "tests/discovery"),
    "ingest": ("tests/ingest", "tests/test_ingester.py", "tests/test_parallel_extraction.py", "tests/warc", RULES),
    "middlewares": ("tests/middlewares", "tests/crawl", "tests/test_throttle.py"),
    "throttle": ("tests/test_throttle.py", "tests/crawl"),
    "processes": ("tests/processes",),
    "extraction": ("tests/extraction", RULES),
    "reextraction": ("tests/reextraction", "tests/archive/test_reextract.py"),
    "opt_outs": ("tests/test_opt_outs.py",),
    "revisit": ("tests/test_revisit.py",),
    "discovery": ("tests/discovery",),
    "exploration": ("tests/exploration",),
    "learning": ("tests/learning",),
    "lists": ("tests/lists", "tests/discovery"),
    "page_files": ("tests/page_files",),
    "site_learning": ("tests/learning", "tests/doctor"),
    "site": (
        "tests/test_site.py",
        "tests/test_site_registry.py",
        "tests/test_golden_sites.py",
        "tests/test_validation.py",
        "tests/test_generic_site.py",
        "tests/test_revisit.py",
        RULES,
    ),
    "url_report": ("tests/commands/test_url_report.py",),
    "visits": ("tests/archive/test_visits.py",),
    "warc": ("tests/warc", RULES),
}
"""By package or module: the tests that must notice when it breaks. A new package needs a line here."""

Place = tuple[int, int]
"""A line and a column."""

LEFT_OUT = ("VariableReplacer", "VariableInserter", "NoOp")
"""Operators that want arguments, or change nothing."""
PRELOADED = ("pytest", "hypothesis", "lxml.html", "scrapy", "trafilatura", "dateparser", "sqlite_utils", "jinja2")
"""Other people's packages that most tests import: imported once, before the processes part."""
SECONDS = 100
"""How long one test may take: the mutant made a loop in one that takes longer. The slowest needs five."""


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    path: Path
    operator: str
    occurrence: int

    @property
    def module(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def source(self) -> str:
        mutated = mutate_code(self.path.read_text("utf-8"), get_operator(self.operator)(), self.occurrence)
        assert mutated is not None
        return mutated

    def code(self) -> CodeType | None:
        """What it compiles to; ``None`` when it is no code (``def f(self, *, name)`` may become ``%, name``)."""
        try:
            return compile(self.source(), str(self.path), "exec", dont_inherit=True)
        except SyntaxError:
            return None

    def __str__(self) -> str:
        """Where it is, and the changed lines."""
        before, after = self.path.read_text("utf-8").splitlines(), self.source().splitlines()
        changes = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
        place = changes[0].split()[1].removeprefix("-").partition(",")[0]
        lines = [f"    {line[0]} {line[1:].strip()}" for line in changes if not line.startswith("@@")]
        return "\n".join([f"{self.path.relative_to(ROOT)}:{place}", *lines])


def modules_of(package: str) -> list[Path]:
    """The modules of a package, or the one module of that name."""
    folder = ROOT / PROJECT / package
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def mutants_of(path: Path) -> dict[Place, list[Mutant]]:
    """All mutants of a module by the place that they change. What only type checkers evaluate is left alone."""
    tree = get_ast(path.read_text("utf-8"))
    nodes = list(ast_nodes(tree))
    idle = {id(node) for top in nodes if is_idle(top) for node in ast_nodes(top)}
    places: dict[Place, list[Mutant]] = {}
    for name in operator_names():
        if name.rpartition("/")[2] in LEFT_OUT:
            continue
        operator, occurrence = get_operator(name)(), 0
        for node in nodes:
            for place, _ in operator.mutation_positions(node):
                if id(node) not in idle:
                    places.setdefault(place, []).append(Mutant(path, name, occurrence))
                occurrence += 1
    return places


def is_idle(node: object) -> bool:
    """Is this an annotation, a block for type checkers, an option of a decorator, or the number of a constant?"""
    kind, parent = getattr(node, "type", ""), getattr(node, "parent", None)
    if parent is not None and parent.type == "decorator":
        return True
    if kind == "number":
        statement = node.search_ancestor("expr_stmt")  # type: ignore[attr-defined]
        if parent.type == "annassign":
            return True
        first = statement and statement.get_first_leaf()
        return first is not None and first.value.isupper() and first.column == 0
    if kind == "if_stmt":
        return "TYPE_CHECKING" in node.children[1].get_code()  # type: ignore[attr-defined]
    if parent is None:
        return False
    siblings = parent.children
    before = siblings[siblings.index(node) - 1] if siblings[0] is not node else None
    mark = getattr(before, "value", "")
    return (parent.type in ("tfpdef", "annassign") and mark == ":") or (parent.type == "funcdef" and mark == "->")


def sample(package: str, modules: int, each: int, seed: int) -> list[Mutant]:
    """Mutants of some modules of a package, at places of their own; the same ones for the same seed."""
    chance = random.Random(f"{seed} {package}")
    candidates = [places for path in modules_of(package) if (places := mutants_of(path))]
    chosen = chance.sample(candidates, min(modules, len(candidates)))
    return [mutant for places in chosen for mutant in sample_of(places, each, chance)]


def sample_of(places: Mapping[Place, Sequence[Mutant]], each: int, chance: random.Random) -> list[Mutant]:
    """Mutants of one module, in the order of their places."""
    found: dict[Place, Mutant] = {}
    for place in chance.sample(sorted(places), len(places)):
        mutant = chance.choice(places[place])
        if len(found) < each and mutant.code() is not None:
            found[place] = mutant
    return [found[place] for place in sorted(found)]


class MutantLoader(importlib.machinery.SourceFileLoader):
    """Loads the mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(mutant.path))
        code = mutant.code()
        assert code is not None
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class MutantFinder:
    """Finds the mutant under the name of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, self._mutant.path, loader=MutantLoader(self._mutant))


def test_files(mutant: Mutant, tests: Sequence[str]) -> list[str]:
    """The files of these tests; first those that name the module, and those of few lines."""
    files = [
        file for each in tests for file in ([ROOT / each] if each.endswith(".py") else (ROOT / each).rglob("test_*.py"))
    ]
    name, stem = mutant.module, mutant.path.stem

    def distance(file: Path) -> tuple[bool, bool, int]:
        text = file.read_text("utf-8")
        return name not in text, stem not in file.stem, len(text)

    return [str(file) for file in sorted(dict.fromkeys(files), key=distance)]


def start(mutant: Mutant, files: Sequence[str], folder: str) -> int:
    """Run tests in a process of their own, with a mutant. Gives its id."""
    if pid := os.fork():
        return pid
    code = 3
    try:
        os.chdir(ROOT)
        # What no alarm interrupts is ended by the system.
        resource.setrlimit(resource.RLIMIT_CPU, (6 * SECONDS, 6 * SECONDS))
        log = os.open(f"{folder}/log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.meta_path.insert(0, MutantFinder(mutant))  # type: ignore[arg-type]
        import pytest

        options = ("-x", "-q", "-n", "0", "-m", "not slow", "--hypothesis-profile", "quick")
        options += ("-p", "no:cacheprovider", "--basetemp", f"{folder}/tests")
        code = int(pytest.main([*options, "--timeout", str(SECONDS), *files]))
    finally:
        os._exit(code)


@dataclass
class Trial:
    """A mutant under test."""

    mutant: Mutant
    folder: tempfile.TemporaryDirectory[str]


NOT_RUN = (4, 5)
"""What pytest ends with where it was called wrongly, and where no tests were found."""


def outcomes(mutants: Sequence[Mutant], tests: Sequence[str], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it was killed."""
    waiting, running = list(reversed(mutants)), dict[int, Trial]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant, folder = waiting.pop(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            running[start(mutant, test_files(mutant, tests), folder.name)] = Trial(mutant, folder)
        ended, status = os.wait()
        trial = running.pop(ended)
        code = os.waitstatus_to_exitcode(status)
        log = Path(trial.folder.name, "log").read_text("utf-8", "replace")
        trial.folder.cleanup()
        if code in NOT_RUN:
            raise SystemExit(f"No tests could be run for {trial.mutant.module}:\n{log}")
        yield trial.mutant, code != 0


def row(package: str, killed: int, total: int) -> str:
    """A row of the table."""
    return f"| {package} | {killed} | {total} | {round(100 * killed / total) if total else 100} % |"


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Break the code in a sample of places and see whether quick tests notice."
    )
    parser.add_argument("packages", nargs="*", default=list(TESTS), help="packages of caliber_crawler (default: all)")
    parser.add_argument("--modules", type=int, default=8, help="modules of each package (default: %(default)s)")
    parser.add_argument("--each", type=int, default=3, help="mutants of each module (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another sample (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    asked = parser.parse_args()
    if unknown := sorted({*asked.packages} - {*TESTS}):
        parser.error(f"no tests are named for {', '.join(unknown)}; scripts/mutants.py knows {', '.join(TESTS)}")
    for name in PRELOADED:
        importlib.import_module(name)
    assert not any(name.partition(".")[0] == PROJECT for name in sys.modules), "a mutant would not be imported"
    print("| package | killed | mutants | share |\n|---|---:|---:|---:|", flush=True)
    for package in asked.packages:
        mutants = sample(package, asked.modules, asked.each, asked.seed)
        killed = 0
        for mutant, dead in outcomes(mutants, TESTS[package], asked.jobs):
            killed += dead
            if not dead:
                print(f"survived: {mutant}", file=sys.stderr, flush=True)
        print(row(package, killed, len(mutants)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
