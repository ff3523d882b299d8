"""Shards are built in memory where there is room: waiting for the disk is no part of what is tested."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def build_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    if MEMORY.is_dir():
        monkeypatch.setenv("TMPDIR", str(MEMORY))
        monkeypatch.setattr(tempfile, "tempdir", None)
