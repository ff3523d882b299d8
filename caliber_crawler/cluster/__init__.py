"""Crawling on many machines: jobs in PostgreSQL (Procrastinate), one archive per site on shared storage.

A job crawls one site, or one of its sections, for a limited time. A job is never a single URL, because only one worker
at a time may send requests to a host. Three mechanisms keep this safe when workers die or lose their connection:

- ``lock``: two jobs of the same host never run at the same time.
- ``lease``: a worker may act only for a limited time after its last heartbeat in PostgreSQL. It checks the time before
  each request and exits when the lease has expired. Only later are its jobs given to other workers.
- ``shards``: a job copies the site's archive at its start and publishes it as a new file at its end. A row in
  PostgreSQL names the current file. Only the worker that still owns the job can change this row.
"""
