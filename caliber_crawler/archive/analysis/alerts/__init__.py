"""Alerts: saved searches, and the events that they found since."""

from caliber_crawler.archive.analysis.alerts.alert import KINDS, Alert, Alerts, Kind
from caliber_crawler.archive.analysis.alerts.events import AlertEvent, AlertEvents

__all__ = ["KINDS", "Alert", "AlertEvent", "AlertEvents", "Alerts", "Kind"]
