"""The Dockerfile and the compose file, as far as they can be tried without Docker."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from caliber_crawler.commands.cli import main
from tests.tooling.image import Script, build_context, instructions
from tests.tooling.repository import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
STEPS = instructions(DOCKERFILE)
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_the_linter_accepts_the_dockerfile():
    linter = Path(sys.executable).parent / "hadolint"
    outcome = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, "")


def test_the_image_has_two_stages_of_the_same_base():
    bases = [rest.partition(" AS ")[0] for word, rest in STEPS if word == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1


def test_the_build_context_contains_only_what_the_image_needs():
    assert {path.parts[0] for path in build_context()} == {
        "LICENSE",
        "MANIFEST.in",
        "README.md",
        "caliber_crawler",
        "constraints.txt",
        "pyproject.toml",
    }


def test_compose_publishes_ports_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_compose_keeps_archives_in_the_volume_of_the_image():
    (volume,) = [rest for word, rest in STEPS if word == "VOLUME"]
    (folder,) = [rest for word, rest in STEPS if word == "WORKDIR"]
    assert volume == f"{folder}/data"
    assert {mount.partition(":")[2] for service in SERVICES.values() for mount in service["volumes"]} == {volume}
    assert re.search(r"-(data/\S+)}", SERVICES["caliber"]["environment"]["CALIBER_ARCHIVE"])


@pytest.mark.parametrize("service", [name for name, service in SERVICES.items() if "command" in service])
def test_commands_of_compose_have_options_that_exist(service):
    name, *arguments = SERVICES[service]["command"]
    with click.Context(main) as context:
        command = main.get_command(context, name)
        assert command is not None
        command.make_context(name, arguments, parent=context)


def test_comments_of_compose_name_services_that_exist():
    comments = re.findall(r"docker compose (?:run|up)((?: --\S+)*) (\w+)", (ROOT / "compose.yaml").read_text())
    assert {service for _, service in comments} == {"caliber", "browse"}


@pytest.mark.slow
@pytest.mark.usefixtures("overlays")
@pytest.mark.timeout(900)
def test_the_steps_of_the_image_lead_to_a_demo_run_by_an_ordinary_user(tmp_path):
    context = tmp_path / "context"
    for path in build_context():
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, context / path)
    (tmp_path / "stages").mkdir()
    script = Script(context, tmp_path / "stages")
    for word, rest in STEPS:
        # As docs/deploy/compose.yaml builds it.
        script.add(word, 'EXTRAS="cluster"' if (word, rest) == ("ARG", 'EXTRAS=""') else rest)
    script.add_command("demo")
    script.add_command("cluster", "worker", "--dsn", "postgresql://127.0.0.1:1/x", "--shards", "/shards")
    script.lines[-1] += " || [ $? = 17 ]  # the queue cannot be reached"
    script.add_command("status", "--archive", "data/demo.db", "--json")
    script.lines.append(f"stat -c %u {tmp_path}/stages/1/root/caliber/data/demo.db")
    outcome = subprocess.run(
        ["unshare", "--mount", "sh", "-exc", "\n".join(script.lines)],
        capture_output=True, text=True, timeout=800, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0, shlex.quote(outcome.stderr[-3000:])
    assert '"articles": 60' in outcome.stdout
    assert outcome.stdout.rstrip().endswith("\n10001")
