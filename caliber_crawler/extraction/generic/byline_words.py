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
written reported published posted reposted submitted created authored compiled contributed prepared article story text
words report recipe analysis opinion review interview commentary column essay
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
}
"""Labels that stand before a name with or without a colon."""
LABELS_WITH_COLON: Mapping[str, tuple[str, ...]] = {
    "en": ("words", "story", "report", "reporter", "reporting", "writer"),
    "de": ("redaktion", "bericht", "interview"),
    "fr": ("texte", "rédaction"),
    "es": ("texto", "redacción", "redactor", "redactora", "periodista"),
    "it": ("testo", "articolo"),
    "tr": ("haber", "muhabir", "röportaj"),
    "az": ("müxbir", "jurnalist"),
    "ru": ("журналист", "корреспондент", "материал"),
    "fa": ("خبرنگار", "گزارشگر", "گزارش"),
    "ar": ("تقرير", "المراسل", "حوار"),
    "hy": ("լրագրող",),
    "ka": ("ჟურნალისტი",),
    "zh": ("文", "记者", "記者"),
    "ja": ("文", "記者"),
    "ko": ("기자",),
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
