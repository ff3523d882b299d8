"""A local mock of Caliber.Az: any number of deterministic articles, with the ground truth of each.

It is based on observations of the site and shares no code with the rest of this package, so that tests do not repeat
the mistakes of the code under test.
"""

from caliber_crawler.demo.server import running, serve
from caliber_crawler.demo.site import DemoSite, Response

__all__ = ["DemoSite", "Response", "running", "serve"]
