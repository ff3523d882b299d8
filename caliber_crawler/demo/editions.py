"""The three editions of the site: paths, labels, months and all boilerplate lines.

Details that were never observed are marked *presumed*; extraction must not depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

BAKU = timezone(timedelta(hours=4), "Asia/Baku")
"""Azerbaijan has used UTC+4 all year since 2016, before the first article."""

SECTION_KEYS = ("analytics", "interviews", "karabakh", "politics", "opinion", "economics", "world")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of one edition: the last part of its listing's path, its printed label, the blurb under articles."""

    slug: str
    label: str
    blurb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One language of the site."""

    name: str
    """The site's own name for it: ``en``, ``ru``, ``arm``."""
    language: str
    """BCP 47 tag."""
    prefix: str
    """Path prefix of its current pages; the Russian edition has none."""
    old_prefix: str
    """Path prefix of its pages until mid-2024."""
    months: tuple[str, ...]
    views_label: str
    search_prompt: str
    searches: str | None
    """Heading of the block of popular searches; a script fills its list."""
    reuse: str
    rights: str
    """The text after the year in the footer, with its stray full stops."""
    pinned: str
    sections: Mapping[str, Section]

    def printed_date(self, moment: datetime) -> str:
        """``06 January 2026 19:13``: the format of the new layout and of teasers, in Baku time."""
        local = moment.astimezone(BAKU)
        return f"{local.day:02} {self.months[local.month - 1]} {local.year} {local:%H:%M}"

    def old_printed_date(self, moment: datetime) -> str:
        """``06 January 2026 - 19:13``: the format of the old layout."""
        day, _, time = self.printed_date(moment).rpartition(" ")
        return f"{day} - {time}"

    def pinned_headline(self, now: datetime) -> str:
        """The running LIVE story above articles, dated to the day of the request."""
        local = now.astimezone(BAKU)
        return self.pinned.format(day=local.day, month=self.months[local.month - 1], year=local.year)

    def path_of(self, section: str) -> str:
        """Path of a section's listing."""
        return f"{self.prefix}/category/{self.sections[section].slug}"


ENGLISH = Edition(
    name="en",
    language="en",
    prefix="/en",
    old_prefix="/en",
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    views_label="Views",
    search_prompt="WHAT ARE YOU LOOKING FOR ?",
    searches=None,
    reuse="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
    rights=".",
    pinned="{month} {day}, {year} – Israel vs Iran: LIVE",
    sections={
        "analytics": Section("analytics", "ANALYTICS", "Analytical materials of te authors of Caliber.az"),
        "interviews": Section("interviews", "INTERVIEWS", "Interviews with politicians, experts and public figures"),
        "karabakh": Section("karabakh", "KARABAKH", "News from the liberated territories of Azerbaijan"),
        "politics": Section("politics", "POLITICS", "The most important news of politics in Azerbaijan"),
        "opinion": Section("opinion", "OPINION", "Points of view of the authors and guests of Caliber.az"),
        "economics": Section("economics", "ECONOMICS", "The most important news of economy in Azerbaijan"),
        "world": Section("world", "WORLD", "The most important news of the world"),
    },
)  # fmt: skip

