"""Names of the fields with which this program extends WARC records, for the writer and the reader."""

from __future__ import annotations

REQUESTED = "Caliber-Requested-URI"
"""The requested URL and its redirects, if another URL answered."""
KIND = "Caliber-Kind"
"""The kind of the requested URL, if it is not an article."""
SITE = "Caliber-Site"
"""The site of a saved page without a web URL."""
RENAMED = "X-Archive-Orig-"
"""Prefix for the names of headers that describe the encoded body, which is stored decoded."""
FETCH_ERROR = "fetch-error"
FETCH_ERROR_CODE = "fetch-error-code"
"""Fields of a ``metadata`` record for a failed fetch."""
