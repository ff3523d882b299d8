"""The sites with definitions: loading their spiders, and choosing one by name or URL."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Self, TypeVar

from scrapy import Spider
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings, Settings, SettingsAttribute
from scrapy.spiderloader import SpiderLoader

from caliber_crawler.errors import CaliberError, InputError, SiteError
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import SiteRegistry, StartPage
from caliber_crawler.site.definition_set import DefinitionFolder, Definitions, DefinitionSet

Member = TypeVar("Member")
_HOST = re.compile(r"(?P<host>localhost|[\w-]{1,63}(?:\.[\w-]{1,63}){1,10})(?::\d{1,5})?(?:[/?].*)?$")


class ProjectSettings(Settings):
    """Settings of which each crawl has a copy. Copying every value deeply takes longer than reading a short article."""

    def copy(self) -> Self:
        """See ``BaseSettings.copy``: changes of the copy do not change the original."""
        return copy_settings(self)


UNCHANGING = {str, int, float, bool, type, NoneType}
AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def copy_settings(settings: AnySettings) -> AnySettings:
    """A copy whose values are copied only if they can change."""
    copied = copy.copy(settings)
    copied.attributes = {}
    for name, attribute in settings.attributes.items():
        value = attribute.value
        if type(value) not in UNCHANGING:
            value = copy_settings(value) if isinstance(value, BaseSettings) else copy.deepcopy(value)
        copied.attributes[name] = own = SettingsAttribute(value, attribute.priority)
        own.priority = attribute.priority
    return copied


def project_settings(**overrides: Any) -> Settings:
    """The project's settings, overridden by those of the command line."""
    settings = ProjectSettings()
    settings.setmodule("caliber_crawler.settings", priority="project")
    settings.setdict({name: value for name, value in overrides.items() if value is not None}, priority="cmdline")
    return settings


class KnownSpiders(dict[str, type[NewsSpider]]):
    """Spiders by the names of their sites, and the errors of sites whose definition in TOML cannot be used."""

    def __init__(self, spiders: Mapping[str, type[NewsSpider]]) -> None:
        super().__init__(spiders)
        self.errors: dict[str, InputError] = {}
        self._origins: list[DefinitionFolder | DefinitionSet] = []

    def log_problems(self, apart_from: InputError | None = None) -> None:
        """Log each problem of the definitions once, apart from an error that is raised."""
        for origin in self._origins:
            origin.log_problems(apart_from)

    def define(self, definitions: Definitions, origin: DefinitionFolder | DefinitionSet) -> None:
        """Add sites. One of the same name takes the place of the known one, whose methods its spider keeps."""
        self._origins.append(origin)
        for name, site in definitions.sites.items():
            members = {"name": name, "site": site, "definition_file": definitions.files[name]}
            self[name] = type("DefinedSpider", (self.get(name, NewsSpider),), members)
            self.errors.pop(name, None)
        for name, error in definitions.errors.items():
            # A site is not crawled by another definition than the one that was meant.
            self.pop(name, None)
            self.errors[name] = error


def known_spiders(settings: BaseSettings) -> KnownSpiders:
    """Every site that has a definition, by name: in a module, in the folder of definitions, or in a cluster's queue.

    Each of these takes precedence over those before it. Raises :class:`SiteError` for a module that cannot be loaded,
    and for a spider whose name differs from its site's, and :class:`InputError` for a folder that cannot be read.
    """
    spiders = KnownSpiders(_spiders_of_modules(settings))
    if settings["DEFINITIONS"]:
        folder = _definition_folder(settings["DEFINITIONS"])
        spiders.define(folder.load(), folder)
    if settings["STORED_DEFINITIONS"] is not None:
        stored = _stored_definitions()
        spiders.define(stored.load(settings["STORED_DEFINITIONS"]), stored)
    return spiders


@cache
def _definition_folder(path: str) -> DefinitionFolder:
    return DefinitionFolder(Path(path))


@cache
def _stored_definitions() -> DefinitionSet:
    return DefinitionSet()


def _spiders_of_modules(settings: BaseSettings) -> dict[str, type[NewsSpider]]:
    try:
        loader = SpiderLoader.from_settings(settings)
    except ImportError as error:
        raise SiteError(
            f"Cannot load the site definitions in {', '.join(settings['SPIDER_MODULES'])}: {error}."
        ) from error
    spiders = {name: loader.load(name) for name in sorted(loader.list())}
    known = {name: spider for name, spider in spiders.items() if issubclass(spider, NewsSpider)}
    for name, spider in known.items():
        if spider.site.name != name:
            where = f"{spider.__module__}.{spider.__name__}"
            raise SiteError(f"{where} is named {name!r}, but its site {spider.site.name!r}; give both the same name.")
    return known


