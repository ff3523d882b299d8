"""Each statement of the threat model in SECURITY.md is checked by tests, which are named here."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.tooling.repository import ROOT

CHECKS = {
    "only public IP addresses are contacted, checked after each resolution": [
        "crawl/test_public_addresses.py::test_only_the_public_addresses_of_a_name_are_used",
        "crawl/test_rebinding.py::test_a_host_name_that_is_rebound_to_this_machine_is_not_requested",
        "fetching/test_resolver.py::test_only_public_addresses_are_admitted",
    ],
    "a site on this machine must be named by the operator": [
        "crawl/test_public_addresses.py::test_a_crawl_of_a_private_ip_address_requests_nothing",
        "fetching/test_resolver.py::test_a_local_host_may_be_on_loopback_only",
    ],
    "limits of size, time and depth for each response, list and run": [
        "crawl/test_hostile.py::test_every_trick_has_its_reason_and_every_good_page_is_stored",
        "crawl/test_hostile.py::test_a_slow_page_is_aborted_after_its_timeout",
        "crawl/test_decompression.py::test_decompression_stops_at_the_size_limit",
        "fetching/test_download_handler.py::test_headers_over_the_limit_end_the_connection",
    ],
    "both belong to the host that is contacted, not to the page that links to it": [
        "middlewares/test_robots.py::test_unavailable_rules_of_another_host_fail_only_its_page",
        "test_throttle.py::test_hosts_have_separate_delays",
    ],
    "extraction never runs scripts": ["test_isolation.py::test_scripts_of_pages_run_in_the_browser_only"],
    "XML without entities and without the network": [
        "discovery/test_feeds.py::test_an_entity_bomb_is_not_expanded_and_reads_no_file",
        "discovery/test_sitemaps.py::test_an_entity_bomb_is_not_expanded_and_reads_no_file",
        "discovery/test_sitemaps.py::test_a_sitemap_that_names_a_document_type_requests_nothing",
    ],
    "only this program's own processes exchange pickles": [
        "test_isolation.py::test_only_worker_processes_exchange_pickles"
    ],
    "each page is parsed in a worker process with limits of CPU time and memory": [
        "processes/test_executor.py::test_call_that_exceeds_its_cpu_time_is_stopped_and_its_worker_stays",
        "processes/test_executor.py::test_exceeded_memory_is_an_error_of_the_call",
        "processes/test_executor.py::test_hanging_c_code_is_ended",
    ],
    "the page is put aside": [
        "crawl/test_isolated_extraction.py::test_a_page_on_which_libxml2_hangs_is_skipped_and_the_crawl_continues",
        "crawl/test_watchdog.py::test_a_stalled_crawl_ends_and_puts_its_page_aside",
    ],
    "control characters become visible escapes": ["commands/test_terminal.py::test_a_text_cannot_control_the_terminal"],
    "pages of the archive escape every text, with a Content-Security-Policy": [
        "browse/test_hostile.py::test_scraped_text_is_escaped",
        "browse/test_body.py::test_hostile_markdown_is_escaped",
        "browse/test_headers.py::test_a_page_has_scripts_and_frames_only_if_they_are_allowed",
    ],
    "two articles are joined only if their texts are alike": [
        "archive/test_claims.py::test_a_claim_joins_as_soon_as_a_text_resembles_the_other",
        "archive/test_claims.py::test_articles_with_one_canonical_url_stay_apart_and_are_reported",
        "archive/test_claims.py::test_a_redirect_to_a_different_article_is_reported_as_one",
    ],
    "versions are never overwritten": [
        "archive/test_versions.py::test_an_edit_adds_a_version_and_keeps_the_old_text",
        "archive/test_versions.py::test_a_worse_extraction_can_be_reverted",
    ],
    "text stays text in XLSX and in the CSV files of the pages": [
        "export/test_tables.py::test_no_cell_starts_like_a_formula",
        "coding/test_spreadsheets.py::test_no_text_is_a_formula",
        "browse/test_search_page.py::test_csv_cells_are_not_formulas",
    ],
    "no name in a file is used as a path": [
        "page_files/test_commands.py::test_no_name_in_a_packed_wacz_is_used_as_a_path"
    ],
    "a takedown changes only cold files that this program wrote": [
        "archive/cold/test_removal.py::test_an_archive_from_outside_removes_nothing_from_a_web_archive_of_another_program",
        "archive/cold/test_removal.py::test_nothing_but_whole_records_is_removed_from_a_file",
        "archive/cold/test_removal.py::test_an_archive_from_outside_cannot_name_another_file",
    ],
    "the URL decides the site": [
        "ingest/test_site_resolver.py::test_a_url_is_resolved_to_its_site_and_kind",
        "ingest/test_site_resolver.py::test_the_front_page_of_another_host_is_not_that_of_the_site",
    ],
    "merges and foreign databases are checked before use": [
        "archive/test_opening.py::test_another_programs_database_is_refused_and_unchanged",
        "archive/test_bulk_insert.py::test_a_damaged_row_does_not_get_a_new_checksum",
    ],
    "the same limits as for a page": [
        "page_files/test_commands.py::test_all_that_was_not_ingested_is_counted",
        "warc/test_forms.py::test_the_time_for_hostile_files_grows_with_their_size_only",
    ],
    "encodings are decoded within a maximum size": [
        "middlewares/test_compression.py::test_a_truncated_or_oversized_body_is_refused",
        "page_files/test_saved_pages.py::test_a_page_that_is_too_large_is_refused",
        "page_files/test_har.py::test_a_har_of_500_mb_is_refused_by_its_size",
    ],
    "the archive is opened read-only": ["archive/test_opening.py::test_a_reader_cannot_write"],
    "queries have limits of time, rows, columns and memory": [
        "browse/test_limits.py::test_a_query_beyond_a_limit_is_refused_without_using_its_memory",
        "browse/test_limits.py::test_own_pages_report_a_limit",
    ],
    "`--public` closes them": ["browse/test_public.py::test_private_pages_are_closed_in_public_mode"],
    "without it only this machine is answered": [
        "browse/test_public.py::test_another_host_requires_public_mode",
        "browse/test_access.py::test_other_names_are_refused",
    ],
    "requests of other origins and for other host names are refused": [
        "browse/test_access.py::test_queries_from_pages_of_other_sites_are_refused",
        "browse/test_access.py::test_other_names_are_refused",
    ],
    "credentials of one target are sent to that target only, and are never stored in reports": [
        "alerts/test_delivery.py::test_the_secret_of_one_target_is_sent_to_no_other_and_stored_nowhere",
        "alerts/test_delivery.py::test_a_wrong_target_is_named_before_anything_is_stored",
    ],
    "checksums of rows, digests of pages and texts, `caliber verify`": [
        "archive/test_verify.py::test_every_change_in_a_hundred_damaged_copies_is_found",
        "archive/test_schema.py::test_every_value_has_a_checksum_is_computed_or_is_repeated_by_an_index",
    ],
    "All its requests pass through the crawler, with the same limits.": [
        "discovery/test_scrolling.py::test_requests_of_page_scripts_obey_the_rules_of_a_crawl",
        "middlewares/test_scrolling.py::test_a_script_may_request_no_other_url",
    ],
    "As root, Chromium has no sandbox": [
        "fetching/test_browser.py::test_a_browser_has_no_window_and_loses_its_sandbox_only_for_root"
    ],
    "the digests in citations do": ["archive/test_citations.py::test_a_citation_has_source_dates_and_digest"],
    "pins every package with its hashes": [
        "tooling/test_constraints.py::test_every_package_is_pinned_to_one_version_with_its_hashes",
        "tooling/test_constraints.py::test_every_runtime_dependency_is_pinned",
    ],
    "`make` installs nothing else": [
        "tooling/test_set_up.py::test_running_needs_no_development_packages_and_tests_add_them"
    ],
    "The wheel and the source archive of a commit are reproducible": [
        "tooling/test_wheel.py::test_the_same_sources_give_the_same_bytes"
    ],
    "writes a bill of materials": ["tooling/test_sbom.py::test_every_package_that_the_program_needs_is_named_once"],
}
"""Statements, as SECURITY.md makes them, and tests below tests/."""

TEXT = " ".join((ROOT / "SECURITY.md").read_text("utf-8").split())


def statements() -> list[str]:
    """What prevents each attack, statement by statement, without links and names of modules."""
    rows = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|$", (ROOT / "SECURITY.md").read_text("utf-8"), flags=re.MULTILINE)
    cells = [cell.strip() for cell in rows[2:]]
    return [
        re.sub(r" \((`[^`]*`|\[[^)]*\))\)?", "", part).removesuffix(")") for cell in cells for part in cell.split("; ")
    ]


@cache
def names_in(module: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / module).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_table_is_found() -> None:
    assert len(statements()) > 20


@pytest.mark.parametrize("statement", statements())
def test_every_statement_of_the_table_names_tests(statement: str) -> None:
    assert CHECKS.get(statement)


@pytest.mark.parametrize("statement", CHECKS)
def test_every_checked_statement_is_made(statement: str) -> None:
    assert statement in re.sub(r" \(`[^`]*`\)", "", TEXT)


@pytest.mark.parametrize("test", sorted({each for tests in CHECKS.values() for each in tests}))
def test_every_test_of_a_statement_exists(test: str) -> None:
    module, _, name = test.partition("::")
    assert name in names_in(module)
