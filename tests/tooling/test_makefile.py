import re
import subprocess

import pytest

from tests.tooling.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):.* ## ", MAKEFILE, flags=re.MULTILINE))


def test_make_without_a_target_lists_every_target():
    output = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    lines = dict(re.findall(r"^make (\w+) +(\S.*)$", output, flags=re.MULTILINE))
    assert lines.keys() == TARGETS
    assert {"demo", "test", "check", "crawl"} <= TARGETS


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_the_guide_explains_every_target(target):
    assert f"`make {target}" in (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_documents_name_only_targets_that_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"^```.*?^```", text, flags=re.MULTILINE | re.DOTALL))
    named = re.findall(r"`make ([a-z]+)", text) + re.findall(r"^(?:\$ )?make ([a-z]+)", blocks, flags=re.MULTILINE)
    assert {"demo", "test"} <= set(named) <= TARGETS


def test_every_target_that_runs_python_sets_it_up_first():
    rules = re.findall(r"^([a-z]+):(?!.*:=)(.*)\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    prerequisites = {target: set(line.partition("##")[0].split()) for target, line, _ in rules}
    users = {target for target, _, recipe in rules if re.search(r"\$\((python|caliber|pytest|compile)\)", recipe)}
    assert {"demo", "test", "wheel"} <= users
    assert [target for target in users if not prerequisites[target] & {"runtime", "python", "lint"}] == []
