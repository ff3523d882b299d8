"""Site definitions: one module for each site."""

DEFAULT_SITE = "caliber"
"""The site of every command that is not told which site is meant."""
