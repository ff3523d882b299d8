"""Datasette in a separate process, and a browser that records requests, dialogs and errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="Chromium is not on the PATH"
)
TIMEOUT_MS = 20_000


@contextmanager
def served(archive: Path) -> Iterator[str]:
    """Serve an archive with plain ``datasette`` during the block; yield its base URL."""
    command = [sys.executable, "-m", "datasette", "serve", str(archive), "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if running := re.search(r"running on (http://[\d.:]+)", line):
                    yield running[1]
                    return
            raise AssertionError(f"Datasette did not start: {said[-2000:]}")
        finally:
            process.terminate()
            process.communicate(timeout=20)


@dataclass
class Account:
    """Recorded events of the browser."""

    outside: list[str] = field(default_factory=list)
    """Requests to other servers."""
    dialogs: list[str] = field(default_factory=list)
    """Messages of ``alert`` and other dialogs, which scripts in hostile texts would open."""
    errors: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run headless Chromium during the block. No event loop may run in this thread meanwhile."""
    with sync_playwright() as playwright:
        # Chromium refuses to run as root inside its sandbox.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def browser_page(
    server: str, *, width: int = 1280, height: int = 860, dark: bool = False, browser: Browser | None = None
) -> Iterator[tuple[Page, Account]]:
    """Open a page of a browser, or of one of its own; yield it with its recorded events."""
    account = Account()

    def note(request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(server + "/"):
            account.outside.append(request.url)

    with nullcontext(browser) if browser else chromium() as running:
        page = running.new_page(
            base_url=server, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        page.set_default_timeout(TIMEOUT_MS)
        page.on("request", note)
        page.on("pageerror", lambda error: account.errors.append(str(error)))
        page.on("dialog", lambda dialog: (account.dialogs.append(dialog.message), dialog.dismiss()))
        try:
            yield page, account
        finally:
            page.close()
