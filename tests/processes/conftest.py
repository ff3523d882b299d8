"""The workers themselves are tested as real processes."""

from __future__ import annotations

import pytest

from caliber_crawler.interpreter import start_python
from caliber_crawler.processes import worker


@pytest.fixture(autouse=True)
def real_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "start_python", start_python)
