"""Downloader middlewares: site boundary, robots.txt, conditional requests, back-off, checks of responses.

Each raises a :class:`~caliber_crawler.fetching.refusals.Refusal` that says why it stops a page, and calls
:meth:`Accounts.halt <caliber_crawler.crawling.accounts.Accounts.halt>` to end a run.
"""
