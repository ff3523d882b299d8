"""Data output of commands: a file that is complete or absent, or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from caliber_crawler.output_files import new_file


@contextmanager
def open_binary_output(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with new_file(output) as file:
            yield file


@contextmanager
def open_output(output: Path | None, encoding: str) -> Iterator[IO[str]]:
    with open_binary_output(output) as binary:
        file = TextIOWrapper(binary, encoding=encoding, newline="")
        yield file
        file.flush()
        file.detach()
