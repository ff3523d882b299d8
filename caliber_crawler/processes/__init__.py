"""Worker processes for work that may hang, crash or take all the memory. What happens in a worker stays there.

worker      A process that runs the calls it is sent, one after the other, and that ends with its parent.
executor    Sends calls to workers and collects the answers. It replaces a worker that ended, makes the calls behind
            the one that ended it again, and gives that one up when it has ended two workers.
limits      CPU time, wall-clock time and memory of one call. A call that exceeds them raises ``TooSlow`` or
            ``MemoryError``; one that ends its worker raises ``WorkerCrashed``.

:func:`run_limited` is for single calls, :class:`Executor` for many, :class:`AsyncExecutor` for an event loop.
"""

from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.processes.call import Call, TooSlow, WorkerCrashed
from caliber_crawler.processes.executor import Executor, end_idle_workers, run_call, run_limited
from caliber_crawler.processes.limits import PAGE_LIMITS, Limits

__all__ = [
    "PAGE_LIMITS",
    "AsyncExecutor",
    "Call",
    "Executor",
    "Limits",
    "TooSlow",
    "WorkerCrashed",
    "end_idle_workers",
    "run_call",
    "run_limited",
]
