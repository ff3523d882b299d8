"""The options of a crawl: one dataclass defines the command's options, the spider's arguments and the scope.

The metadata of each field is an :class:`Option` with its help text. The field's name is the spider argument
(``-a section=analytics``) and, with dashes, the command's option (``--section analytics``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Self

from caliber_crawler.crawling.pagination import Window
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.errors import SiteError
from caliber_crawler.site import DiscoverySource, Edition, PostIds, Search, Site, Sitemaps
from caliber_crawler.site.urls import MAX_NUMBER_DIGITS

SCOPE_OPTIONS = (
    "section",
    "language",
    "since",
    "until",
    "via",
    "limit",
    "requests",
    "delay",
    "concurrency",
    "revisits",
)
"""Options of a site that a schedule, a timetable and a queue of crawls repeat."""
JOB_OPTIONS = (*SCOPE_OPTIONS, "due", "backfill")
"""Options that a cluster job may have."""
STATED = ("language", "section", "since", "until")
"""Options for which an archive keeps what earlier crawls were asked for."""
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Metadata of an option, in addition to its type and default."""

    help: str
    metavar: str | None = None
    minimum: float | None = None
    """The smallest accepted number."""
    setting: str | None = None
    """The Scrapy setting that the option sets; without one, the option is a spider argument."""
    variable: str | None = None
    """The environment variable of the command's option."""
    flag: str | None = None
    """The name of the command's option, if it is not that of the field."""
    short: str | None = None
    """A one-letter name of the command's option."""


def option(default: Any, help: str, **more: Any) -> Any:
    """Define a field of :class:`CrawlOptions` or a subclass with its :class:`Option`."""
    return field(default=default, metadata={"option": Option(help=help, **more)})


@dataclass(frozen=True, kw_only=True)
class CrawlOptions:
    """The options of a crawl of one site, as given. :meth:`scope` validates them for a site."""

    section: str = option("", "Sections, separated by commas; 'all' for all.  [default: the site's own]")
    language: str = option(
        "", "Editions by language (en, ru, arm …), separated by commas; 'all' for all.  [default: all]"
    )
    since: str = option("", "Only articles published on or after this date.", metavar="DATE")
    until: str = option("", "Only articles published before this date.", metavar="DATE")
    limit: int | None = option(
        None,
        "Maximum number of article pages.  [default: no limit; 50 from the URL of a page of a site with a definition]",
        minimum=1,
    )
    requests: int | None = option(
        None, "Maximum number of pages of any kind to request.  [default: no limit]", minimum=1, metavar="N"
    )
    via: str = option(
        "",
        "Discovery sources, with commas: listing, feed, sitemap, search, post_ids, links, exploration; 'all' for all."
        "  [default: the site's own]",
    )
    search: str = option("", "Queries for the site's own search, separated by commas.", metavar="WORDS")
    ids: str = option("", "Post IDs to try: 500-1 counts down, 1-500 counts up.", metavar="FROM-TO")
    urls: str = option(
        "", "URLs of articles to fetch, one per line, from FILE; - reads standard input.", metavar="FILE"
    )
    cdx: str = option(
        "",
        "Articles to fetch from the index of a web archive (CDX): 'wayback', 'commoncrawl', the URL of an index, a"
        " file, or - for standard input.",
        metavar="INDEX",
    )
    due: bool = option(False, "Fetch only what is due, listings and feeds included; made for cron.")
    scroll: bool = option(
        False,
        "Scroll lists of an explored site that have no further pages in a browser (the extra 'browser').",
    )
    backfill: bool = option(False, "Crawl listings to the end, even past articles that are already archived.")
    base_url: str = option("", "Crawl the site at another URL: a mirror, the demo site.", metavar="URL")
    delay: float | None = option(
        None, "Seconds between two requests.  [default: 1]", minimum=0, setting="DOWNLOAD_DELAY"
    )
    concurrency: int | None = option(
        None, "Maximum number of requests at a time.  [default: 1]", minimum=1, setting="CONCURRENT_REQUESTS_PER_DOMAIN"
    )
    revisits: int | None = option(
        None, "Maximum number of articles to revisit.  [default: 1000]", minimum=0, setting="REVISITS_MAX"
    )

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Self:
        """Parse spider arguments, which are text when they come from Scrapy's command.

        Raises :class:`SiteError` for an unknown argument or a value of the wrong type.
        """
        known = {field.name: field for field, option in option_fields(cls) if option.setting is None}
        if unknown := sorted(arguments.keys() - known):
            names = ", ".join(map(repr, unknown))
            raise SiteError(f"Unknown crawl argument {names}; known arguments: {', '.join(known)}.")
        return cls(**{name: _parse(name, value, str(known[name].type)) for name, value in arguments.items()})

    def as_arguments(self) -> dict[str, Any]:
        """The spider arguments that differ from their defaults, without options of a subclass."""
        return {
            field.name: value
            for field, option in option_fields(CrawlOptions)
            if option.setting is None and (value := getattr(self, field.name)) != field.default
        }

    def as_settings(self) -> dict[str, Any]:
        """The Scrapy settings that the options set, by name."""
        return {
            option.setting: value
            for field, option in option_fields(type(self))
            if option.setting is not None and (value := getattr(self, field.name)) is not None
        }

    def site(self, site: Site) -> Site:
        """The site, moved to ``base_url`` if that option is given. Raises :class:`SiteError`."""
        return site.served_at(self.base_url) if self.base_url else site

    def scope(self, site: Site) -> Scope:
        """Return the scope of the options for a site. Raises :class:`SiteError` for what the site does not have."""
        site = self.site(site)
        editions = _editions(site, self.language)
        sources = self._sources(site)
        _check_ids(site, editions, sources)
        return Scope(
            site=site,
            languages=tuple(edition.language for edition in editions),
            sections=_sections(site, editions, self.section),
            window=_window(site, self.since, self.until),
            limit=self.limit,
            requests=self.requests,
            sources=sources,
            queries=tuple(_split(self.search)),
            ids=_ids(self.ids),
            due_only=self.due,
            stated=frozenset(name for name in STATED if getattr(self, name)),
            backfill=self.backfill,
            scroll=self.scroll,
        )

    def _sources(self, site: Site) -> tuple[DiscoverySource, ...]:
        """The named sources and those that other options need; without either, the site's defaults."""
        known = {source.name for source in site.sources}
        wanted = {name.lower() for name in _split(self.via)}
        wanted |= ({Search.name} if self.search else set()) | ({PostIds.name} if self.ids else set())
        for name in sorted(wanted - {"all"}):
            if name not in known:
                raise SiteError(f"{site.title} has no discovery source {name!r}; it has: {', '.join(sorted(known))}.")
        if not wanted and not (self.urls or self.cdx):
            defaults = tuple(source for source in site.sources if source.is_default)
            # A definition with sitemaps only is crawled by them.
            return defaults or tuple(source for source in site.sources if isinstance(source, Sitemaps))
        return tuple(source for source in site.sources if source.name in wanted or "all" in wanted)


