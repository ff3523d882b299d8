"""Labels of view counters, by language: the line ``354 views`` in the words of many sites.

Labels are plain text in lower case, with a straight apostrophe. A new language needs one line in each table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from caliber_crawler.extraction.counts import is_scale, parse_count
from caliber_crawler.extraction.dates.printed import with_ascii_digits
from caliber_crawler.extraction.text import clean_inline, fold

VIEWS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("views", "hits", "pageviews", "page views", "post views", "total views", "article views", "viewed"),
        *(
            "views count",
            "view count",
            "number of views",
            "no. of views",
            "reads",
            "page hits",
            "visits",
            "been viewed",
            "people have read this",
        ),
    ),
    "az": (
        *("baxış", "baxışlar", "baxış sayı", "baxışların sayı", "baxılıb", "baxıldı", "baxılma", "baxılma sayı"),
        *("oxunub", "oxundu", "oxunma", "oxunma sayı", "oxunuş", "oxunuş sayı", "oxunulub", "oxuyub", "oxuyanlar"),
        *("oxucu sayı", "baxanların sayı", "baxan", "baxanlar", "izləyici sayı", "baxış sayi"),
        *("görüntülənmə", "görüntülənib", "izlənmə", "izlənib", "izlənilib", "izlənmə sayı", "baxis", "baxis sayi"),
    ),
    "tr": (
        *("görüntülenme", "görüntüleme", "görüntülenme sayısı", "görüntülenme sayisi", "görüntülendi", "okunma"),
        *("okunma sayısı", "okundu", "okunmuş", "gösterim", "gösterim sayısı", "izlenme", "izlenme sayısı", "izlendi"),
        *("okuyan", "okuma sayısı", "tekil okunma", "hit", "okudu", "görüntüledi", "izledi"),
    ),
    "ru": (
        *("просмотр", "просмотра", "просмотры", "просмотров", "просмотрено", "количество просмотров", "посмотрели"),
        *("кол-во просмотров", "число просмотров", "прочитано", "прочитали", "прочтений", "прочтения", "прочтение"),
        *("посмотрело", "просмотрело", "прочитало", "прочло", "показы", "просм", "просмотрен", "прочитан", "читали"),
        *("просмотрели", "чтений", "прочитана", "просмотрена", "показов", "количество показов", "число показов"),
    ),
    "uk": (
        *("перегляд", "перегляди", "переглядів", "кількість переглядів", "переглянуто", "переглянули", "прочитань"),
        *("прочитали", "к-сть переглядів", "число переглядів", "прочитана", "показів", "кількість показів"),
    ),
    "be": ("прагляд", "прагляды", "праглядаў"),
    "hy": (
        *("դիտում", "դիտումներ", "դիտումների քանակ", "դիտումների քանակը", "դիտումների թիվը", "դիտվել է", "դիտված է"),
        *("դիտվել", "դիտել են", "դիտված", "ընթերցում", "ընթերցումներ", "ընթերցվել է", "կարդացվել է", "կարդացել են"),
    ),
    "ka": (
        *("ნახვა", "ნახვები", "ნახვების", "ნანახია", "ნახულია", "ნახვების რაოდენობა", "ნახვის რაოდენობა"),
        *("წაკითხვა", "წაკითხულია", "წაკითხვები", "ნახვების რიცხვი"),
    ),
    "kk": (
        *("қаралым", "қаралымдар", "қаралым саны", "қаралды", "қаралған", "қараған", "көрілім", "көрілді", "көру"),
        *("qaraldy", "qaralym", "qaralymdar", "qaralǵan", "qaralym sany", "oqyldy", "oqylǵan", "kórildi", "kórilim"),
        *("көрілген", "оқылды", "оқылған", "оқылым", "оқылу", "көру саны", "қаралу саны", "қаралу"),
    ),
    "uz": (
        *("ko'rishlar", "ko'rildi", "ko'rilgan", "ko'rishlar soni", "ko'rildi", "o'qildi", "o'qilgan", "o'qishlar"),
        *("ko'rilganlar", "ko'rish", "ko'rilganlar soni", "o'qishlar soni"),
        *("кўрилди", "кўришлар", "кўришлар сони", "кўрилган", "ўқилди", "ўқилган", "ўқишлар", "кўрилганлар"),
    ),
    "fa": (
        *("بازدید", "بازدیدها", "تعداد بازدید", "تعداد بازدیدها", "تعداد مشاهده", "مشاهده"),
        *("تعداد بازدیدکنندگان", "تعداد بازدیدکننده", "تعداد خوانندگان", "بازدید خبر", "بازدید شده", "خوانده شد"),
        *("خوانده شده", "دفعات بازدید", "تعداد مطالعه", "میزان بازدید", "دیده شده", "تعداد نمایش"),
    ),
    "ar": (
        *(
            "مشاهدة",
            "مشاهدات",
            "المشاهدات",
            "عدد المشاهدات",
            "عدد مرات المشاهدة",
            "مرات المشاهدة",
            "قراءات",
            "القراءات",
        ),
        *("عدد الزوار", "عدد القراء", "عدد الزيارات", "عدد المشاهدين", "تمت المشاهدة", "تمت القراءة"),
        *("عدد القراءات", "زيارة", "زيارات", "الزيارات", "عدد الزيارات", "شوهد", "قرئ", "قراءة"),
        *("قرأ المقال", "قرأ الخبر", "قرأ هذا المقال", "قرأ هذا الخبر", "شاهد المقال", "شاهد الخبر", "قرأه", "شاهده"),
    ),
    "ky": ("көрүүлөр", "көрүү", "көрүлдү", "көрүлгөн", "окулду", "окулган", "окуу", "каралды", "көрүүлөрдүн саны"),
    "ku": (
        *("بینین", "بینینەکان", "بینراوە", "ژمارەی بینین", "بینەر", "خوێندنەوە"),
        *("dîtin", "hatiye dîtin", "hatiye xwendin"),
    ),
    "tg": ("дидан", "дида шуд", "дидашуда", "хонда шуд", "тамошо", "тамошо шуд", "шумораи тамошо"),
    "tk": ("okalan", "okaldy", "görlen", "görüldi", "okalan sany", "görlen sany"),
    "mn": ("үзсэн", "уншсан", "үзэлт", "уншигдсан"),
    "he": ("צפיות", "מספר צפיות", "נצפה"),
    "el": ("προβολές", "προβολη", "προβολή", "αναγνώσεις", "διαβάστηκε", "εμφανίσεις"),
    "bg": ("прегледи", "преглеждания", "прочетена", "прочетено", "видяна", "посещения"),
    "sr": ("pregleda", "pregledi", "pregled", "прегледа", "прегледи", "čitanja", "pročitano", "broj pregleda"),
    "ro": ("vizualizări", "vizualizare", "afișări", "afişări", "accesări", "citiri", "citit de"),
    "hu": ("megtekintés", "megtekintések", "olvasás", "megtekintve"),
    "cs": ("zobrazení", "zobrazeno", "přečteno", "zhlédnutí", "přečtení", "zobrazenia", "prečítané", "videní"),
    "nl": ("weergaven", "keer bekeken", "keer gelezen"),
    "sv": ("visningar", "sidvisningar"),
    "da": ("visninger", "sidevisninger"),
    "hi": ("देखा गया", "व्यूज", "व्यूज़", "बार देखा गया", "पढ़ा गया"),
    "bn": ("পঠিত", "ভিউ", "বার পঠিত", "দেখা হয়েছে"),
    "id": ("dibaca", "dilihat", "tayangan", "kali dibaca", "kali dilihat", "pembaca"),
    "vi": ("lượt xem", "lượt đọc"),
    "de": ("aufrufe", "mal gelesen", "ansichten"),
    "fr": ("vues", "vue", "lectures"),
    "es": ("vistas", "visitas", "visualizaciones", "lecturas"),
    "pt": ("visualizações", "acessos", "leituras"),
    "it": ("visualizzazioni", "letture"),
    "pl": ("wyświetleń", "wyświetlenia", "odsłon", "odsłony"),
    "zh": ("浏览", "浏览量", "浏览次数", "阅读", "阅读量", "阅读数", "点击", "点击量", "瀏覽", "瀏覽數", "閱讀"),
    "ja": ("閲覧数", "閲覧回数", "回閲覧"),
    "ko": ("조회", "조회수"),
}

LABELS_WITH_TIMES: Mapping[str, tuple[str, ...]] = {
    "en": ("read", "been read", "seen", "been seen"),
    "nl": ("bekeken", "gelezen"),
}
"""Labels that count only beside a word for "times": "Read: 12" may be something else."""

# Words for "times" between the number and a label or behind the number.
TIMES: Mapping[str, tuple[str, ...]] = {
    "en": ("times", "time"),
    "az": ("dəfə", "nəfər"),
    "tr": ("kez", "defa", "kere", "kişi"),
    "ru": ("раз", "раза", "человек", "человека"),
    "uk": ("раз", "рази", "разів", "осіб"),
    "hy": ("անգամ",),
    "ka": ("-ჯერ", "ჯერ"),
    "kk": ("рет", "ret"),
    "ky": ("жолу",),
    "ku": ("جار", "caran", "car"),
    "tg": ("маротиба", "бор"),
    "tk": ("gezek",),
    "mn": ("удаа",),
    "el": ("φορές",),
    "bg": ("пъти",),
    "sr": ("puta", "пута"),
    "ro": ("ori",),
    "cs": ("krát", "x"),
    "nl": ("keer",),
    "hi": ("बार",),
    "bn": ("বার",),
    "id": ("kali",),
    "uz": ("marta", "марта"),
    "fa": ("بار", "مرتبه", "نفر"),
    "ar": ("مرة", "مرات", "شخص", "شخصا", "شخصًا", "شخصاً", "أشخاص", "قارئ", "زائر"),
    "zh": ("次",),
    "ko": ("회",),
}
EYES = ("👁", "👁\ufe0f", "👀")
_LEADS = (
    *("bu xəbər", "xəbər", "bu məqalə", "məqalə", "bu yazı", "yazı", "bu haber", "haber", "bu içerik", "this article"),
    *("this post", "this page", "this story", "this article has", "this post has", "this page has been"),
    *("эта статья", "эту статью", "этот материал", "эту страницу", "эту запись", "данную статью", "запись", "эту тему"),
    *("bu məqaləni", "bu xəbəri", "bu materialı", "material", "bu yazıyı", "bu haberi", "this entry", "story has been"),
    *("эта новость", "эту новость", "новость", "материал", "статья", "статью", "всего", "cəmi", "toplam", "total"),
)
"""Words before the label or number of a counter that is a sentence: "This article has been viewed 354 times"."""
MAX_COUNTER_LENGTH = 60
_APOSTROPHES = str.maketrans("ʻʼ‘’`´", "''''''")
_PARTS = re.compile(r"[|•;()\[\]]|, |\s[·—–/-]\s")
_DASH = re.compile(r"\s[—–-]\s(?=[0-9])")
_GROUPS = r"[0-9]{1,3}(?:[ .,'’٬_·˙][0-9]{3}){1,4}|[0-9]{1,2}(?:,[0-9]{2}){1,4},[0-9]{3}"
_NUMBER = re.compile(
    rf"(?P<number>(?>(?:{_GROUPS})(?![0-9])|[0-9]+(?:[.,][0-9]+)?))(?:\s?(?P<word>[^\W\d_]{{1,8}})\b(?!-)\.?)?"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_EDGES = " ::՝.،"


class Counter(NamedTuple):
    """A view counter as printed."""

    shown: str
    views: int
    is_label_first: bool
    """Whether the label is before the number; a sentence may end with "354 views"."""


@cache
def _languages() -> Mapping[str, frozenset[str]]:
    """The languages of each label, folded."""
    found: dict[str, set[str]] = {}
    for language, labels in (*VIEWS.items(), *LABELS_WITH_TIMES.items()):
        for label in labels:
            found.setdefault(fold(label), set()).add(language)
    found |= {eye: set(VIEWS) for eye in EYES}
    return {label: frozenset(languages) for label, languages in found.items()}


_NEED_TIMES = frozenset(fold(label) for labels in LABELS_WITH_TIMES.values() for label in labels)
_TIMES = frozenset(fold(word) for table in TIMES.values() for word in table) | {"", "+"}
_FOLDED_LEADS = sorted({fold(lead) for lead in _LEADS}, key=len, reverse=True)


@cache
def _label_words() -> frozenset[str]:
    """The longest word of each label, in parts of letters only."""
    return frozenset(max(_LETTERS.findall(label), key=len) for label in _languages() if label not in EYES)


def may_be_counter(text: str) -> bool:
    """A quick test: whether a text contains a word of a label."""
    if not text.isascii() and any(eye in text for eye in EYES):
        return True
    return not _label_words().isdisjoint(_LETTERS.findall(fold(text.translate(_APOSTROPHES))))


def find_counter(text: str, language: str | None) -> Counter | None:
    """Return the labelled view counter in a short line; ``None`` if there is none, or several that differ."""
    if len(text) > 2 * MAX_COUNTER_LENGTH or not may_be_counter(text) or len(line := _plain(text)) > MAX_COUNTER_LENGTH:
        return None
    found = {found for part in _parts(line) for found in _counters_in(part, language)}
    if len({count for count, _ in found}) != 1:
        return None
    return Counter(clean_inline(text), *max(found))


def is_counter_line(text: str) -> bool:
    """Return whether a line is a labelled counter, perhaps with a date or other counters beside it."""
    if len(text) > 2 * MAX_COUNTER_LENGTH or not may_be_counter(text) or len(line := _plain(text)) > MAX_COUNTER_LENGTH:
        return False
    parts = [part for part in _parts(line) if part.strip()]
    is_counted = any(True for part in parts for _ in _counters_in(part, None, zero=True))
    return is_counted and all(_NUMBER.search(part) for part in parts)


def _parts(line: str) -> list[str]:
    """The parts of a line between separators. A dash between a label and its number is none."""
    if match := _DASH.search(line):
        label = _PARTS.split(line[: match.start()])[-1]
        if _without_lead(_key(label)) in _languages():
            line = f"{line[: match.start()]}: {line[match.end() :]}"
    return _PARTS.split(line)


def parse_bare_count(text: str, language: str | None) -> int | None:
    """Return the count that is all of a text, such as ``12 045`` or ``1.2K``; ``None`` for any other text."""
    line = _plain(text).strip(f"{_EDGES}+")
    match = _NUMBER.match(line)
    if match is None or line[match.end() :].strip(" .+"):
        return None
    return _value(match["number"], match["word"] or "", language)


def label_languages(text: str) -> frozenset[str]:
    """The languages in which a text is the label of a view counter; empty if it is none."""
    return _languages().get(_key(text), frozenset())


def _plain(text: str) -> str:
    return with_ascii_digits(clean_inline(text)).replace("٫", ".").translate(_APOSTROPHES)


def _key(text: str) -> str:
    return fold(text.translate(_APOSTROPHES)).strip(_EDGES)


def _counters_in(part: str, language: str | None, *, zero: bool = False) -> Iterator[tuple[int, bool]]:
    """The counts in a part of a line, each with whether its label is before the number."""
    numbers = list(_NUMBER.finditer(part))
    for at, match in enumerate(numbers):
        number_end = match.end("number")
        word = match["word"] or ""
        if word and not _is_scale(word):
            word = ""
        end = match.end() if word else number_end
        before = part[numbers[at - 1].end("number") if at else 0 : match.start()]
        after = part[end : numbers[at + 1].start() if at + 1 < len(numbers) else len(part)]
        first = _label_before(before, after, is_last=at + 1 == len(numbers))
        label = first or (_label_behind(before, after) if at == 0 else None)
        if label is None:
            continue
        languages = _languages()[label]
        spoken = language if language in languages else next(iter(languages)) if len(languages) == 1 else language
        value = _value(match["number"], word, spoken)
        if value is not None or zero:
            yield value or 0, first is not None


def _label_before(before: str, after: str, *, is_last: bool) -> str | None:
    """The label in "Views: 354 times"."""
    if before[-1:] in ("-", "−", "+"):
        return None
    label = _without_lead(_key(before.rstrip(" —–-")))
    if label not in _languages():
        return None
    rest = _key(after) if after.strip() not in (":", ".") else ":"
    if label in _NEED_TIMES:
        return label if rest and rest in _TIMES else None
    follows = not is_last and after.rstrip().endswith(":") and any(char.isalpha() for char in after)
    return label if rest in _TIMES or follows else None


def _label_behind(before: str, after: str) -> str | None:
    """The label in "354 views", "354 dəfə oxunub"."""
    lead = _key(before)
    if lead and lead not in _FOLDED_LEADS:
        return None
    label = _key(after)
    times, _, rest = label.partition(" ")
    if times in _TIMES and (label not in _languages() or rest in _languages()):
        label = rest
    elif label in _NEED_TIMES:
        return None
    return label if label in _languages() else None


def _without_lead(text: str) -> str:
    if text in _languages():
        return text
    lead = next((lead for lead in _FOLDED_LEADS if text.startswith(f"{lead} ")), "")
    return text[len(lead) :].strip()


def _is_scale(word: str) -> bool:
    return is_scale(word) and not label_languages(word)


def _value(number: str, word: str, language: str | None) -> int | None:
    """A positive number with its scale; ``None`` if its value is not certain."""
    if word and (not is_scale(word) or (word.lower() == "b" and language is None)):
        return None
    count = parse_count(f"{number} {word}".rstrip(), language)
    return count or None
