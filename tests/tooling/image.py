"""Runs the steps of the Dockerfile without Docker: each stage in a root of its own, an overlay of this machine's files.

The overlay takes every write, so the commands run unchanged, ``useradd`` too. This needs root and user namespaces.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tooling.repository import ROOT, our_files
from tests.tooling.uv import UV, uv_variables

MOUNTS = ("/proc", "/dev", "/etc/resolv.conf", "/etc/hosts")
"""What the overlay of ``/`` does not contain."""


INSTALL = re.compile(r"(\S+) -m pip install (?=--require-hashes )")
UV_INSTALL = rf"{UV} pip install --quiet --python \1 "
"""uv checks the same hashes as pip. scripts/set-up-python installs the same file with pip, and the next step of the
image installs the project with it."""


def mount_lines(root: Path, hosts: str = "/etc/hosts") -> list[str]:
    """Shell lines that mount it. /dev/shm is new, because a test may have its roots there."""
    sources = [hosts if path == "/etc/hosts" else path for path in MOUNTS]
    lines = [
        f"[ ! -e {source} ] || mount --bind {source} {root}{path}" for source, path in zip(sources, MOUNTS, strict=True)
    ]
    return [*lines, f"mount -t tmpfs -o mode=1777 tmpfs {root}/dev/shm"]


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def build_context() -> list[Path]:
    """The files of the repository that .dockerignore leaves in the build context, relative to its root."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    names = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    files = [path.relative_to(ROOT) for path in our_files()]
    return [path for path in files if path.parts[0] in names]


def can_run_steps() -> bool:
    """Whether this machine allows overlays and roots of our own."""
    if os.geteuid() != 0:
        return False
    probe = (
        "mount -t tmpfs tmpfs $0 && cd $0 && mkdir u w r"
        " && mount -t overlay overlay -o lowerdir=/,upperdir=$0/u,workdir=$0/w r && chroot r true"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = ["unshare", "--mount", "sh", "-ec", probe, folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Script:
    """A shell script that runs the instructions of a Dockerfile, then some commands in the last stage."""

    def __init__(self, context: Path, folder: Path) -> None:
        self.context, self.folder = context, folder
        self.lines = [f"mount -t tmpfs tmpfs {folder}"]
        self.stage, self.stages = -1, dict[str, int]()
        self.variables: dict[str, str] = {}
        self.user, self.work, self.entry = "0", "/", list[str]()

    def add(self, word: str, rest: str) -> None:
        """Append the commands for one instruction. An instruction that is not known here is an error."""
        match word:
            case "FROM":
                self._begin_stage(rest)
            case "ARG" | "ENV":
                for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', rest):
                    if name != "PIP_NO_CACHE_DIR":  # an image needs no cache; this machine has one
                        self.variables[name] = value.strip('"').replace("$PATH", self.variables["PATH"])
            case "COPY":
                self._copy(shlex.split(rest))
            case "RUN":
                self._run(["sh", "-ec", INSTALL.sub(UV_INSTALL, rest)])
            case "WORKDIR":
                self.work = rest
                self.lines.append(f"mkdir -p {self.root}{rest}")
            case "USER":
                self.user = rest
                # A user cannot write beside the packages: what is imported is compiled once, here.
                self.variables["PYTHONPYCACHEPREFIX"] = "/tmp/compiled"
            case "ENTRYPOINT":
                self.entry = json.loads(rest)
            case "VOLUME" | "EXPOSE":
                pass
            case _:
                raise ValueError(word)

    def add_command(self, *arguments: str) -> None:
        """Append a command as ``docker run`` starts it."""
        self._run([*self.entry, *arguments])

    @property
    def root(self) -> Path:
        """The root of the stage at this point."""
        return self.folder / str(self.stage) / "root"

    def _begin_stage(self, rest: str) -> None:
        image, _, name = rest.partition(" AS ")
        assert image.startswith("python:3."), "the steps expect a Python in the image"
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
        self.stage += 1
        self.stages[name] = self.stage
        self.variables = {
            "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "PIP_NO_COMPILE": "1",  # compiling all packages takes longer than the rest
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip")),
            **{key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_"))},
            **uv_variables(),
        }
        self.user, self.work, self.entry = "0", "/", []
        home, root = self.root.parent, self.root
        self.lines += [
            f"mkdir -p {home}/upper {home}/work {root}",
            f"mount -t overlay overlay -o lowerdir=/,upperdir={home}/upper,workdir={home}/work {root}",
            *mount_lines(root),
            f"ln -sf {python.name} {root}{python.parent}/python",
            # Any user may run the Python of an image; this machine's may be in a private folder.
            *(f"chmod a+x {root}{folder}" for folder in python.parents),
        ]

    def _copy(self, names: list[str]) -> None:
        source, *names = names if names[0].startswith("--from=") else ["", *names]
        name, target = names
        target = f"{self.root}{target}"
        self.lines.append(f"mkdir -p {target if target.endswith('/') or name == '.' else Path(target).parent}")
        if source:
            before = self.folder / str(self.stages[source.removeprefix("--from=")]) / "root"
            # Moved, not copied: the earlier stage is not used again.
            self.lines.append(f"mv {before}{name} {target}")
        elif name == ".":
            self.lines.append(f"cp -a {self.context}/. {target}/")
        else:
            self.lines.append(f"cp -a {self.context}/{name} {target}")

    def _run(self, command: list[str]) -> None:
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        inside = shlex.join(["cd", self.work]) + " && exec " + shlex.join(["env", "-i", *variables, *command])
        self.lines.append(
            shlex.join(["chroot", f"--userspec={self.user}:{self.user}", str(self.root), "sh", "-ec", inside])
        )
