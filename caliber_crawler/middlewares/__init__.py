"""Downloader middlewares: site boundary, robots.txt, conditional requests, back-off, checks of responses.

To stop a page, a middleware raises a :class:`~caliber_crawler.fetching.refusals.Refusal` with the reason; to end the
run, it calls :meth:`Accounts.halt <caliber_crawler.crawling.accounts.Accounts.halt>`.
"""
