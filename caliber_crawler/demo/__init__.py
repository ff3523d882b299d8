"""A stand-in for Caliber.Az on this machine: any number of articles, always the same, and the truth of each.

Written from what is known of the site and from nothing else of this package, so that whatever reads its pages is
tested by something that does not share its mistakes.
"""

from caliber_crawler.demo.server import running, serve
from caliber_crawler.demo.site import DemoSite, Response

__all__ = ["DemoSite", "Response", "running", "serve"]
