"""A date beside a second time or day with a label of its own: the label does not say what the date is."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.dates.labels import Role, role_of_label
from caliber_crawler.extraction.dates.printed import find_printed_dates
from tests.extraction.generic.dated import article, found_on
from tests.extraction.generic.newspage import HEADLINE

DAY = "2026-01-07T00:00:00"
MINUTE = "2026-01-07T14:35:00"
UPDATES = {
    "af": ("7 Januarie 2026", "Opgedateer {}"),
    "am": ("ጃንዩወሪ 7 2026", "ተሻሽሏል {}"),
    "ar": ("7 يناير 2026", "آخر تحديث {}"),
    "az": ("7 yanvar 2026", "Yenilənib: {}"),
    "be": ("7 студзеня 2026", "Абноўлена ў {}"),
    "bg": ("7 януари 2026", "Обновена {} ч."),
    "bn": ("৭ জানুয়ারি ২০২৬", "আপডেট {}"),
    "ca": ("7 de gener de 2026", "Actualitzat a les {}"),
    "cs": ("7. ledna 2026", "Aktualizováno {}"),
    "cy": ("7 Ionawr 2026", "Diweddarwyd {}"),
    "da": ("7. januar 2026", "Opdateret kl. {}"),
    "de": ("7. Januar 2026", "zuletzt aktualisiert um {} Uhr"),
    "el": ("7 Ιανουαρίου 2026", "Ενημέρωση: {}"),
    "en": ("7 January 2026", "Last updated at {}"),
    "eo": ("7 januaro 2026", "Ĝisdatigita je {}"),
    "es": ("7 de enero de 2026", "Actualizado a las {}"),
    "et": ("7. jaanuar 2026", "Uuendatud {}"),
    "eu": ("2026ko urtarrilaren 7a", "Eguneratua: {}"),
    "fa": ("۷ ژانویه ۲۰۲۶", "به‌روزرسانی {}"),
    "fi": ("7. tammikuuta 2026", "päivitetty klo {}"),
    "fil": ("Enero 7, 2026", "In-update {}"),
    "fr": ("7 janvier 2026", "mis à jour à {}"),
    "ga": ("7 Eanáir 2026", "Nuashonraithe {}"),
    "gl": ("7 de xaneiro de 2026", "Actualizado ás {}"),
    "gu": ("7 જાન્યુઆરી 2026", "અપડેટ {}"),
    "he": ("7 בינואר 2026", "עודכן ב-{}"),
    "hi": ("7 जनवरी 2026", "अपडेट {}"),
    "hr": ("7. siječnja 2026.", "Ažurirano u {}"),
    "hu": ("2026. január 7.", "Frissítve: {}"),
    "hy": ("7 հունվարի 2026", "Թարմացվել է {}"),
    "id": ("7 Januari 2026", "Diperbarui pukul {} WIB"),
    "is": ("7. janúar 2026", "Uppfært kl. {}"),
    "it": ("7 gennaio 2026", "Aggiornato alle {}"),
    "ja": ("2026年1月7日", "更新 {}"),
    "ka": ("7 იანვარი 2026", "განახლდა {}"),
    "kk": ("2026 жылғы 7 қаңтар", "Жаңартылды: {}"),
    "km": ("7 មករា 2026", "ធ្វើបច្ចុប្បន្នភាព {}"),
    "kn": ("7 ಜನವರಿ 2026", "ನವೀಕರಿಸಲಾಗಿದೆ {}"),
    "ko": ("2026년 1월 7일", "수정 {}"),
    "ky": ("2026-жылдын 7-январы", "Жаңыртылды {}"),
    "lb": ("7. Januar 2026", "Aktualiséiert: {}"),
    "lo": ("7 ມັງກອນ 2026", "ອັບເດດ {}"),
    "lt": ("2026 m. sausio 7 d.", "Atnaujinta {}"),
    "lv": ("2026. gada 7. janvāris", "Atjaunināts {}"),
    "mk": ("7 јануари 2026", "Ажурирано во {}"),
    "ml": ("7 ജനുവരി 2026", "പുതുക്കിയത് {}"),
    "mn": ("2026 оны 1 сарын 7", "Шинэчилсэн {}"),
    "mr": ("7 जानेवारी 2026", "अद्ययावत {}"),
    "ms": ("7 Januari 2026", "Dikemas kini {}"),
    "mt": ("7 ta' Jannar 2026", "Aġġornat {}"),
    "my": ("7 ဇန်နဝါရီ 2026", "အပ်ဒိတ် {}"),
    "ne": ("7 जनवरी 2026", "अद्यावधिक {}"),
    "nl": ("7 januari 2026", "bijgewerkt om {}"),
    "no": ("7. januar 2026", "Oppdatert {}"),
    "pa": ("7 ਜਨਵਰੀ 2026", "ਅੱਪਡੇਟ {}"),
    "pl": ("7 stycznia 2026", "Aktualizacja: {}"),
    "ps": ("7 جنوري 2026", "تازه شوی {}"),
    "pt": ("7 de janeiro de 2026", "Atualizado às {}"),
    "ro": ("7 ianuarie 2026", "Actualizat la {}"),
    "ru": ("7 января 2026", "обновлено в {}"),
    "si": ("2026 ජනවාරි 7", "යාවත්කාලීන {}"),
    "sk": ("7. januára 2026", "aktualizované {}"),
    "sl": ("7. januar 2026", "Posodobljeno {}"),
    "sq": ("7 janar 2026", "Përditësuar {}"),
    "sr": ("7. januar 2026.", "Ažurirano u {}"),
    "sv": ("7 januari 2026", "Uppdaterad {}"),
    "sw": ("7 Januari 2026", "Imesasishwa {}"),
    "ta": ("7 ஜனவரி 2026", "புதுப்பிக்கப்பட்டது {}"),
    "te": ("7 జనవరి 2026", "అప్‌డేట్ {}"),
    "tg": ("7 январи 2026", "Навсозӣ: {}"),
    "th": ("7 มกราคม 2569", "ปรับปรุงล่าสุด {} น."),
    "tk": ("7 ýanwar 2026", "Täzelendi {}"),
    "tr": ("7 Ocak 2026", "Son güncelleme: {}"),
    "uk": ("7 січня 2026", "Оновлено о {}"),
    "ur": ("7 جنوری 2026", "اپ ڈیٹ {}"),
    "uz": ("7 yanvar 2026", "Yangilandi: {}"),
    "vi": ("7 tháng 1 năm 2026", "Cập nhật {}"),
    "zh": ("2026年1月7日", "更新时间：{}"),
}
"""A day, and how the language says when a page was updated."""
BESIDE = ["{} | {}", "{} · {}", "{} – {}", "{} ({})", "{}, {}", "{} / {}", "{}（{}）", "{} {}"]


@pytest.mark.parametrize("lang", UPDATES)
def test_the_time_of_an_update_beside_a_date_is_not_its_time(lang: str) -> None:
    day, update = UPDATES[lang]
    for beside in BESIDE:
        for time in ("10:15", "10:15:30"):
            line = beside.format(day, update.format(time))
            (date,) = find_printed_dates(line, lang)
            assert (date.at.isoformat(), role_of_label("", line[date.end :])) == (DAY, Role.UNNAMED), line
            line = beside.format(f"{day} 14:35", update.format(time))
            (date,) = find_printed_dates(line, lang)
            assert (date.at.isoformat(), role_of_label("", line[date.end :])) == (MINUTE, Role.UNNAMED), line


@pytest.mark.parametrize("lang", UPDATES)
def test_a_page_with_the_time_of_its_update_is_dated(lang: str) -> None:
    day, update = UPDATES[lang]
    beside = BESIDE[list(UPDATES).index(lang) % len(BESIDE)]
    line = beside.format(day, update.format("10:15"))
    assert article(f"<p>{line}</p>", lang=lang) == DAY
    (date,) = find_printed_dates(line, lang)
    machine = f'<time datetime="2026-01-07">{line[: date.end]}</time>{line[date.end :]}'
    assert article(f"<div>{machine}</div>", lang=lang) == DAY


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Published 7 January 2026 · Updated 10:15", DAY),
        ("7 January 2026 – Updated: 8 January, 10:15", DAY),
        ("7 January 2026 | Modified 8 Jan", DAY),
        ("7 January 2026 | Last updated at 10:15 p.m.", DAY),
        ("7 January 2026 | Updated yesterday", DAY),
        ("7 January 2026 | Last updated: today at 10:15", DAY),
        ("7 January 2026 | Updated by Jane Roe", DAY),
        ("7 January 2026 • 5 min read • updated 15:10", DAY),
        ("7 января 2026 г. · Обновлено 8 января в 10:15", DAY),
        ("7 janvier 2026 · Mise à jour il y a 2 heures", DAY),
        ("2026年1月7日（更新：1月8日 10:15）", DAY),
        ("7 Ocak 2026, son güncellenme 8 Ocak 10:15", DAY),
        ("Last updated 10:15 | Published 7 January 2026", DAY),
        ("7 January 2026 at 2:35 pm · Updated 3 hours ago", MINUTE),
        ("7 January 2026, published 14:35, updated 15:10", MINUTE),
        ("14:35, 7 января 2026 — обновлено 10:15", MINUTE),
        ("Updated 15:10, published 14:35 on 7 January 2026", MINUTE),
        ("2026年1月7日 14:35（10:15更新）", MINUTE),
        ("7 de enero de 2026 a las 14:35 – Actualizado hace 2 horas", MINUTE),
    ],
)
def test_a_label_belongs_to_what_stands_beside_it(line: str, expected: str) -> None:
    assert article(f"<p>{line}</p>") == expected
    assert article(f'<p class="date">{line}</p>') == expected


@pytest.mark.parametrize(
    "line",
    [
        "{} (updated)",
        "{} | updated",
        "{} güncellendi",
        "{} tarihinde güncellendi",
        "{}更新",
        "{} - обновлено",
        "{} last updated by Jane Roe",
    ],
)
def test_a_label_behind_a_date_alone_is_the_date_s(line: str) -> None:
    before, after = line.split("{}")
    assert role_of_label(before, after) is Role.UPDATED
    found = found_on(f"<main><h1>{HEADLINE}</h1><p class='date'>{line.format('7 January 2026 14:35')}</p></main>")
    assert found is not None
    assert found.is_update
