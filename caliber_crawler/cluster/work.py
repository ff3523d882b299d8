"""A job of the cluster: one site, or one of its sections, for a bounded time; and its schedule."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caliber_crawler.crawling.options import JOB_OPTIONS, CrawlOptions, option_fields
from caliber_crawler.cron import require_cron
from caliber_crawler.errors import InputError, SiteError
from caliber_crawler.known_sites import group_by_shared_host, known_spiders, spider_among, spider_named

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.site import Site

MINUTES = 30.0
"""Default maximum duration of a job. If work remains, the job is queued again behind the others."""
SHORTEST, MOST = 0.01, 100_000.0
"""The smallest number of minutes in a timetable, and the largest number of minutes or seconds."""
EVERY_SITE = "*"
"""The timetable entry for all known sites that have no entry of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One crawl of ``site``, a known name or the URL of a page, for at most ``minutes``."""

    site: str
    minutes: float = MINUTES
    options: CrawlOptions = field(default_factory=CrawlOptions)

    @property
    def name(self) -> str:
        """The job's key. Only one job with this name can wait in the queue."""
        return " ".join((self.site, *filter(None, (self.options.section, self.options.language))))

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Work:
        """From a job's arguments; additional arguments of Procrastinate are ignored."""
        names = ("site", "minutes")
        known = {name: arguments[name] for name in names if name in arguments}
        return cls(
            **known, options=CrawlOptions(**{name: arguments[name] for name in JOB_OPTIONS if name in arguments})
        )

    def as_arguments(self) -> dict[str, Any]:
        """The job's arguments, without options that have their default value."""
        given = {name: getattr(self.options, name) for name in JOB_OPTIONS}
        default = CrawlOptions()
        changed = {name: value for name, value in given.items() if value != getattr(default, name)}
        return {"site": self.site, "minutes": self.minutes, **changed}

    def continued(self, *, articles: int, requests: int) -> Work:
        """The same job for what is left of its budgets after these articles and requests; at least one of each."""
        limit, budget = self.options.limit, self.options.requests
        left = replace(
            self.options,
            limit=None if limit is None else max(1, limit - articles),
            requests=None if budget is None else max(1, budget - requests),
        )
        return replace(self, options=left)

    def by_section(self, settings: Settings) -> list[Work]:
        """One job for each section of the site in the options, or of its default sections."""
        site = spider_named(self.site, settings).site
        sections = self.options.scope(site).sections
        return [replace(self, options=replace(self.options, section=section)) for section in sections]


class HostLocks:
    """The lock name of each known site. Sites that share a host have the same lock."""

    def __init__(self, settings: Settings) -> None:
        self._spiders = known_spiders(settings)
        sites = self._sites
        self._of_host: dict[str, str] = {}
        for group in group_by_shared_host(sites, lambda site: site.all_hosts):
            hosts = sorted(host for site in group for host in site.all_hosts)
            self._of_host |= dict.fromkeys(hosts, hosts[0])

    @property
    def _sites(self) -> list[Site]:
        return [spider.site for spider in self._spiders.values()]

    def updated(self, settings: Settings) -> HostLocks:
        """These locks or, if the definitions have changed since, new ones."""
        spiders = known_spiders(settings)
        is_same = self._spiders.errors == spiders.errors and self._sites == [each.site for each in spiders.values()]
        return self if is_same else HostLocks(settings)

    def site_name(self, work: Work) -> str:
        """The name of the site of a piece of work, which is that of its shard. Raises :class:`SiteError`."""
        return str(spider_among(self._spiders, work.site).site.name)

    def of(self, work: Work) -> str:
        """The lock name of a piece of work. Raises :class:`SiteError` for an unknown site."""
        site: Site = spider_among(self._spiders, work.site).site
        return self._of_host.get(site.host, site.host)


@dataclass(frozen=True, slots=True)
class ScheduledWork:
    """Work that is queued at the times of a cron expression, in UTC."""

    cron: str
    work: Work


def load_timetable(path: Path, settings: Settings) -> list[ScheduledWork]:
    """Load a TOML file: ``site = "*/30 * * * *"``, or a table ``[site]`` with ``cron``, ``minutes`` and JOB_OPTIONS.

    ``"*"`` means all known sites that the file does not name. Raises :class:`InputError` for an invalid file.
    """
    try:
        with path.open("rb") as file:
            entries = tomllib.load(file)
    except OSError as error:
        raise InputError(f"Cannot read the timetable {path}: {error.strerror}.") from None
    except ValueError as error:  # also for text that is not UTF-8
        raise InputError(f"The timetable {path} is not valid TOML: {error}.") from None
    spiders = known_spiders(settings)
    others = entries.pop(EVERY_SITE, None)
    if others is not None:
        entries |= {name: others for name in spiders if name not in entries}
    scheduled = []
    for name, entry in entries.items():
        try:
            scheduled.append(_scheduled_work(name, entry))
            scheduled[-1].work.options.scope(spider_among(spiders, name).site)
        except (ValueError, SiteError) as error:
            raise InputError(f"{path}: {name}: {str(error).rstrip('.')}.") from None
    return scheduled


def _scheduled_work(site: str, entry: object) -> ScheduledWork:
    given: dict[str, Any] = {"cron": entry} if isinstance(entry, str) else {}
    if isinstance(entry, dict):
        given = dict(entry)
    cron = given.pop("cron", None)
    if not isinstance(cron, str):
        raise ValueError(f'it needs a cron expression such as "*/30 * * * *", not {cron!r}')
    try:
        require_cron(cron)
    except ValueError as error:
        raise ValueError(f"{cron!r} is not a cron expression: {error}") from None
    kinds = {"minutes": "float", **{field.name: str(field.type) for field, _ in option_fields(CrawlOptions)}}
    for name, value in given.items():
        if name not in ("minutes", *JOB_OPTIONS):
            raise ValueError(f"it has the unknown key {name!r}; valid keys are cron, minutes, {', '.join(JOB_OPTIONS)}")
        _require_kind(name, value, kinds[name].partition(" ")[0])
    return ScheduledWork(cron, Work.of({"site": site, **given}))


def _require_kind(name: str, value: object, kind: str) -> None:
    """Raise ``ValueError`` unless a value of the timetable has the type of its option."""
    if kind == "float":
        lowest = 0.0 if name == "delay" else SHORTEST
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= MOST:
            raise ValueError(f"{name} must be a number from {lowest:g} to {MOST:,.0f}, not {value!r}")
    elif kind == "int":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive integer, not {value!r}")
    elif not isinstance(value, {"bool": bool, "str": str}[kind]):
        raise ValueError(f"{name} must be {'true or false' if kind == 'bool' else 'text'}, not {value!r}")


def names_of(works: Iterable[Work]) -> str:
    """The names of several pieces of work in one line."""
    return ", ".join(work.name for work in works)
