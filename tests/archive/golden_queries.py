"""Sixty queries in three languages, each with its meaning written by hand: which words an article must have."""

from __future__ import annotations

from tests.archive.slow_matcher import Predicate, Text

DIPLOMATS = ("дипломат", "дипломаты", "дипломатов", "дипломата")
EXPERTS = ("эксперт", "эксперты", "экспертов")

GOLDEN: dict[str, Predicate] = {
    # English
    "corridor": lambda t: t.has("corridor", "corridors"),
    "corridors": lambda t: t.has("corridor", "corridors"),
    '"corridors"': lambda t: t.has("corridors"),
    "negotiators": lambda t: t.has("negotiator", "negotiators"),
    "negotiations": lambda t: t.has("negotiation", "negotiations"),
    "negotiat*": lambda t: t.begins("negotiat"),
    "ministry": lambda t: t.has("ministry", "ministries"),
    "minister": lambda t: t.has("minister", "ministers"),
    "minist*": lambda t: t.begins("minist"),
    "state": lambda t: t.has("state", "states", "stated"),
    "statement": lambda t: t.has("statement", "statements"),
    "economy": lambda t: t.has("economy", "economies"),
    "community": lambda t: t.has("community", "communities"),
    "report -ministry": lambda t: (
        t.has("report", "reports", "reported", "reporting") and not t.has("ministry", "ministries")
    ),
    "debates AND migration": lambda t: t.has("debate", "debates", "debated") and t.has("migration"),
    "debates and migration": lambda t: t.has("debate", "debates", "debated") and t.has("migration"),
    "corridor OR pact": lambda t: t.has("corridor", "corridors", "pact", "pacts"),
    "corridor | pact": lambda t: t.has("corridor", "corridors", "pact", "pacts"),
    "(corridor or pact) not migration": lambda t: t.has("corridor", "pact") and not t.has("migration"),
    "corridor OR pact NOT migration": lambda t: t.has("corridor") or (t.has("pact") and not t.has("migration")),
    '"carpet museum"': lambda t: t.says("carpet museum"),
    '"museum carpet"': lambda t: t.says("museum carpet"),
    "carpet NEAR/3 Shusha": lambda t: t.near(3, ["carpet"], ["shusha"]),
    '"carpet Shusha"~1': lambda t: t.near(1, ["carpet"], ["shusha"]),
    '"experts warn"~1': lambda t: t.near(1, ["experts"], ["warn"]),
    '"crude session"~6': lambda t: t.near(6, ["crude"], ["session"]),
    "(tariff OR price) NEAR/4 approach": lambda t: t.near(4, ["tariff", "tariffs", "price", "prices"], ["approach"]),
    "headline:tariff": lambda t: t.only("headline").has("tariff", "tariffs"),
    "title:tariff -headline:taxi": lambda t: (
        t.only("headline").has("tariff", "tariffs") and not t.only("headline").has("taxi", "taxis")
    ),
    "subtitle:experts headline:Berlin": lambda t: (
        t.only("subtitle").has("expert", "experts") and t.only("headline").has("berlin")
    ),
    "section:economics tariff": lambda t: t.section == "economics" and t.has("tariff", "tariffs"),
    'author:"Turalan Aghazar"': lambda t: t.by("turalan aghazar"),
    "author:babalizade OR corridor": lambda t: t.by("babalizade") or t.has("corridor"),
    "bank NOT (tariff OR transit OR treaty)": lambda t: (
        t.has("bank", "banks", "banking") and not t.has("tariff", "tariffs", "transit", "treaty", "treaties")
    ),
    "language:en NOT border": lambda t: t.language == "en" and not t.has("border", "borders", "bordering"),
    "caliber.az weekly": lambda t: t.says("caliber az") and t.has("weekly"),
    "non-oil growth": lambda t: t.says("non oil") and t.has("growth"),
    # Russian
    "переговоры": lambda t: t.has("переговоры", "переговоров"),
    "переговорщики": lambda t: t.has("переговорщики", "переговорщиков"),
    "переговор*": lambda t: t.begins("переговор"),
    "Баку AND переговоры": lambda t: t.has("баку") and t.has("переговоры", "переговоров"),
    "коридор": lambda t: t.has("коридор", "коридора", "коридоре"),
    '"коридор"': lambda t: t.has("коридор"),
    "дипломаты -парламент": lambda t: t.has(*DIPLOMATS) and not t.has("парламент", "парламенте", "парламента"),
    "еще": lambda t: t.has("еще"),
    "ЕЩЁ": lambda t: t.has("еще"),
    '"рабочая группа"': lambda t: t.says("рабочая группа"),
    '"эксперты предупреждают"~3': lambda t: t.near(3, ["эксперты"], ["предупреждают"]),
    "эксперты NEAR/4 Вена": lambda t: t.near(4, EXPERTS, ["вена", "вене"]),
    "headline:парк": lambda t: t.only("headline").has("парк", "парка"),
    "section:Мнение тариф": lambda t: "Мнение".lower() in t.labels and t.has("тариф", "тарифы"),
    '(тариф или OR пошлины) NOT "и"': lambda t: (
        ((t.has("тариф", "тарифы") and t.has("или")) or t.has("пошлины")) and not t.has("и")
    ),
    "месяц нефть OR газ": lambda t: (
        (t.has("месяц", "месяцы", "месяцев", "месяце") and t.has("нефть", "нефти")) or t.has("газ", "газы")
    ),
    # Armenian
    "նախարարություն": lambda t: t.has("նախարարությունը", "նախարարությունների"),
    "փորձագետ": lambda t: t.has("փորձագետ", "փորձագետները", "փորձագետների"),
    '"փորձագետ"': lambda t: t.has("փորձագետ"),
    "Բրյուսել NOT Անկարա": lambda t: (
        t.has("բրյուսել", "բրյուսելը", "բրյուսելի") and not t.has("անկարա", "անկարան", "անկարայի")
    ),
    "դիվանագետ*": lambda t: t.begins("դիվանագետ"),
    '"Սահմանային հանձնաժողովը"': lambda t: t.says("սահմանային հանձնաժողովը"),
    '"կարծիքը փորձագետների"~0': lambda t: t.near(0, ["կարծիքը"], ["փորձագետների"]),
    "(նավթ* | շուկա*) -նախարարություն": lambda t: (
        (t.begins("նավթ") or t.begins("շուկա")) and not t.has("նախարարությունը", "նախարարությունների")
    ),
    "headline:(միջանցքը OR մալուխը)": lambda t: t.only("headline").has("միջանցքը", "միջանցքի", "մալուխը", "մալուխով"),
}

Golden = tuple[str, Predicate]
__all__ = ["GOLDEN", "Golden", "Text"]
