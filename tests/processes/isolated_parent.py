"""Starts an isolated process, prints its number, and waits to be killed. ``hangs``: it is busy in C code then."""

from __future__ import annotations

import asyncio
import sys

from caliber_crawler.processes.isolation import Isolation
from tests.processes.test_isolation import own_pid, parse_endless_tag


async def main() -> None:
    isolation = Isolation(seconds=1, memory=1024 * 1024 * 1024)
    isolation.join()
    sys.stdout.write(f"{await isolation.call(own_pid)}\n")
    sys.stdout.flush()
    if sys.argv[1] == "hangs":
        await isolation.call(parse_endless_tag, 200_000)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main())
