"""The terms of archives of schema 3, and their current names."""

from __future__ import annotations

REASONS = {
    "crash": "internal_error",
    "deadly": "worker_crashed",
    "too_much_memory": "out_of_memory",
    "no_article": "not_an_article",
    "not_a_page": "not_an_article",
    "unread": "not_extracted",
    "challenge": "bot_challenge",
    "login": "login_wall",
    "input": "bad_input",
    "no_cdx": "not_a_cdx",
    "no_feed": "not_a_feed",
    "no_sitemap": "not_a_sitemap",
    "no_cards": "no_teasers",
    "fewer_cards": "fewer_teasers",
    "fewer_news": "fewer_articles",
    "fallen_coverage": "coverage_dropped",
    "long_address": "url_too_long",
}
"""Reason codes of ``problems`` and ``frontier``."""

METHODS = {"structured": "structured_data", "general": "generic"}
"""Extraction methods, and the layout of generic sites' pages."""

SOURCES = {"numbers": "post_ids", "page": "start_page"}
"""Discovery sources."""

COUNTS = {
    "visited": "revisited",
    "held": "not_due",
    "left": "remaining",
    "passed_over": "not_articles",
    "outside_scope": "out_of_scope",
    "broken_walks": "incomplete_lists",
    "taken_up": "resumed",
    "sitemaps_later": "sitemaps_deferred",
    "forgotten": "taken_down",
    "addresses": "urls",
    "cards": "teasers",
    "cards_page": "teasers_start_page",
    "cards_numbers": "teasers_post_ids",
    "listing_pages_page": "listing_pages_start_page",
    **{
        f"cards_{source}": f"teasers_{source}"
        for source in ("listing", "feed", "sitemap", "search", "links", "url_list", "cdx")
    },
}
"""Counts of ``runs``."""

ARGUMENTS = {"roads": "sources", "numbers": "ids", "whole": "backfill"}
"""Arguments of ``runs``."""
