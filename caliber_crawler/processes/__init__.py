"""Worker processes for work that may hang, crash or use up the memory. The main process is not affected.

worker      A process that runs calls one after the other. It ends when its parent ends.
executor    Sends calls to workers and collects the results. If a worker ends, the executor starts another and sends it
            the remaining calls again. A call that has ended two workers fails.
limits      CPU time, wall-clock time and memory of one call. A call that exceeds them raises ``TooSlow`` or
            ``MemoryError``; a call that ends its workers raises ``WorkerCrashed``, and one
            whose workers were ended from outside ``WorkerKilled``.

Use :func:`run_limited` for single calls, :class:`Executor` for many and ``async_executor.AsyncExecutor`` in an event
loop; workers do not load that module.
"""

from caliber_crawler.processes.call import Call, TooSlow, WorkerCrashed, WorkerKilled
from caliber_crawler.processes.executor import Executor, end_idle_workers, run_call, run_limited
from caliber_crawler.processes.limits import PAGE_LIMITS, Limits

__all__ = [
    "PAGE_LIMITS",
    "Call",
    "Executor",
    "Limits",
    "TooSlow",
    "WorkerCrashed",
    "WorkerKilled",
    "end_idle_workers",
    "run_call",
    "run_limited",
]
