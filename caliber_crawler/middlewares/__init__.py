"""What stands between the scheduler and the network: robots.txt, patience, guards. One small class a file.

Each says with a :class:`~caliber_crawler.fetching.refusals.Refusal` why it stops a page, and with
:meth:`CrawlRun.halt <caliber_crawler.crawling.run.CrawlRun.halt>` why it stops a run.
"""
