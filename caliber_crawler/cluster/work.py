"""What is to be done: one site, or one of its sections, for a bounded time; and when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from croniter import croniter

from caliber_crawler.errors import InputError, SiteError
from caliber_crawler.known_sites import known_spiders, neighbourhoods, spider_among, spider_named

if TYPE_CHECKING:
    from scrapy.settings import Settings

    from caliber_crawler.site import Site

MINUTES = 30.0
"""A job's time unless it is told otherwise; what is left then is queued again, behind the others."""
EVERY_SITE = "*"
"""Stands in a timetable for each known site that it does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """``site`` is a known name, or the address of a page; ``minutes`` bound the job.

    ``due`` leaves listings and feeds alone until they are due; ``delay`` are the seconds between two requests.
    """

    site: str
    section: str = ""
    language: str = ""
    minutes: float = MINUTES
    due: bool = False
    delay: float | None = None

    @property
    def name(self) -> str:
        """What it is: no second job of this name may wait in the queue."""
        return " ".join((self.site, *filter(None, (self.section, self.language))))

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Work:
        """From a job's arguments; what else Procrastinate puts there is not ours."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in arguments.items() if name in known})

    def as_arguments(self) -> dict[str, Any]:
        """A job's arguments."""
        return {
            name: value for name, value in asdict(self).items() if not (value is None or value is False or value == "")
        }

    def by_section(self, settings: Settings) -> list[Work]:
        """A piece of work for each section of the site that is asked for, or that it has by default."""
        site = spider_named(self.site, settings).site
        known = {key for edition in site.editions for key in edition.sections}
        wanted = [name.strip() for name in self.section.split(",") if name.strip()] or list(site.default_sections)
        if self.section == "all":
            wanted = sorted(known)
        for section in wanted:
            if section not in known:
                raise SiteError(f"{site.title} has no section {section!r}; it has: {', '.join(sorted(known))}.")
        return [replace(self, section=section) for section in wanted]


class HostLocks:
    """The one lock under which all work on a host runs, for every known site: sites that share a host share it."""

    def __init__(self, settings: Settings) -> None:
        self._spiders = known_spiders(settings)
        sites = [spider.site for spider in self._spiders.values()]
        self._of_host: dict[str, str] = {}
        for group in neighbourhoods(sites, lambda site: site.every_host):
            hosts = sorted(host for site in group for host in site.every_host)
            self._of_host |= dict.fromkeys(hosts, hosts[0])

    def of(self, work: Work) -> str:
        """The lock of a piece of work. Raises :class:`SiteError` for a site that nobody knows."""
        site: Site = spider_among(self._spiders, work.site).site
        return self._of_host.get(site.host, site.host)


@dataclass(frozen=True, slots=True)
class Appointment:
    """Work that is queued whenever a crontab expression says so, in UTC."""

    cron: str
    work: Work


def read_timetable(path: Path, settings: Settings) -> list[Appointment]:
    """A file of TOML: ``site = "*/30 * * * *"``, or a table ``[site]`` with ``cron`` and what :class:`Work` has.

    ``"*"`` stands for each known site that the file does not name. Raises :class:`InputError` saying what is wrong.
    """
    try:
        with path.open("rb") as file:
            entries = tomllib.load(file)
    except OSError as error:
        raise InputError(f"The timetable {path} cannot be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The timetable {path} is no TOML: {error}.") from None
    others = entries.pop(EVERY_SITE, None)
    if others is not None:
        entries |= {name: others for name in known_spiders(settings) if name not in entries}
    return [_appointment(path, name, entry) for name, entry in entries.items()]


def _appointment(path: Path, site: str, entry: object) -> Appointment:
    wishes: dict[str, Any] = {"cron": entry} if isinstance(entry, str) else {}
    if isinstance(entry, dict):
        wishes = dict(entry)
    cron = wishes.pop("cron", None)
    if not isinstance(cron, str) or not croniter.is_valid(cron):
        raise InputError(f'{path}: {site} needs a timetable as in crontab, "*/30 * * * *", and has {cron!r}.')
    try:
        return Appointment(cron, Work(site=site, **wishes))
    except TypeError:
        known = ", ".join(field.name for field in fields(Work) if field.name != "site")
        raise InputError(f"{path}: {site} may have cron, {known}; it has {', '.join(wishes)}.") from None


def names_of(works: Iterable[Work]) -> str:
    """Several pieces of work in one line."""
    return ", ".join(work.name for work in works)
