"""The pages under the next version of Datasette, in an environment of its own."""

import os
import re
import subprocess

import pytest

from tests.tooling.repository import ROOT


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_pages_work_in_the_next_version_of_datasette():
    """A selection that touches tables, permissions and limits; `make datasette` runs all tests of the pages."""
    selection = ("test_public.py", "test_tables.py", "test_detection.py", "test_canned_queries.py")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    outcome = subprocess.run(
        [ROOT / "scripts/test-datasette-1", *(f"tests/browse/{name}" for name in selection)],
        cwd=ROOT, env=variables, capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-1000:]
    assert re.search(r"^Datasette 1\.", outcome.stdout, flags=re.MULTILINE)
    passed = re.search(r"(\d+) passed", outcome.stdout)
    assert passed is not None
    assert int(passed[1]) > 100
