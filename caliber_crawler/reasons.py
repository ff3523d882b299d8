"""Reason codes: why a page, record or run is not as expected, what each code means and what to do about it.

The codes are an interface: they appear in ``problems.reason``, ``frontier.reason`` and the JSON of commands. The tables
in ``docs/reference/codes.md`` are made from this module (``make reference``). A test finds codes that are missing here,
and codes that nothing uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Reason(NamedTuple):
    """The meaning of a code, and what the operator can do; each is one sentence."""

    meaning: str
    remedy: str


NOTHING = "Nothing to do."
RETRIED = "Nothing to do: the URL is retried with increasing delays."
RETRIED_LATER = "Nothing to do: the URL is retried after a day, then after a week."
CHECK_DEFINITION = "Run `caliber doctor`, correct the site definition, then run `caliber reextract`."

FETCH: Mapping[str, Reason] = {
    "timeout": Reason("The server did not answer in time.", RETRIED),
    "refused": Reason("The server refused the connection.", RETRIED),
    "reset": Reason("The connection was lost.", RETRIED),
    "dns": Reason("The host name does not resolve.", "Check the base URL; otherwise the URL is retried."),
    "network": Reason("Another network error.", RETRIED),
    "tls": Reason(
        "No secure connection: an expired, untrusted or mismatched certificate, or TLS below 1.2.",
        "Check the site in a browser; the URL is retried.",
    ),
    "truncated": Reason("The response ended before its declared length.", RETRIED),
    "too_large": Reason("The response, its headers or its decompressed body exceed the size limit.", RETRIED_LATER),
    "redirects": Reason("Too many redirects.", RETRIED),
    "offsite": Reason(
        "The URL or a redirect leads outside the site's hosts.",
        "Add the host to `Site.hosts` if it belongs to the site.",
    ),
    "scheme": Reason("A redirect leads to a scheme other than http or https.", NOTHING),
    "url_too_long": Reason("The URL is longer than 2,083 characters.", NOTHING),
    "private_address": Reason(
        "The host resolves to a private IP address.", "Check the network for a captive portal; the URL is retried."
    ),
    "robots": Reason("robots.txt disallows the URL.", "Nothing to do: robots.txt is checked again after a week."),
    "no_robots": Reason("The robots.txt of a host that a redirect leads to is unavailable.", RETRIED),
    "bot_challenge": Reason("The site answered with a bot challenge (CAPTCHA).", "Ask the site's operator for access."),
    "login_wall": Reason("The page asks for a login.", NOTHING),
    "soft_404": Reason("The page says that it does not exist, with status 200.", RETRIED_LATER),
    "redirect_home": Reason("The URL redirects to the home page or a section: the article is gone.", RETRIED_LATER),
    "not_modified": Reason("The page has not changed since its last capture (304).", NOTHING),
    "index_busy": Reason("The index of the web archive is overloaded.", "Run the crawl again on another day."),
}
"""No usable response."""

PAGE: Mapping[str, Reason] = {
    "no_response": Reason("The capture or record has no response.", NOTHING),
    "empty": Reason("The page is empty.", RETRIED_LATER),
    "not_text": Reason("The response is an image or other binary data.", "Exclude such URLs from the site definition."),
    "not_html": Reason(
        "The response is not a page but a feed, a sitemap, an image or another file.", "Exclude such URLs."
    ),
    "not_an_article": Reason(
        "No article was found: the page lacks a headline and a text, or on a generic site also a date.",
        "If it is an article, add its layout to the site definition and run `caliber reextract --failed`.",
    ),
    "too_complex": Reason("An element has too many attributes to parse safely.", NOTHING),
    "too_deep": Reason("The page is nested too deeply to parse safely.", NOTHING),
    "too_long": Reason(
        "The text, or the number of its links and images, exceeds that of any article; the page is stored.", NOTHING
    ),
    "too_slow": Reason(
        "Extraction exceeded its time limit; the page is stored.", "Report the page; later versions may extract it."
    ),
    "worker_crashed": Reason(
        "Extraction crashed its worker process twice; the page is stored.",
        "Report the page; later versions may extract it.",
    ),
    "worker_killed": Reason(
        "Something outside the program ended the worker process that extracted the page; the page is stored.",
        "Nothing to do: the next run retries the URL.",
    ),
    "out_of_memory": Reason("Extraction exceeded its memory limit; the page is stored.", "Report the page."),
    "cold_file_unavailable": Reason(
        "The stored page is in cold storage, in a file that is not available.",
        "Mount the storage or run `caliber cold locate FOLDER`, then run the command again.",
    ),
    "damaged": Reason(
        "The stored page or record is damaged.", "Run `caliber verify --repair`, or fetch the page again."
    ),
    "unknown_site": Reason("No site definition has this name.", "Install the definition or set CALIBER_SPIDERS."),
    "not_extracted": Reason("The capture is stored but not extracted: a list, or a response without a page.", NOTHING),
    "no_headline": Reason("The page has no headline.", CHECK_DEFINITION),
    "site_title": Reason("The headline is only the site's name.", CHECK_DEFINITION),
    "not_found": Reason("The headline says that the page was not found.", RETRIED_LATER),
    "no_body": Reason("The page has no text.", CHECK_DEFINITION),
    "short_body": Reason(
        "The text is very short.", "Compare it with the page; correct the body selector if text is missing."
    ),
    "no_date": Reason("No publication date was found.", CHECK_DEFINITION),
    "future_date": Reason("The publication date lies in the future.", "Check the site's time zone and date formats."),
    "impossible_date": Reason("The publication date is before the web existed.", "Check the site's date formats."),
    "no_views": Reason("No view counter was found.", CHECK_DEFINITION),
    "no_section": Reason("The page names no section.", CHECK_DEFINITION),
    "unknown_section": Reason("The page names a section that the definition lacks.", "Add the section's label."),
    "unknown_layout": Reason(
        "No layout of the definition matches the page, or more pages than usual.", CHECK_DEFINITION
    ),
    "readers_disagree": Reason(
        "Independent readings of the page have very different texts; the one that the page supports best is stored.",
        "Compare the text with the page; a site definition decides for all pages of the site.",
    ),
    "canonical_elsewhere": Reason(
        "The page states the URL of a different text as its own (canonical link, `og:url`); it keeps its own URL.",
        "Nothing to do, unless the texts are one article; `caliber split` undoes a wrong join.",
    ),
    "redirected_to_another": Reason(
        "The article's URL redirects to a different article: the article is gone, and the other one keeps its URL.",
        RETRIED_LATER,
    ),
    "unlike_before": Reason(
        "The page shares nothing with the archived article and lacks its date or layout; it is not stored as an edit.",
        "Nothing to do: the same text counts as an edit if it is still there three days later.",
    ),
    "unlike_site": Reason(
        "A short page without a date, an author or a word of its URL, on a site whose articles nearly all state a date;"
        " it is stored, but not as an article.",
        "Nothing to do: the same text counts as an article if it is still there three days later.",
    ),
    "same_text_elsewhere": Reason(
        "The text is at several URLs of the site and has no date; the pages are stored, but not as articles.",
        RETRIED_LATER,
    ),
    "same_text": Reason(
        "The article was requested under another value of a parameter that selects nothing on this site, such as the"
        " place of a click.",
        NOTHING,
    ),
    "later_page": Reason(
        "The page is a later page of an article: it names the first page, or the first page names it, or it has the"
        " headline and the URL of the first page with a number.",
        NOTHING,
    ),
    "more_pages": Reason(
        "The article continues on further pages; their text is not part of it.",
        NOTHING,
    ),
    "unlike_url": Reason(
        "The page has no date, and either shares no word with its URL or was reached by a redirect away from articles.",
        "Nothing to do if it is a wall or an error page; otherwise add its layout to the site definition.",
    ),
    "wall": Reason(
        "The page at the article's URL is a wall or an error page: consent, subscription, region, maintenance.",
        RETRIED_LATER,
    ),
    "mojibake": Reason("A field was decoded with the wrong character set before it was published.", NOTHING),
    "broken_characters": Reason("A field has characters that cannot be decoded.", NOTHING),
    "boilerplate_in_headline": Reason("The headline is boilerplate.", CHECK_DEFINITION),
    "boilerplate_in_subtitle": Reason("The subtitle is boilerplate.", "Add the line to the edition's boilerplate."),
    "boilerplate_in_body": Reason(
        "The text contains a line of boilerplate.", "Add the line to the edition's boilerplate."
    ),
}
"""A response without a valid article, or an article with a remark."""

LISTS: Mapping[str, Reason] = {
    "not_a_feed": Reason("The response is not a feed.", "Correct the feed's path in the site definition."),
    "not_a_sitemap": Reason("The response is not a sitemap.", "Correct the sitemap's path in the site definition."),
    "not_a_cdx": Reason("The response or file is not a CDX index.", "Check the service's URL or the file."),
    "no_teasers": Reason(
        "The JSON of a listing has no list of teasers where the definition expects it.", CHECK_DEFINITION
    ),
    "invalid_json": Reason("The JSON of a listing cannot be parsed.", CHECK_DEFINITION),
    "invalid_entries": Reason(
        "Entries of a list cannot be parsed or have an invalid URL; the others are used.",
        "Nothing to do, unless the message names an article.",
    ),
    "list_incomplete": Reason(
        "A list ends in the middle, or has more entries than the limit; the entries that were found are used.",
        "Nothing to do: the list is fetched again by the next crawl.",
    ),
    "unreadable_list": Reason("A list of URLs cannot be parsed.", "Correct the line that the message names."),
    "listing_empty": Reason("The first page of a listing has no teasers.", CHECK_DEFINITION),
    "listing_repeats": Reason("The next page of a listing repeats earlier teasers.", CHECK_DEFINITION),
    "article_path_unlike": Reason(
        "The teasers of a listing link to pages whose URL the definition's `article_path` does not match.",
        "Correct `article_path` by the URL in the message.",
    ),
    "outside_dates": Reason(
        "An article of an explored site was published outside the requested dates.",
        "Nothing to do: a crawl without --since and --until fetches it.",
    ),
    "layout_changed": Reason(
        "The text of a known article seems to have changed, but so has the design of its page, which the learned or"
        " earlier layout of the site does not fit.",
        "Nothing to do: it is extracted again when a new layout is learned, or counts as an edit three days later.",
    ),
    "fact_replaced": Reason(
        "A fact of the site definition failed, and the run used another one instead.",
        "Correct the site definition by the message.",
    ),
    "nothing_requested": Reason(
        "The discovery sources of a run name no page to begin with.",
        "Add a source with --via, or a list of URLs with --urls.",
    ),
    "listing_cut": Reason(
        "The listing has more pages: the browser stopped scrolling, or the link to the next page is invalid.",
        "Raise `max_scrolls`, or check the selector `next`.",
    ),
    "listing_endless": Reason(
        "The listing has more pages than TRAP_PAGES.", "Raise TRAP_PAGES if the listing is genuine."
    ),
    "trap_deep": Reason("The URL's path has too many segments.", "Raise TRAP_SEGMENTS if such URLs are genuine."),
    "trap_circle": Reason("The URL's path repeats a segment.", "Raise TRAP_SEGMENTS if such URLs are genuine."),
    "trap_query": Reason("The URL has too many query parameters.", "Raise TRAP_PARAMETERS if such URLs are genuine."),
    "trap_variants": Reason(
        "Too many URLs differ in their query only.", "Raise TRAP_VARIANTS if they are different articles."
    ),
}
"""A list that cannot be followed, or URLs of a crawler trap that were skipped."""

RECORDS: Mapping[str, Reason] = {
    "bad_date": Reason("The record's date is missing or invalid.", "Correct the date in the file, if it is known."),
    "bad_location": Reason("A redirect has no Location, or an invalid one.", NOTHING),
    "bad_input": Reason("A file is not a page that can be ingested.", "Check the file that the message names."),
    "bad_line": Reason("A line of JSON Lines input is not a page.", "Correct the line that the message names."),
    "no_content": Reason("A HAR has the response without its body.", "Save the HAR with content."),
    "no_url": Reason("The record or file does not name a valid URL.", "Ingest a single page with --url."),
    "no_original": Reason(
        "A revisit record refers to a record that was not found.", "Ingest the earlier WARC file first."
    ),
    "other_site": Reason("The URL belongs to no known site.", "Use --any-site, or add a site definition."),
    "redirect": Reason("The record is a redirect that does not lead to an article.", NOTHING),
    "undecodable": Reason("The content encoding of the record or response cannot be undone.", RETRIED),
}
"""A file or record of a web archive that was skipped."""

RUNS: Mapping[str, Reason] = {
    "internal_error": Reason("An error of this program.", "Report it with the log; the URL is retried."),
    "unreachable": Reason("No page of the site could be fetched.", "Check the network and the base URL."),
    "robots_unavailable": Reason("robots.txt is unavailable, so nothing was fetched.", "Run the crawl again later."),
    "busy": Reason(
        "The site is rate-limiting or overloaded (429, 503).", "Run the crawl again later, or raise --delay."
    ),
    "failing": Reason("Too many requests failed in a row.", "Check the site; run the crawl again later."),
    "challenged": Reason("The site answers with bot challenges.", "Ask the site's operator for access."),
    "stopped": Reason("The crawl was stopped before the request.", "Run the crawl again."),
    "stalled": Reason(
        "Processing the page held up the whole crawl for a minute (STALL_TIMEOUT), so it was ended.",
        "Report the page: it is put aside, and tried again after a day, then after a week.",
    ),
    "archive": Reason("The archive cannot be written.", "Free disk space and run the command again."),
    "nothing_found": Reason(
        "The lists of the run name no article, or articles whose URLs are not recognized.",
        "Start at another page, use another discovery source, or correct the site definition.",
    ),
    "fewer_teasers": Reason("Listings have far fewer teasers than usual.", CHECK_DEFINITION),
    "unknown_listing": Reason("The listings have another layout than usual.", CHECK_DEFINITION),
    "fewer_articles": Reason(
        "Far fewer new articles than usual in 24 hours.", "Check the site and the site definition."
    ),
    "more_refused": Reason(
        "Far more pages than usual were refused or failed.", "See `caliber status` for the reasons."
    ),
    "coverage_dropped": Reason("A field was found on far fewer pages than usual.", CHECK_DEFINITION),
}
"""A run that ended early, or that differs from earlier runs for the worse."""

REASONS: Mapping[str, Reason] = {**FETCH, **PAGE, **LISTS, **RECORDS, **RUNS}


def reason_of(code: str) -> Reason:
    """The meaning and remedy of a code; those of ``http_404`` etc. come from the status. ``KeyError`` if unknown."""
    if code.startswith("http_") and code[5:].isdecimal():
        status = int(code[5:])
        if status in (404, 410):
            return Reason(f"The server answered {status}: the page is gone.", RETRIED_LATER)
        return Reason(f"The server answered {status}.", RETRIED)
    return REASONS[code]
