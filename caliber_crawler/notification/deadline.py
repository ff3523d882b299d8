"""A limit on the whole time that a delivery may take, including name resolution and a slow answer."""

from __future__ import annotations

import threading
from collections.abc import Callable

TIMEOUT = 15.0
"""Maximum number of seconds for a delivery."""


def run_within(timeout: float, deliver: Callable[[], str | None]) -> str | None:
    """Run a delivery, which returns the cause of a failure as a clause; return that, or that it took too long."""
    outcome: list[str | None] = []

    def run() -> None:
        try:
            outcome.append(deliver())
        except Exception as error:  # noqa: BLE001 - a message must not fail a crawl
            outcome.append(str(error) or type(error).__name__)

    # Libraries limit each step, but a server that sends single bytes slowly can keep them waiting without limit.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    return outcome[0] if outcome else f"no answer within {timeout:g} s"
