"""Words around the names in a byline, by language: "Written by", "Автор", "Photo:".

All words are in lower case; a new language needs one line in each table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class By(NamedTuple):
    """How a language says "written by": the participles, which may be absent, and the preposition."""

    participles: tuple[str, ...]
    prepositions: tuple[str, ...]
    articles: tuple[str, ...] = ()
    """Indefinite articles: "Eine Analyse von"."""


_EN = """
written reporting writing reported published posted reposted submitted created authored compiled contributed
prepared article story text words report recipe analysis opinion review interview commentary column essay
"""
WRITTEN_BY: Mapping[str, By] = {
    "en": By(tuple(_EN.split()), ("by",), ("a", "an")),
    "de": By(
        (
            *("geschrieben", "verfasst", "veröffentlicht", "erstellt", "aufgezeichnet", "protokolliert", "publiziert"),
            *("gepostet", "eingestellt", "text", "interview", "beitrag", "artikel", "bericht", "kommentar", "analyse"),
        ),
        ("von", "vom"),
        ("ein", "eine"),
    ),
    "fr": By(
        (
            *("écrit", "rédigé", "publié", "posté", "propos recueillis", "recueilli", "proposé", "créé", "ajouté"),
            *("article", "texte", "article rédigé", "article publié", "article écrit", "mis en ligne", "signé"),
        ),
        ("par",),
        ("un", "une"),
    ),
    "es": By(
        (
            *("escrito", "publicado", "redactado", "enviado", "elaborado", "creado", "texto", "artículo", "posteado"),
            *("artículo escrito", "escrita", "publicada", "redactada"),
        ),
        ("por",),
        ("un", "una"),
    ),
    "pt": By(("escrito", "publicado", "redigido", "postado", "criado", "enviado", "texto"), ("por",), ("um", "uma")),
    "it": By(("scritto", "pubblicato", "redatto", "inserito", "postato", "articolo"), ("da",), ("un", "una")),
    "nl": By(("geschreven", "geplaatst", "gepubliceerd", "gepost", "tekst"), ("door",), ("een",)),
    "sv": By(("skriven", "publicerad", "skrivet", "text"), ("av",), ("en", "ett")),
    "da": By(("skrevet", "publiceret", "tekst"), ("af",), ("en", "et")),
    "id": By(("ditulis", "diterbitkan", "dilaporkan"), ("oleh",)),
    "ru": By(("опубликовано", "написано", "подготовлено", "опубликован"), ("от",)),
}
"""What stands before a name, followed by it or by a colon."""
CAUTIOUS = frozenset(("da", "av", "af"))
"""Prepositions that begin names too: without a participle they count only in lower case."""
LABELS: Mapping[str, tuple[str, ...]] = {
    "en": ("author", "authors", "text"),
    "de": ("autor", "autorin", "autoren"),
    "fr": ("auteur", "auteure", "autrice", "auteurs"),
    "es": ("autora", "autores"),
    "it": ("autore", "autrice", "a cura di"),
    "nl": ("tekst",),
    "pl": ("autorka", "autorzy", "napisał", "napisała", "opracował", "opracowała"),
    "tr": ("yazar", "yazan", "metin", "hazırlayan", "haberi hazırlayan", "haberi yazan"),
    "az": ("müəllif", "müəlliflər", "mətn", "yazan", "yazdı", "hazırladı", "hazırlayan", "hazırlayıb"),
    "uz": ("muallif", "муаллиф"),
    "ru": (
        *("автор", "авторы", "автор статьи", "автор текста", "автор материала", "текст", "подготовил", "подготовила"),
        *("подготовили", "материал подготовил", "материал подготовила", "написал", "написала", "опубликовал"),
        *("опубликовала", "записал", "записала", "беседовал", "беседовала"),
    ),
    "uk": ("авторка", "автори", "підготував", "підготувала", "підготували", "написав", "написала", "опублікував"),
    "hy": ("հեղինակ", "հեղինակներ", "տեքստ", "պատրաստեց", "գրեց", "հարցազրույցը վարեց"),
    "ka": ("ავტორი", "ავტორები", "ტექსტი", "მოამზადა"),
    "fa": ("نویسنده", "نویسندگان", "به قلم", "گزارش از", "یادداشت از", "نوشته", "نوشتهٔ", "گفت‌وگو از", "کاتب"),
    "ar": (
        "بقلم",
        "كتب",
        "كتبت",
        "كتبه",
        "كتبها",
        "الكاتب",
        "الكاتبة",
        "بواسطة",
        "إعداد",
        "أعد",
        "أعدت",
        "أعده",
        "نشر بواسطة",
    ),
    "zh": ("作者", "撰文", "撰稿", "本报记者", "本報記者", "本网记者", "本刊记者", "特约记者", "通讯员", "通訊員"),
    "ja": ("執筆", "著者", "筆者", "文責"),
    "ko": ("글쓴이", "글"),
    "el": ("γράφει ο", "γράφει η", "γράφουν οι", "του", "της"),
    "th": ("โดย", "เขียนโดย", "เรื่องโดย"),
    "he": ("מאת",),
    "hi": ("द्वारा",),
    "lt": ("parengė", "parašė"),
    "sq": ("nga",),
    "fi": ("kirjoittanut",),
    "hu": ("írta",),
    "sw": ("imeandikwa na", "na mwandishi wetu"),
    "tl": ("isinulat ni",),
    "id": ("oleh",),
}
"""Labels that stand before a name with or without a colon."""
LABELS_WITH_COLON: Mapping[str, tuple[str, ...]] = {
    "en": ("words", "story", "report", "reporter", "reporters", "reporting", "writer", "correspondent"),
    "de": ("redaktion", "bericht", "interview", "reporter", "reporterin", "korrespondent", "korrespondentin"),
    "fr": ("texte", "rédaction", "journaliste", "correspondant", "correspondante"),
    "es": ("texto", "redacción", "redactor", "redactora", "periodista", "reportero", "reportera", "corresponsal"),
    "pt": ("autor", "autora", "repórter", "reportagem", "redação", "jornalista", "por"),
    "it": ("testo", "articolo", "giornalista", "redazione", "redattore", "redattrice"),
    "ca": ("periodista", "redacció"),
    "ro": ("autor", "autoare", "reporter", "redactor", "jurnalist"),
    "nl": ("auteur", "verslaggever", "redactie", "correspondent"),
    "sv": ("skribent", "reporter", "journalist", "författare"),
    "da": ("journalist", "skribent", "forfatter"),
    "no": ("tekst", "journalist", "forfatter"),
    "fi": ("kirjoittaja", "toimittaja", "teksti"),
    "et": ("autor", "toimetaja", "ajakirjanik"),
    "lv": ("autors", "autore", "žurnālists", "žurnāliste"),
    "lt": ("autorius", "autorė", "žurnalistas", "žurnalistė"),
    "pl": ("autor", "dziennikarz", "dziennikarka", "tekst"),
    "cs": ("autor", "autorka", "redaktorka", "text"),
    "hu": ("szerző", "újságíró", "tudósító"),
    "hr": ("autor", "autorica", "novinar", "novinarka", "piše"),
    "sr": ("аутор", "новинар", "новинарка", "пише"),
    "bg": ("репортер", "журналист", "автор"),
    "el": ("συντάκτης", "συντάκτρια", "δημοσιογράφος", "κείμενο", "ρεπορτάζ", "γράφει"),
    "sq": ("autori", "gazetari", "gazetarja"),
    "tr": ("haber", "muhabir", "röportaj"),
    "az": ("müxbir", "jurnalist", "reportyor"),
    "ru": ("журналист", "корреспондент", "материал", "репортёр", "репортер", "обозреватель"),
    "uk": ("автор", "журналіст", "журналістка", "кореспондент", "кореспондентка", "текст"),
    "be": ("аўтар", "аўтарка", "журналіст", "карэспандэнт"),
    "kk": ("авторы", "тілші", "журналист"),
    "ky": ("автору", "кабарчы"),
    "uz": ("muxbir", "jurnalist", "мухбир"),
    "tg": ("муаллиф", "хабарнигор"),
    "mn": ("зохиогч", "сэтгүүлч", "сурвалжлагч"),
    "fa": ("خبرنگار", "گزارشگر", "گزارش"),
    "ar": ("تقرير", "المراسل", "حوار", "الصحفي", "الصحافي"),
    "ur": ("رپورٹر", "تحریر", "نامہ نگار"),
    "he": ("כתב", "כתבת", "מאת", "כתיבה"),
    "hy": ("լրագրող", "թղթակից"),
    "ka": ("ჟურნალისტი", "კორესპონდენტი"),
    "hi": ("संवाददाता", "लेखक", "लेखिका", "रिपोर्टर", "पत्रकार"),
    "ne": ("संवाददाता", "लेखक"),
    "bn": ("প্রতিবেদক", "রিপোর্টার", "লেখক"),
    "ta": ("நிருபர்", "எழுதியவர்", "செய்தியாளர்"),
    "th": ("ผู้สื่อข่าว", "รายงานโดย", "ผู้เขียน", "เรื่อง", "ข่าว"),
    "id": ("penulis", "reporter", "pewarta", "laporan", "wartawan"),
    "ms": ("penulis", "wartawan"),
    "vi": ("phóng viên", "tác giả", "tin bài", "bài"),
    "sw": ("mwandishi",),
    "zh": ("文", "记者", "記者", "采写", "採訪"),
    "ja": ("文", "記者", "取材", "取材・文"),
    "ko": ("기자", "취재"),
}
"""Labels that are the name of something else without a colon: "Haber Merkezi" is a desk."""
OF_EDITORS = (
    *(
        "editor",
        "editors",
        "edited by",
        "editing",
        "editör",
        "redaktor",
        "redaktə",
        "редактор",
        "редакция",
        "редактура",
    ),
    *("translator", "translation", "translated by", "tərcümə", "tərcüməçi", "çeviri", "перевод", "перевела", "перевёл"),
    *(
        "source",
        "sources",
        "mənbə",
        "kaynak",
        "источник",
        "quelle",
        "fuente",
        "fonte",
        "աղբյուր",
        "წყარო",
        "منبع",
        "مصدر",
    ),
    *("责任编辑", "責任編輯", "编辑", "編輯", "责编", "責編", "校对", "审核", "编审", "来源", "來源", "编译", "編譯"),
    *("redaktörü", "խմբագիր", "რედაქტორი", "ویراستار", "مترجم", "تحرير", "ترجمة", "المصدر", "edición", "edited"),
    *("edição", "edizione", "redakcja", "redaktorius", "redaktors", "redaktør", "redaktör", "redakteur", "szerkesztő"),
    *("urednik", "urednica", "уредник", "рэдактар", "muharrir", "муҳаррир", "עריכה", "ערך", "संपादक", "সম্পাদনা"),
    *("সম্পাদক", "บรรณาธิการ", "เรียบเรียง", "biên tập", "biên tập viên", "penyunting", "penerjemah", "επιμέλεια"),
    *("编审", "初审", "终审", "監製", "监制", "責編", "編集", "편집"),
)
"""Labels of people who edited or translated a text, and of its source. They count if nobody else is named."""
OF_OTHERS = (
    *(
        "photo",
        "photos",
        "photo by",
        "photos by",
        "photography",
        "photographer",
        "image",
        "images",
        "picture",
        "pictures",
    ),
    *("illustration", "illustrations", "video", "videos", "graphics", "graphic", "camera", "foto", "fotos", "fotograf"),
    *("fotoğraf", "fotoqraf", "kamera", "фото", "видео", "фотограф", "иллюстрации", "иллюстрация", "şəkil", "video"),
    *(
        "լուսանկար",
        "լուսանկարը",
        "ֆոտո",
        "ფოტო",
        "ვიდეო",
        "عکس",
        "عکاس",
        "فیلم",
        "تصوير",
        "صورة",
        "صور",
        "摄影",
        "攝影",
        "图",
        "圖",
    ),
    *(
        "图片",
        "圖片",
        "视频",
        "摄像",
        "写真",
        "撮影",
        "사진",
        "grafik",
        "infografik",
        "foto’s",
        "bild",
        "bilder",
        "immagini",
    ),
)
"""Labels of people who took the pictures. They never count."""


def phrases() -> Iterator[str]:
    """What stands before a name without a colon, in lower case; no preposition that begins names."""
    for by in WRITTEN_BY.values():
        for preposition in by.prepositions:
            yield from (f"{participle} {preposition}" for participle in by.participles)
            if preposition not in CAUTIOUS:
                yield preposition
    for labels in LABELS.values():
        yield from labels


def author_labels() -> Iterator[str]:
    """What stands before a colon and a name."""
    yield from phrases()
    for labels in LABELS_WITH_COLON.values():
        yield from labels
