"""What a page says a date is: published, updated, or something else, by the words beside it and by the element's name.

The words are stems in all languages that news sites of our archives use; a label contains one of them.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache

from caliber_crawler.extraction.dates.keys import word_key

MAX_LABEL_LENGTH = 60
"""Characters before or after a date that can be its label."""


MAX_OTHER_LENGTH = 20


class Role(Enum):
    """What a date is."""

    PUBLISHED = "published"
    UNNAMED = "unnamed"
    UPDATED = "updated"
    OTHER = "other"


# A stem in Latin letters must begin a word; other scripts write articles and prepositions at the beginning of a word.
_UPDATED = """
updat, modif, edited, revis, last change, correct, aktualis, geandert, anderung, uberarbeitet, stand:, mis a
jour, mise a jour, maj, actualis, actualiz, modific, atualiz, aggiornat, ultim agg, bijgewerkt, gewijzigd,
uppdater, andrad, opdater, oppdater, endret, paivitet, muokat, uuendat, muudet, atjaunot, atjauninat,
atnaujint, aktualiz, zmodyfikow, upraven, zmenen, frissit, frissul, modosit, azurir, izmijenj, izmenj,
osvjezen, posodobl, spremenjen, perditesu, perditesi, ndryshua, guncel, son guncel, degistir, duzenlen,
yenilən, yeniləm, yenilen, dəyisdir, duzəlis, redaktə, yangilan, ozgartir, tazelen, nukir, cap nhat,
diperbarui, perbarui, diubah, dikemas kini, imesasishwa, opgedateer, uppfært, uppfaert, aggornat, diweddar,
eguneratu, обнов, изменен, редактир, отредак, актуализ, оновл, змінен, редагов, абноўл, абноул, зменен,
ажурир, измењ, жанарт, жаңарт, өзгерт, жаңырт, жанырт, янгилан, үзгәрт, яңарт, янарт, шинэчил, ενημερ,
τροποποι, թարմաց, փոփոխ, խմբագր, განახლ, შეცვლ, רעננ, עודכנ, עודכן, עדכון, تحديث, محدث, تعديل, بهروز, به
روز, بروز, ویرایش, اصلاح, اپ ڈیٹ, اپڈیٹ, ترمیم, نوێکر, अपडेट, अद्यतन, संशोधित, সংশোধ, আপডেট, হালনাগাদ,
புதுப்பி, అప్డేట్, നവീക, ಅಪ್ಡೇಟ್, અપડેટ, ਅੱਪਡੇਟ, อัปเดต, อัพเดต, ปรับปรุง, แก้ไข, 更新, 修改, 更正, 変更, 修正, 수정,
업데이트, 갱신
"""
_PUBLISHED = """
publi, post, created, issued, releas, dateline, veroffentlicht, erstellt, erschienen, gepubliceerd,
geplaatst, julkais, avaldat, opublik, zverejn, uverejn, vydan, megjelen, kozzetet, objavlj, objavl, shkruar,
yayin, eklenme, dərc, chop, elon, joylan, yerləsdir, dang luc, xuat ban, ngay dang, diterbitkan, terbit,
diposting, dodan, lisat, skapad, oprettet, inserito, pubbl, insere, опубл, публик, размещ, создан, добавлен,
апублик, апубл, објав, жариялан, жарияла, чоп, эълон, нийтэл, δημοσι, αναρτ, գրապար, հրապար, տեղադր,
გამოქვეყნ, פורסמ, פורסם, نشر, انتشار, شائع, प्रकाशित, প্রকাশ, வெளியி, ప్రచురి, പ്രസിദ്ധീ, เผยแพร่, 发布, 發布,
发表, 發表, 公開, 掲載, 投稿, 配信, 입력, 등록, 게시
"""
_OTHER = """
©, (c), copyright, expire, deadline, event date, event:, born, birth, joined, since, valid until, until,
next, upcoming, accessed, retrieved, today, heute, сегодня, bugun, hoje, oggi, aujourd, hoy, bu gun
"""
# "Date" alone: "date of birth" and "release date" are something else.
_DATE_WORD = re.compile(
    "(?:^|[\\s|•·,>])(?:tarih|tarix|дата|date|datum|fecha|data|dato|תאריך|تاريخ|تاریخ|თარიღი|ամսաթիվ|วันที่|日期|日付|날짜)\\s?[:：]?$"
)
_UPDATED_NAME = re.compile(r"modif|updat|edited|revis|aktuali|guncel|obnov|actuali|atuali|aggiorn|last-?change", re.I)
_PUBLISHED_NAME = re.compile(
    r"publish|publi[ck]|posted|pub-?date|entry-?date|post-?date|article-?_?date|news-?_?date|story-?date|issued|created|date-?line|postdatum",
    re.I,
)
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:date|datum|data|dato|fecha|tarih|tarix|zaman|vaxt|time|times?tamp|datetime|pub|posted|dateline|when|day|byline|meta)|"
    r"(?:date|time|datum|tarih|tarix|meta|byline)(?:$|[\s_-])|[a-z]Date|[a-z]Time",
)


@cache
def _pattern(stems: str) -> re.Pattern[str]:
    found = [" ".join(map(word_key, stem.split())) for stem in stems.split(",") if stem.strip()]
    return re.compile("|".join((r"(?<![^\W\d_])" if stem[:1].isascii() else "") + re.escape(stem) for stem in found))


@lru_cache(maxsize=4096)
def role_of_label(before: str, after: str = "") -> Role:
    """Return what a date is by the text between the previous date and it, and by the text after the last one."""
    for text in (before[-MAX_LABEL_LENGTH:], after[:MAX_LABEL_LENGTH]):
        label = " ".join(map(word_key, text.split()))
        if not label:
            continue
        updated, published = _last(_UPDATED, label), _last(_PUBLISHED, label)
        if updated >= 0 or published >= 0:
            return Role.UPDATED if updated >= published else Role.PUBLISHED
        if _DATE_WORD.search(label):
            return Role.PUBLISHED
        if _pattern(_OTHER).search(label, max(0, len(label) - MAX_OTHER_LENGTH)):
            return Role.OTHER
    return Role.UNNAMED


def _last(stems: str, label: str) -> int:
    """The position of the last of these stems, -1 if none is there: the nearest word is the label."""
    return max((match.start() for match in _pattern(stems).finditer(label)), default=-1)


@lru_cache(maxsize=8192)
def role_of_name(names: str) -> Role:
    """Return what a date is by the class, ID and similar attributes of its element."""
    if _PUBLISHED_NAME.search(names):
        return Role.PUBLISHED
    return Role.UPDATED if _UPDATED_NAME.search(names) else Role.UNNAMED


@lru_cache(maxsize=8192)
def is_called_date(names: str) -> bool:
    """Return whether an element is named as a date, a time or a byline."""
    return bool(_DATE_NAME.search(names))
