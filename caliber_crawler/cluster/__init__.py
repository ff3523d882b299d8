"""Many machines, crawling: jobs in PostgreSQL (Procrastinate), an archive for each site on shared storage.

A job is one site, or one of its sections, for a bounded time; never an address, because a polite host belongs to one
worker anyway. What makes it safe, whoever dies or is cut off:

- ``lock``: no two jobs of one host run at once, wherever they run.
- ``lease``: a worker may act only for so many seconds after PostgreSQL last heard of it. It looks at the clock before
  each request and ends itself when the time is up; its jobs are given away only later.
- ``shards``: a site's archive is taken at the start of a job and published whole at its end, under a new name. Which
  one counts is a row in PostgreSQL, which changes only for the worker whose job it still is.
"""
