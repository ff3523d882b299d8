"""Site definitions: one module for each site."""

DEFAULT_SITE = "caliber"
"""The site that commands use if none is given."""
