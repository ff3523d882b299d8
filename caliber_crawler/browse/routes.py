"""Routes of the plugin's pages, all below ``/<archive>/-/``, a path that Datasette itself does not use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caliber_crawler.browse.alerts_page import alerts_page
from caliber_crawler.browse.attention_page import attention_csv, attention_json, attention_page
from caliber_crawler.browse.capture_page import capture_page, captured_page, captured_source
from caliber_crawler.browse.changes_page import changes_page
from caliber_crawler.browse.charts_page import chart_csv, charts_page
from caliber_crawler.browse.citations import citations_file
from caliber_crawler.browse.coding_page import codes_csv, coding_page, sample_csv
from caliber_crawler.browse.compare_page import compare_page
from caliber_crawler.browse.copies_page import copies_csv, copies_page
from caliber_crawler.browse.edits import edits_page
from caliber_crawler.browse.feeds import articles_feed, edits_feed
from caliber_crawler.browse.health_page import health_page
from caliber_crawler.browse.home_page import front_page, home_page
from caliber_crawler.browse.names_page import names_csv, names_gexf, names_page
from caliber_crawler.browse.pages import not_in_public, page
from caliber_crawler.browse.public import robots
from caliber_crawler.browse.queries_page import ARTICLE_TABLES, queries_page, query_csv, query_json, query_page
from caliber_crawler.browse.search_page import search_csv, search_json, search_page
from caliber_crawler.browse.sites_page import sites_csv, sites_json, sites_page
from caliber_crawler.browse.version_page import version_page
from caliber_crawler.browse.words_page import words_csv, words_page

SITE_TABLES = ("sites", "runs", "problems", "field_coverage", "frontier")

ROUTES: dict[str, Callable[..., Any]] = {
    r"home": page(home_page, "articles", "versions"),
    r"search": page(search_page, "articles", "versions"),
    r"search\.csv": page(search_csv, "articles", "versions"),
    r"search\.json": page(search_json, "articles", "versions"),
    r"attention": page(attention_page, "articles", "versions"),
    r"attention\.csv": page(attention_csv, "articles", "versions"),
    r"attention\.json": page(attention_json, "articles", "versions"),
    r"words": page(words_page, "articles", "versions"),
    r"words\.csv": page(words_csv, "articles", "versions"),
    r"edits": page(edits_page, "articles", "versions"),
    r"charts(?:/(?P<chart>[a-z]+))?": page(charts_page, "articles", "view_counts", "links"),
    r"charts/(?P<chart>[a-z]+)\.csv": page(chart_csv, "articles", "view_counts", "links"),
    r"feeds/articles": page(articles_feed, "articles", "versions"),
    r"feeds/edits": page(edits_feed, "articles", "versions"),
    r"health": page(not_in_public(health_page), "runs", "problems", "field_coverage", "frontier"),
    r"sites": page(not_in_public(sites_page), *SITE_TABLES),
    r"sites\.csv": page(not_in_public(sites_csv), *SITE_TABLES),
    r"sites\.json": page(not_in_public(sites_json), *SITE_TABLES),
    r"queries": page(queries_page),
    r"queries/(?P<query>[a-z_]+)": page(query_page, *ARTICLE_TABLES),
    r"queries/(?P<query>[a-z_]+)\.csv": page(query_csv, *ARTICLE_TABLES),
    r"queries/(?P<query>[a-z_]+)\.json": page(query_json, *ARTICLE_TABLES),
    r"changes/(?P<article>\d{1,18})": page(changes_page, "articles", "versions"),
    r"alerts": page(not_in_public(alerts_page), "articles", "alerts", "alert_events"),
    r"compare": page(compare_page, "articles", "versions"),
    r"copies": page(copies_page, "articles", "versions"),
    r"copies\.csv": page(copies_csv, "articles", "versions"),
    r"names": page(names_page, "articles", "mentions", "quotations"),
    r"names\.csv": page(names_csv, "articles", "mentions", "quotations"),
    r"names\.gexf": page(names_gexf, "articles", "mentions"),
    r"coding": page(coding_page, "articles", "codes", "codebook"),
    r"coding\.csv": page(codes_csv, "articles", "codes", "codebook"),
    r"sample\.csv": page(sample_csv, "articles", "versions"),
    r"version": page(version_page, "articles", "versions"),
    r"citations(?P<suffix>\.(?:txt|bib|ris|json))": page(citations_file, "articles", "versions"),
    r"captures/(?P<capture>\d{1,18})": page(not_in_public(capture_page), "captures", "bodies"),
    r"captures/(?P<capture>\d{1,18})/page": page(not_in_public(captured_page), "captures", "bodies"),
    r"captures/(?P<capture>\d{1,18})/source": page(not_in_public(captured_source), "captures", "bodies"),
}


def routes() -> list[tuple[str, Callable[..., Any]]]:
    """Return the routes in Datasette's format."""
    below = [(rf"^/(?P<database>[^/]+)/-/{path}$", view) for path, view in ROUTES.items()]
    return [("^/$", front_page), (r"^/robots\.txt$", robots), *below]
