"""The bill of materials names what is installed."""

import json
import subprocess
import sys
from importlib import metadata

import pytest

from tests.tooling.repository import ROOT
from tests.tooling.test_constraints import RUNTIME, dependencies


@pytest.fixture(scope="module")
def materials():
    command = [sys.executable, ROOT / "scripts/write-sbom"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def test_every_package_that_the_program_needs_is_named_once(materials):
    names = [component["name"] for component in materials["components"]]
    assert len(names) == len(set(names))
    assert dependencies(RUNTIME) <= set(names)


def test_every_package_has_a_version_a_licence_and_hashes(materials):
    for component in materials["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["licenses"], component["name"]
        assert component["externalReferences"], component["name"]


def test_dependencies_lead_from_the_program_to_every_package(materials):
    needs = {each["ref"]: each["dependsOn"] for each in materials["dependencies"]}
    own = materials["metadata"]["component"]["bom-ref"]
    assert own == f"pkg:pypi/caliber-crawler@{metadata.version('caliber-crawler')}"
    reached, left = {own}, [own]
    while left:
        new = set(needs[left.pop()]) - reached
        reached |= new
        left += new
    assert reached == needs.keys()