def option_fields(options: type[CrawlOptions]) -> Iterator[tuple[Field[Any], Option]]:
    """The fields that are options, in order."""
    for each in fields(options):
        if "option" in each.metadata:
            yield each, each.metadata["option"]


def _parse(name: str, value: Any, kind: str) -> Any:
    if kind == "bool" and isinstance(value, str):
        if value.strip().lower() not in (*YES, *NO):
            raise SiteError(f"{name}={value} is not a yes/no value; write {name}=1 or {name}=0.")
        return value.strip().lower() in YES
    if kind.startswith("int") and isinstance(value, str):
        if value and not (_is_number(value) and int(value) > 0):
            raise SiteError(f"{name}={value} is not a positive integer; write, for example, {name}=50.")
        return int(value) if value else None
    if kind == "str" and not isinstance(value, str):
        raise SiteError(f"{name}={value!r} is not text.")
    return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_NUMBER_DIGITS


def _split(text: str) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())]


def _editions(site: Site, languages: str) -> list[Edition]:
    if languages in ("", "all"):
        return list(site.editions)
    editions = []
    for language in languages.split(","):
        edition = site.edition(language)
        if edition is None:
            known = ", ".join(edition.language for edition in site.editions)
            raise SiteError(f"{site.title} has no edition in {language.strip()!r}; it has: {known}.")
        editions.append(edition)
    return editions


def _sections(site: Site, editions: list[Edition], sections: str) -> tuple[str, ...]:
    known = {key: None for edition in editions for key in edition.sections}
    if sections == "all":
        return tuple(known)
    wanted = tuple(part.strip().lower() for part in sections.split(",")) if sections else site.default_sections
    for section in wanted:
        if section not in known:
            raise SiteError(f"{site.title} has no section {section!r}; it has: {', '.join(known)}.")
    return wanted


def _check_ids(site: Site, editions: list[Edition], sources: tuple[DiscoverySource, ...]) -> None:
    """Raise :class:`SiteError` when post IDs are requested for editions without post IDs."""
    ids = next((source for source in sources if isinstance(source, PostIds)), None)
    if ids is not None and not any(edition.language in ids.paths for edition in editions):
        requested = ", ".join(edition.language for edition in editions)
        raise SiteError(f"{site.title} has post IDs in {', '.join(ids.paths)}, not in {requested}.")


def _ids(text: str) -> tuple[int, int] | None:
    """Parse a range of post IDs, ``1-500`` or ``500-1``."""
    if not text:
        return None
    first, _, last = text.partition("-")
    if not (_is_number(first.strip()) and _is_number(last.strip())):
        raise SiteError(f"{text!r} is not a range of post IDs; write 1-500, or 500-1 to count down.")
    return int(first), int(last)


def _window(site: Site, since: str, until: str) -> Window:
    """The publication dates in scope. Raises :class:`SiteError` if no date is."""
    window = Window(since=_timestamp(site, since), until=_timestamp(site, until))
    if window.since is not None and window.until is not None and window.since >= window.until:
        raise SiteError(f"No article is published from {since} on and before {until}: until must be later than since.")
    return window


def _timestamp(site: Site, text: str) -> datetime | None:
    """Parse a date (midnight) or an ISO 8601 timestamp; without an offset it is in the site's time zone."""
    if not text:
        return None
    try:
        timestamp = datetime.fromisoformat(text)
        return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=site.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SiteError(f"{text!r} is not a date; write 2026-01-31 or 2026-01-31T18:00.") from None