class DefinedSpiderLoader(SpiderLoader):
    """Scrapy's loader of spiders: ``scrapy crawl`` and ``scrapy list`` know the same sites as ``caliber crawl``."""

    def __init__(self, settings: BaseSettings) -> None:
        self._settings = settings
        self._known = KnownSpiders({})
        self._error: CaliberError | None = None
        super().__init__(settings)

    def _load_all_spiders(self) -> None:
        super()._load_all_spiders()
        try:
            self._known = known_spiders(self._settings)
        except CaliberError as error:
            # Scrapy prints a message only for what `load` raises.
            self._error = error
        self._spiders.update(self._known)
        for name in self._known.errors:
            self._spiders.pop(name, None)

    def load(self, spider_name: str) -> type[Spider]:
        """The spider with this name. Raises ``UsageError`` for definitions that cannot be used, else ``KeyError``."""
        error = self._error or self._known.errors.get(spider_name)
        self._known.log_problems(apart_from=self._known.errors.get(spider_name))
        if error is not None:
            raise UsageError(str(error)) from error
        return super().load(spider_name)


def known_sites() -> SiteRegistry:
    """Every site that has a definition."""
    spiders = known_spiders(project_settings())
    spiders.log_problems()
    return SiteRegistry(spider.site for spider in spiders.values())


def spider_named(name: str, settings: Settings) -> type[NewsSpider]:
    """The spider of a site, by the site's name or the URL of one of its pages.

    Raises :class:`SiteError` for an unknown name, with the known names, and for an invalid URL, and
    :class:`InputError` for a site whose definition cannot be used.
    """
    return spider_among(known_spiders(settings), name)


def definition_path(spider: type[NewsSpider]) -> Path:
    """The file with the definition of a spider's site. Raises :class:`InputError` if it is not in a file."""
    path = Path(spider.definition_file or inspect.getsourcefile(spider) or "")
    if not path.is_file():
        raise InputError(f"The definition of {spider.name} is not in a file of this machine.")
    return path


def start_url(name: str, known: Collection[str]) -> str:
    """The URL that a name stands for if it is not a known site but a host, with or without a path: example.org/news.

    Such a site is asked over HTTPS, unless it is on this machine; a crawl falls back to HTTP if it cannot connect.
    Other names are returned as they are.
    """
    if name in known or "://" in name or (host := _HOST.match(name)) is None:
        return name
    is_local = host["host"] == "localhost" or host["host"].startswith("127.")
    return f"{'http' if is_local else 'https'}://{name}"


def is_scheme_assumed(name: str, known: Collection[str]) -> bool:
    """Whether a name is a host without a scheme, for which HTTPS is assumed."""
    return name not in known and "://" not in name and start_url(name, known).startswith("https://")


def spider_over_http(name: str, spiders: Mapping[str, type[NewsSpider]]) -> type[NewsSpider] | None:
    """The spider of a generic site over HTTP, if the name is a host without a scheme, for which HTTPS is assumed."""
    if not is_scheme_assumed(name, spiders) or spider_among(spiders, name).site.has_layouts:
        return None
    return spider_among(spiders, f"http://{name}")


def sites_in(path: Path) -> dict[str, bool]:
    """The sites that a file lists, one a line, each with whether its scheme is assumed.

    Blank lines and those that begin with ``#`` do not count. Raises :class:`InputError` for a missing file, and
    :class:`SiteError` for a line that is not a URL and for a file without sites.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise InputError(f"Cannot read the list of sites {path}: {cause}.") from None
    sites: dict[str, bool] = {}
    for number, line in enumerate(lines, start=1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        url = start_url(name, ())
        try:
            SiteRegistry().site_of(url)
        except (ValueError, SiteError):
            raise SiteError(f"Line {number} of {path} is not the URL of a site: {name[:100]!r}.") from None
        sites.setdefault(url, is_scheme_assumed(name, ()))
    if not sites:
        raise SiteError(f"{path} lists no sites; write one URL on each line.")
    return sites


def spider_among(spiders: Mapping[str, type[NewsSpider]], name: str) -> type[NewsSpider]:
    """The spider of a site, like :func:`spider_named`, chosen from spiders that are loaded already."""
    sites = SiteRegistry(spider.site for spider in spiders.values())
    if isinstance(spiders, KnownSpiders):
        error = spiders.errors.get(name)
        spiders.log_problems(apart_from=error)
        if error is not None:
            raise error
    name = start_url(name, spiders)
    return _spider_from(name, sites) if "://" in name else spiders[sites.named(name).name]


def _spider_from(url: str, sites: SiteRegistry) -> type[NewsSpider]:
    """A spider with a start page. If the site has a definition, that definition is used."""
    try:
        site = sites.site_of(url)
    except ValueError as error:
        raise SiteError(f"{error}") from None
    if site.name in sites:
        site = replace(site, sources=(StartPage(url=url),))
    return type("StartPageSpider", (NewsSpider,), {"name": site.name, "site": site})


def group_by_shared_host(
    members: Iterable[Member], hosts_of: Callable[[Member], Collection[str]]
) -> list[list[Member]]:
    """Group members that share a host, directly or through others. Members and groups stay in the given order."""
    groups: list[tuple[set[str], list[Member]]] = []
    for member in members:
        hosts = set(hosts_of(member))
        sharing = [group for group in groups if group[0] & hosts]
        place = groups.index(sharing[0]) if sharing else len(groups)
        joined = [each for _, many in sharing for each in many]
        groups = [group for group in groups if group not in sharing]
        groups.insert(place, (hosts.union(*(known for known, _ in sharing)), [*joined, member]))
    return [members for _, members in groups]
