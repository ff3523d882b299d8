"""Python processes that this program starts. Each is isolated from the working folder.

By default ``python -m`` and ``python -c`` search the working folder first: a file named ``csv.py`` beside an archive
would be executed. Every process of this program is started by a function of this module.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

ISOLATED = "-P"
"""Do not put the working folder, or the folder of a script, on the import path."""


def python_command(*arguments: str) -> list[str]:
    """The command line of a process with this interpreter: ``python_command("-m", "datasette", "serve")``."""
    return [sys.executable, ISOLATED, *arguments]


def python_environment(**variables: str) -> dict[str, str]:
    """The environment of a process. The processes that it starts are isolated too, whoever starts them."""
    environment = {**os.environ, **variables, "PYTHONSAFEPATH": "1"}
    if path := environment.get("PYTHONPATH"):
        # An empty entry, as in `PYTHONPATH=$PYTHONPATH:/srv`, means the working folder.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path.split(os.pathsep)))
    return environment


def start_python(*arguments: str, variables: Mapping[str, str] = {}, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process; ``variables`` are added to its environment, ``options`` are those of ``Popen``."""
    return subprocess.Popen(python_command(*arguments), env=python_environment(**variables), **options)  # noqa: S603


def become_python(*arguments: str, variables: Mapping[str, str] = {}) -> NoReturn:
    """Replace this process by another; ``variables`` are added to its environment."""
    os.execve(sys.executable, python_command(*arguments), python_environment(**variables))  # noqa: S606 (no shell needed)


def isolate() -> None:
    """Isolate this process and all that libraries start from it, such as those of ``multiprocessing``."""
    os.environ["PYTHONSAFEPATH"] = "1"
