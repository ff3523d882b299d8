"""Starts a worker, prints its process ID and waits to be killed. With ``hangs``, the worker is busy in C code."""

from __future__ import annotations

import asyncio
import sys

from caliber_crawler.processes import Limits
from caliber_crawler.processes.async_executor import AsyncExecutor
from tests.processes.calls import own_pid, parse_endless_tag


async def main() -> None:
    executor = AsyncExecutor(Limits(cpu_seconds=1))
    executor.join()
    sys.stdout.write(f"{await executor.call(own_pid)}\n")
    sys.stdout.flush()
    if sys.argv[1] == "hangs":
        await executor.call(parse_endless_tag, 200_000)
    await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main())
