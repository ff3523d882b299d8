"""A job of the cluster: one site, or one of its sections, for a bounded time; and its schedule."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from croniter import croniter

from caliber_crawler.crawling.options import JOB_OPTIONS, CrawlOptions
from caliber_crawler.errors import InputError
from caliber_crawler.known_sites import group_by_shared_host, known_spiders, spider_among, spider_named

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.site import Site

MINUTES = 30.0
"""Default maximum duration of a job. If work remains, the job is queued again behind the others."""
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

    def by_section(self, settings: Settings) -> list[Work]:
        """One job for each section of the site in the options, or of its default sections."""
        site = spider_named(self.site, settings).site
        sections = self.options.scope(site).sections
        return [replace(self, options=replace(self.options, section=section)) for section in sections]


class HostLocks:
    """The lock name of each known site. Sites that share a host have the same lock."""

    def __init__(self, settings: Settings) -> None:
        self._spiders = known_spiders(settings)
        sites = [spider.site for spider in self._spiders.values()]
        self._of_host: dict[str, str] = {}
        for group in group_by_shared_host(sites, lambda site: site.all_hosts):
            hosts = sorted(host for site in group for host in site.all_hosts)
            self._of_host |= dict.fromkeys(hosts, hosts[0])

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
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The timetable {path} is not valid TOML: {error}.") from None
    others = entries.pop(EVERY_SITE, None)
    if others is not None:
        entries |= {name: others for name in known_spiders(settings) if name not in entries}
    return [_scheduled_work(path, name, entry) for name, entry in entries.items()]


def _scheduled_work(path: Path, site: str, entry: object) -> ScheduledWork:
    given: dict[str, Any] = {"cron": entry} if isinstance(entry, str) else {}
    if isinstance(entry, dict):
        given = dict(entry)
    cron = given.pop("cron", None)
    if not isinstance(cron, str) or not croniter.is_valid(cron):
        raise InputError(f'{path}: {site} needs a cron expression such as "*/30 * * * *", not {cron!r}.')
    if given.keys() - {"minutes", *JOB_OPTIONS}:
        known = ", ".join(("minutes", *JOB_OPTIONS))
        unknown = ", ".join(sorted(given.keys() - {"minutes", *JOB_OPTIONS}))
        raise InputError(f"{path}: {site} has unknown keys: {unknown}; valid keys are cron, {known}.")
    return ScheduledWork(cron, Work.of({"site": site, **given}))


def names_of(works: Iterable[Work]) -> str:
    """The names of several pieces of work in one line."""
    return ", ".join(work.name for work in works)
