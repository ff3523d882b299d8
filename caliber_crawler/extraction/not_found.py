"""Titles of pages that say that a page does not exist, by language."""

from __future__ import annotations

import re
from functools import cache

from caliber_crawler.extraction.text import fold

NOT_FOUND = {
    "en": "not found|does not exist|doesn't exist|no longer available|no longer exists|unavailable|could not be found",
    "de": "nicht gefunden|existiert nicht|nicht vorhanden|nicht mehr verfügbar",
    "fr": "introuvable|non trouvée|non trouvé|n'existe pas|n'existe plus|pas été trouvée",
    "es": "no encontrada|no encontrado|no existe|no se encuentra|no se encontró|inexistente",
    "pt": "não encontrada|não encontrado|não existe|não foi encontrada",
    "it": "non trovata|non trovato|non esiste|inesistente",
    "nl": "niet gevonden|bestaat niet",
    "sv": "hittades inte|kunde inte hittas|finns inte",
    "da": "ikke fundet|findes ikke|ikke funnet|finnes ikke",
    "fi": "ei löytynyt|ei löydy",
    "pl": "nie znaleziono|nie została znaleziona|nie istnieje",
    "cs": "nenalezena|nenalezeno|neexistuje|nenájdená",
    "hu": "nem található|nem létezik",
    "ro": "nu a fost găsită|nu a fost gasita|nu există",
    "hr": "nije pronađena|није пронађена|ne postoji",
    "el": "δεν βρέθηκε|δεν υπάρχει",
    "lt": "nerastas|neegzistuoja|nav atrasta|ei leitud",
    "tr": "bulunamadı|mevcut değil|bulunmuyor",
    "az": "tapılmadı|mövcud deyil",
    "ru": "не найден|не существует|больше не доступна|удалена",
    "uk": "не знайден|не існує|не знойдзен",
    "bg": "не е намерена|не съществува",
    "kk": "табылмады|табылған жоқ|табылган жок|ёфт нашуд|топилмади|topilmadi|tapylmady",
    "hy": "չի գտնվել|գտնված չէ|գոյություն չունի|չգտնվեց",
    "ka": "ვერ მოიძებნა|არ მოიძებნა|არ არსებობს",
    "fa": "یافت نشد|پیدا نشد|وجود ندارد",
    "ar": "غير موجودة|غير موجود|لم يتم العثور|لا توجد",
    "he": "לא נמצא|אינו קיים",
    "zh": "不存在|未找到|找不到|无法找到|無法找到|已被删除|已删除",
    "ja": "見つかりません|存在しません|見つかりませんでした",
    "ko": "찾을 수 없|존재하지 않",
    "id": "tidak ditemukan|không tìm thấy|không tồn tại",
    "hi": "नहीं मिला",
    "bn": "পাওয়া যায়নি",
}
PAGES = (
    "page|seite|página|pagina|sida|side|sivu|stron|strán|oldal|stranica|страница|страниц|сторінк|бет|sahifa|саҳифа|сахифа"
    "|σελίδα|puslapis|lapa|lehte|sayfa|səhifə|էջ|გვერდი|صفحه|صفحة|דף|页|頁|ページ|페이지|halaman|trang|पृष्ठ|पेज|url|address"
    "|adres|adresse|article|artikel|статья|материал|страничка|içerik|məqalə|sahypa|ünvan"
)
"""Words for what does not exist: a missing tourist is news."""
ERRORS = (
    "error|fehler|erreur|errore|erro|fout|fel|feil|fejl|virhe|błąd|chyba|hiba|eroare|greška|грешка|klaida|kļūda|viga|hata"
    "|xəta|ошибка|помилка|қате|xato|σφάλμα|սխալ|შეცდომა|خطا|خطأ|שגיאה|错误|錯誤|エラー|오류|kesalahan|lỗi|त्रुटि|http|oops|упс"
)
"""Words beside the number 404: a title that counts 404 of something is news."""
MAX_TITLE_LENGTH = 200
_NUMBER = re.compile(r"(?<!\d)404(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(r"\s[|–—·»:-]\s|[|｜_]")


@cache
def _phrases() -> tuple[tuple[str, ...], frozenset[str]]:
    found = tuple(fold(phrase) for phrases in NOT_FOUND.values() for phrase in phrases.split("|"))
    return found, frozenset(map(fold, ERRORS.split("|")))


@cache
def _page_pattern() -> re.Pattern[str]:
    """Matches a word for a page: in ASCII letters at the beginning of a word (not in "president"), else anywhere."""
    pages = sorted(map(fold, PAGES.split("|")), key=len, reverse=True)
    ascii_pages, others = ("|".join(page for page in pages if page.isascii() == kind) for kind in (True, False))
    return re.compile(rf"(?<![^\W\d_])(?:web|internet|home)?+(?:{ascii_pages})|{others}")


def says_not_found(title: str) -> bool:
    """Return whether a title or heading says that a page does not exist: it names the page, or says nothing else.

    The number 404 is not enough: it counts only alone, with a word for a page, or with one for an error.
    """
    folded = fold(title[:MAX_TITLE_LENGTH].replace("’", "'"))
    phrases, errors = _phrases()
    for part in _PARTS.split(folded):
        length = max((len(phrase) for phrase in phrases if phrase in part), default=0)
        is_enough = 2 * length >= len(part.strip())
        if _NUMBER.search(part):
            others = _WORD.findall(_NUMBER.sub("", part))
            is_enough = bool(length) or not others or not errors.isdisjoint(others)
        elif not length:
            continue
        if is_enough or _page_pattern().search(part):
            return True
    return False
