"""Analyses of an archive's texts."""
