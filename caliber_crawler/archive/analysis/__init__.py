"""Analysis of the archived texts: attention over time, and what further packages add."""
