"""Analyses of an archive's texts and view counts. Nothing that crawls or extracts depends on them."""