RUSSIAN = Edition(
    name="ru",
    language="ru",
    prefix="",
    old_prefix="/ru",
    months=(
        "Января", "Февраля", "Марта", "Апреля", "Мая", "Июня",
        "Июля", "Августа", "Сентября", "Октября", "Ноября", "Декабря",
    ),
    views_label="Просмотров",
    search_prompt="ЧТО ВЫ ИЩЕТЕ ?",
    searches="ПОПУЛЯРНЫЕ ПОИСКОВЫЕ ЗАПРОСЫ",
    reuse="Любое использование материалов допускается только при наличии гиперссылки на Caliber.az",
    rights="Все права защищены..",
    pinned="{day} {month} {year} – Израиль против Ирана: LIVE",
    sections={
        "analytics": Section("analitika", "АНАЛИТИКА", "Аналитические материалы авторов Caliber.az"),
        "interviews": Section("intervyu", "ИНТЕРВЬЮ", "Интервью с политиками, экспертами и общественными деятелями"),
        "karabakh": Section("karabah", "КАРАБАХ", "Новости освобожденных территорий Азербайджана"),
        "politics": Section("politika", "ПОЛИТИКА", "Самые важные новости политики в Азербайджане"),
        "opinion": Section("mnenie", "МНЕНИЕ", "Мнения авторов и гостей Caliber.az"),
        "economics": Section("ekonomika", "ЭКОНОМИКА", "Самые важные новости экономики в Азербайджане"),
        "world": Section("mir", "МИР", "Самые важные новости в мире"),
    },
)  # fmt: skip

ARMENIAN = Edition(
    name="arm",
    language="hy",
    prefix="/arm",
    old_prefix="/arm",
    months=(
        "Հունվարի", "Փետրվարի", "Մարտի", "Ապրիլի", "Մայիսի", "Հունիսի",
        "Հուլիսի", "Օգոստոսի", "Սեպտեմբերի", "Հոկտեմբերի", "Նոյեմբերի", "Դեկտեմբերի",
    ),
    views_label="Դիտումներ",  # presumed: the only capture of an Armenian page ends before its counter
    search_prompt="ԻՆՉ ԵՍ ՓՆՏՐՈՒՄ ?",
    searches="ՀԱՅԱՍՏԱՆԻ ՈՐՈՆՄԱՆ ՀԱՐՑԵՐ",
    reuse="Նյութերի ցանկացած օգտագործում թույլատրվում է միայն Caliber.az-ին հիպերհղման առկայության դեպքում",
    rights="All rights reserved..",
    pinned="{day} {month} {year} – Իսրայելն ընդդեմ Իրանի. LIVE",
    sections={  # all labels except politics are presumed
        "analytics": Section("analytics", "Վերլուծություն", "Caliber.az-ի հեղինակների վերլուծական նյութերը"),
        "interviews": Section("interviews", "Հարցազրույց", "Հարցազրույցներ քաղաքական գործիչների և փորձագետների հետ"),
        "karabakh": Section("karabakh", "Ղարաբաղ", "Նորություններ Ադրբեջանի ազատագրված տարածքներից"),
        "politics": Section("politics", "Քաղաքականություն", "Ադրբեջանի քաղաքական կյանքի գլխավոր նորությունները"),
        "opinion": Section("opinion", "Կարծիք", "Caliber.az-ի հեղինակների և հյուրերի կարծիքները"),
        "economics": Section("economics", "Տնտեսություն", "Ադրբեջանի տնտեսության գլխավոր նորությունները"),
        "world": Section("world", "Աշխարհ", "Աշխարհի գլխավոր նորությունները"),
    },
)  # fmt: skip

EDITIONS = (ENGLISH, RUSSIAN, ARMENIAN)
BY_NAME = {edition.name: edition for edition in EDITIONS}


def edition_named(name: str) -> Edition:
    """Return the edition with this name or language code."""
    for edition in EDITIONS:
        if name in (edition.name, edition.language):
            return edition
    raise ValueError(f"The demo site has the editions en, ru and arm, not {name!r}.")


def switches(edition: Edition, now: datetime) -> list[Edition]:
    """Return the editions offered beside this one. Captures of February 2026 do not offer Armenian."""
    order = {"en": (RUSSIAN, ARMENIAN), "ru": (ENGLISH, ARMENIAN), "arm": (RUSSIAN, ENGLISH)}[edition.name]
    hidden = ("arm",) if (now.year, now.month) == (2026, 2) else ()
    return [other for other in order if other.name not in hidden]


def has_night_theme(now: datetime) -> bool:
    """Return whether the label exists: the earliest captures of the new layout, from 2024, lack it."""
    return now.year > 2024
