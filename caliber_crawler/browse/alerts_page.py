"""The page of the alerts: each saved search, and what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliber_crawler.archive.analysis.alerts.interface import SavedSearches

if TYPE_CHECKING:
    from datasette.utils.asgi import Response

    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import Context, PageRequest

EVENTS = 50
"""Number of the newest events of an alert that are shown."""


async def alerts_page(page_request: PageRequest) -> Response:
    """``/-/alerts``."""
    return await page_request.html("archive_alerts.html", await page_request.read(load_alerts))


def load_alerts(connection: Connection) -> Context:
    """Return each alert with its newest events; targets are not shown, because they may be secrets."""
    searches = SavedSearches(connection)
    return {"alerts": [(alert, searches.newest(alert.name, limit=EVENTS)) for alert in searches.all()], "most": EVENTS}
