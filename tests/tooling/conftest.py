"""Fixtures of the tests of deployment."""

from __future__ import annotations

import pytest

from tests.tooling.image import can_run_steps


@pytest.fixture(scope="session")
def overlays() -> None:
    """Skip a test that runs the steps of a Dockerfile where this is not possible."""
    if not can_run_steps():
        pytest.skip("needs root and overlay file systems")
