"""Boilerplate phrases around articles in many countries, by language.

Phrases are plain text in lower case. A new language needs one line in each table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Words at the start of a line that only points to another page.
READ_ALSO: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("read more", "read also", "read next", "read now", "also read", "see also", "see more", "watch now"),
        *("watch more", "watch also", "listen now", "listen to more", "learn more", "more on this", "more from"),
        *("more on", "don't miss", "don’t miss", "recommended", "trending", "most read", "most popular", "related:"),
        *("related |", "related articles", "related article", "related stories", "related story", "related posts"),
        *("related content", "related links", "related news", "related topics", "related reading"),
        *("you may also like", "you might also like", "you may like", "you might like"),
    ),
    "de": (
        *("lesen sie auch", "lesen sie mehr", "lesen sie hier", "mehr zum thema", "lies auch", "siehe auch"),
        *("auch interessant", "hören sie auch", "sehen sie auch"),
    ),
    "fr": ("lire aussi", "à lire aussi", "lire également", "à lire également", "voir aussi", "sur le même sujet"),
    "es": ("lee también", "lea también", "te puede interesar", "más información", "noticias relacionadas"),
    "pt": ("leia também", "leia mais", "veja também", "veja mais", "você pode gostar"),
    "it": ("leggi anche", "vedi anche"),
    "nl": ("lees ook", "lees verder"),
    "sv": ("läs också", "läs även", "läs mer"),
    "no": ("les også", "les mer"),
    "da": ("læs også", "læs mere"),
    "fi": ("lue myös",),
    "cs": ("čtěte také", "čtěte více"),
    "pl": ("czytaj także", "czytaj też", "czytaj więcej", "przeczytaj także", "przeczytaj też"),
    "hu": ("olvassa el", "olvasd el"),
    "id": ("baca juga",),
    "ru": ("читайте также", "читайте ещё", "читайте еще", "смотрите также"),
    "uk": ("читайте також", "читати також"),
    "az": ("həmçinin oxu", "bunu da oxu"),
    "tr": ("ayrıca oku", "ayrıca bkz"),
    "hy": ("կարդացեք նաև", "կարդալ նաև"),
    "ja": ("関連記事", "関連ニュース", "関連リンク"),
    "zh": ("相关新闻", "相关阅读"),
    "ko": ("관련 기사", "관련기사"),
}

# Words of a line that asks the reader to subscribe, follow or write.
INVITATIONS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("newsletter", "newsletters", "subscribe to", "subscribe now", "subscribe here", "subscribe today"),
        *(
            "subscribe for",
            "sign up to",
            "sign up for",
            "sign up here",
            "sign up now",
            "sign up today",
            "signing up to",
        ),
        *(
            "signing up for",
            "your inbox",
            "log in or",
            "create an account",
            "follow us",
            "like this story",
            "like us on",
        ),
        *(
            "share this",
            "share your",
            "download our",
            "download the app",
            "click here to",
            "click here for",
            "have a tip",
        ),
        *("got a tip", "news tip", "send us a", "tell us what", "join the conversation", "leave a comment"),
        *("letter to the editor", "letters to the editor", "become a member", "all rights reserved"),
    ),
    "de": (
        *("jetzt abonnieren", "abonnieren sie", "fehler gefunden", "melden sie sich", "folgen sie"),
        *("jetzt testen", "jetzt anmelden"),
    ),
    "fr": ("abonnez-vous", "inscrivez-vous", "suivez-nous"),
    "es": ("suscríbete", "suscríbase", "síguenos", "síganos"),
    "pt": ("assine", "siga-nos", "inscreva-se"),
    "it": ("iscriviti", "seguici"),
    "nl": ("abonneer", "volg ons"),
    "sv": ("prenumerera", "följ oss"),
    "pl": ("zapisz się",),
    "id": ("berlangganan",),
    "ru": ("подпишись", "подпишитесь", "подписывайтесь", "присоединяйтесь", "поделитесь"),
    "uk": ("підписуйтесь", "підпишіться"),
    "az": ("abunə ol", "bizi izlə"),
    "tr": ("abone ol", "bizi takip"),
    "hy": ("բաժանորդագրվեք", "հետևեք մեզ"),
}

# Whole lines that label a box or a button inside an article.
LABELS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("advertisement", "advertisements", "ad", "ads", "sponsored", "article continues below", "scroll to continue"),
        *("article continues below advertisement", "story continues below advertisement", "continue reading"),
        *("advertisement - scroll to continue", "share", "share this article", "copy link", "print", "comments"),
    ),
    "de": ("anzeige", "werbung", "teilen", "artikel teilen", "drucken"),
    "fr": ("publicité", "partager"),
    "es": ("publicidad", "compartir"),
    "pt": ("publicidade", "compartilhar", "partilhar", "continua após a publicidade"),
    "it": ("pubblicità", "condividi"),
    "nl": ("advertentie", "delen"),
    "sv": ("annons", "dela"),
    "no": ("annonse", "del"),
    "da": ("annonce",),
    "fi": ("mainos",),
    "pl": ("reklama", "udostępnij"),
    "cs": ("inzerce",),
    "hu": ("hirdetés",),
    "id": ("iklan", "advertisement"),
    "ru": ("реклама", "поделиться", "ссылка скопирована"),
    "uk": ("поділитися",),
    "az": ("paylaş",),
    "tr": ("reklam",),
    "hy": ("գովազդ", "կիսվել"),
    "ja": ("広告", "スポンサーリンク"),
    "zh": ("广告",),
    "ko": ("광고",),
}

# Labels before the name of a picture's author.
CREDITS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("image", "images", "photo", "photos", "photo by", "photo credit", "photograph", "photograph by", "picture"),
        *("pictures", "pic", "credit", "credits", "image credit", "source", "file photo", "screenshot", "illustration"),
    ),
    "de": ("foto", "fotos", "bild", "bilder", "bildquelle", "quelle", "fotograf"),
    "fr": ("crédit", "crédits", "crédit photo"),
    "es": ("imagen", "fuente", "crédito", "fotografía"),
    "pt": ("imagem", "fonte", "fotografia"),
    "cs": ("snímek",),
    "pl": ("zdjęcie", "fot."),
    "hu": ("kép",),
    "fi": ("kuva",),
    "id": ("gambar",),
    "ru": ("фото", "изображение", "иллюстрация", "источник"),
    "hy": ("լուսանկարը", "լուսանկար"),
    "ja": ("写真",),
    "ko": ("사진",),
}


def any_of(tables: Mapping[str, Iterable[str]]) -> str:
    """Return all phrases as one alternation, longest first. A phrase in Latin letters matches only whole words."""
    phrases = sorted({phrase for table in tables.values() for phrase in table}, key=len, reverse=True)
    return "|".join(re.escape(phrase) + (r"(?!\w)" if re.search("[a-z]$", phrase) else "") for phrase in phrases)
