"""uv, which installs the pinned packages from its cache in a tenth of the time of pip."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

UV = Path(sys.executable).with_name("uv")
SAME = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
"""Variables of pip, and those of uv with the same meaning. uv reads lists with commas."""


@cache
def uv_variables() -> dict[str, str]:
    """The environment of uv for a command with another home: where packages come from, and the cache of this user."""
    ours = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_"))}
    of_pip = {uv: ",".join(os.environ[pip].split()) for pip, uv in SAME.items() if os.environ.get(pip)}
    folder = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    return {"UV_CACHE_DIR": folder, "UV_LINK_MODE": "copy", **of_pip, **ours}
