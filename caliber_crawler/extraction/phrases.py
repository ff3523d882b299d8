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
    "ru": (
        *(
            "читайте по теме",
            "читать по теме",
            "смотреть также",
            "см. также",
            "ещё по теме",
            "подробнее по теме",
            "другие новости по теме",
        ),
        *("читайте также", "читайте ещё", "читайте еще", "читать также", "читать далее", "читать ещё", "читать еще"),
        *("смотрите также", "смотрите ещё", "смотрите еще", "также читайте", "еще по теме", "ещё по теме"),
        *("материалы по теме", "по теме:", "подробнее:", "вам может быть интересно", "рекомендуем", "вас заинтересует"),
    ),
    "uk": (
        *(
            "читайте по темі",
            "читайте за темою",
            "дивись також",
            "дивіться ще",
            "ще за темою",
            "інші новини",
        ),
        *("читайте також", "читати також", "також читайте", "дивіться також", "читайте ще", "матеріали за темою"),
        *("за темою:", "вам може бути цікаво", "рекомендуємо"),
    ),
    "be": ("чытайце таксама", "глядзіце таксама"),
    "az": (
        *(
            "həmçinin izlə*",
            "əlavə oxu*",
            "bu mövzuda oxu*",
        ),
        *("həmçinin oxu*", "həmçinin bax*", "bunu da oxu*", "bunları da oxu*", "ayrıca oxu*", "daha ətraflı oxu*"),
        *("oxşar xəbərlər", "əlaqəli xəbərlər", "digər xəbərlər", "mövzu ilə bağlı:", "mövzu üzrə:", "bu mövzuda:"),
    ),
    "tr": (
        *(
            "ayrıca oku*",
            "ilginizi çekebil*",
            "haberin devamı",
        ),
        *("ayrıca oku*", "ayrıca bkz", "ayrıca bakın*", "bunu da oku*", "bunlar da ilgi*", "bunları da oku*"),
        *("ilgili haber*", "benzer haberler", "şunlar da ilginizi çekebilir", "ilginizi çekebilir", "okumaya devam"),
    ),
    "hy": (
        *(
            "կարդացեք նաեւ",
            "կարդացե՛ք նաեւ",
            "կարդալ նաեւ",
            "կարդա նաեւ",
            "դիտեք նաեւ",
            "դիտե՛ք նաև",
            "այս թեմայով",
        ),
        "կարդացե՛ք նաև",
        "կարդացեք նաև",
        "կարդալ նաև",
        "կարդա նաև",
        "դիտեք նաև",
        "տեսեք նաև",
        "նմանատիպ նյութեր",
    ),
    "ka": (
        *(
            "ასევე წაიკითხე*",
            "წაიკითხე* ასევე",
            "იხილეთ აგრეთვე",
            "ამავე თემაზე",
            "მსგავსი სიახლეები",
        ),
        "აგრეთვე წაიკითხეთ",
        "წაიკითხეთ აგრეთვე",
        "წაიკითხეთ ასევე",
        "ასევე წაიკითხეთ",
        "ასევე იხილეთ",
        "იხილეთ ასევე",
    ),
    "fa": (
        *(
            "بیشتر بخوان*",
            "همچنین بخوان*",
            "همچنین ببینید",
            "خبرهای مرتبط",
        ),
        "بیشتر بخوانید",
        "همچنین بخوانید",
        "بخوانید:",
        "مطالب مرتبط",
        "اخبار مرتبط",
        "بیشتر ببینید",
    ),
    "ar": (
        *(
            "اقرأ ايضا",
            "اقرا أيضا",
            "اقرأوا أيضا",
            "إقرأ أيضاً",
            "طالع أيضا",
            "طالع أيضاً",
            "أخبار ذات صلة",
        ),
        "اقرأ أيضا",
        "اقرأ أيضاً",
        "اقرأ أيضًا",
        "إقرأ أيضا",
        "اقرأ المزيد",
        "شاهد أيضا",
        "شاهد أيضاً",
        "مواضيع ذات صلة",
    ),
    "kk": (
        *(
            "сондай-ақ оқы*",
            "тағы да оқы*",
            "осы тақырыпта",
            "осы тақырып бойынша",
            "ұқсас жаңалықтар",
        ),
        "сондай-ақ оқыңыз",
        "тағы оқыңыз",
        "оқи отырыңыз",
        "тақырыпқа орай",
    ),
    "uz": (
        *(
            "shuningdek o'qi*",
            "shuningdek, o'qi*",
            "bu haqda o'qi*",
            "mavzu bo'yicha:",
            "o'xshash yangiliklar",
        ),
        "shuningdek o‘qing",
        "shuningdek, o‘qing",
        "shuningdek o'qing",
        "mavzuga oid",
        "bu ham qiziq",
    ),
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
    "ru": (
        *(
            "подпишитесь на",
            "наш телеграм-канал",
            "наш канал в",
            "рассылк*",
            "сохранить в закладки",
            "подписывайся",
        ),
        *(
            "подпишись",
            "подпишитесь",
            "подписывайтесь",
            "подписаться на",
            "присоединяйтесь",
            "поделитесь",
            "следите за",
        ),
        *("добавьте нас", "добавить в закладки", "нашли ошибку", "выделите ее", "выделите её", "все права защищены"),
    ),
    "uk": (
        *(
            "підписатися на",
            "підписуйся",
            "додати в закладки",
            "додайте нас",
            "усі права захищені",
            "поділіться",
        ),
        "підписуйтесь",
        "підписуйтеся",
        "підпишіться",
        "приєднуйтесь",
        "приєднуйтеся",
        "стежте за",
        "знайшли помилку",
    ),
    "az": (
        *(
            "xəbər bülleten*",
            "bülleten*",
            "seçilmişlərə əlavə",
            "kanalımıza qoşul*",
            "bizə qoşul*",
            "bölüşün*",
        ),
        "abunə ol*",
        "bizi izlə*",
        "izləyin",
        "səhv gör*",
        "səhifəmizi bəyən*",
        "əlfəcin*",
        "bütün hüquqlar",
    ),
    "tr": (
        *(
            "bültenimiz*",
            "bültene",
            "e-bülten",
            "favorilere ekle",
            "kanalımıza katıl*",
            "bize katıl*",
        ),
        "abone ol*",
        "bizi takip",
        "takip edin*",
        "yer imlerine ekle",
        "tüm hakları saklıdır",
    ),
    "hy": (
        *(
            "բաժանորդագրվել",
            "ավելացնել էջանիշ*",
            "ավելացրեք էջանիշ*",
            "միացե՛ք մեզ",
            "մեր տեղեկագ*",
        ),
        "բաժանորդագրվեք",
        "բաժանորդագրվե՛ք",
        "հետևեք մեզ",
        "միացեք մեզ",
        "բոլոր իրավունքները",
    ),
    "ka": (
        *(
            "დაამატეთ სანიშნე*",
            "დაამატე სანიშნე*",
            "გამოიწერე",
            "ყველა უფლება",
            "ჩვენს სიახლე*",
        ),
        "გამოიწერეთ",
        "გამოგვყევით",
        "შემოგვიერთდით",
        "მოგვყევით",
    ),
    "fa": (
        *(
            "خبرنامه",
            "به کانال ما",
            "نشان‌گذاری",
            "کلیه حقوق",
            "تمامی حقوق",
        ),
        "ما را دنبال کنید",
        "عضو شوید",
        "مشترک شوید",
    ),
    "ar": (
        *(
            "النشرة البريدية",
            "النشرة الإخبارية",
            "نشرتنا",
            "أضف إلى المفضلة",
            "انضم إلى قناتنا",
            "جميع الحقوق",
        ),
        "اشترك في",
        "اشتركوا في",
        "تابعونا",
        "تابعنا",
    ),
    "kk": (
        *(
            "бетбелгі*",
            "арнамызға",
            "каналымызға",
            "таратылым*",
            "барлық құқық*",
            "бізбен бірге болыңыз",
        ),
        "жазылыңыз",
        "жазылыңыздар",
    ),
    "uz": (
        *(
            "xatcho'p*",
            "kanalimizga",
            "obuna bo'l*",
            "yangiliklar jo'natma*",
            "barcha huquqlar",
        ),
        "obuna bo‘ling",
        "obuna bo'ling",
        "kuzatib boring",
    ),
}

# Words by which a line addresses its reader or speaks for the outlet.
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "en": ("you", "your", "yours", "we", "us", "our", "please", "here"),
    "de": ("sie", "ihr", "ihre", "ihren", "uns", "unser", "unsere", "unseren", "unserem", "hier"),
    "fr": ("vous", "votre", "vos", "nous", "notre", "nos", "ici"),
    "es": ("tu", "su", "nuestro", "nuestra", "nuestros", "aquí"),
    "pt": ("você", "seu", "sua", "nosso", "nossa", "aqui"),
    "it": ("tu", "tuo", "tua", "nostro", "nostra", "qui"),
    "nl": ("u", "uw", "je", "jouw", "ons", "onze", "hier"),
    "sv": ("du", "dig", "din", "oss", "vår", "här"),
    "pl": ("nasz", "naszego", "nas", "tutaj"),
    "id": ("anda", "kami", "di sini"),
    "ru": ("вы", "вас", "ваш", "вам", "нас", "наш", "наши", "нашу", "нашего", "нам", "здесь"),
    "uk": ("ви", "вас", "вам", "ваш", "нас", "наш", "наші", "нашу", "нашого", "тут"),
    "az": ("siz", "sizin", "bizim", "bizə", "bizi", "burada", "linkə"),
    "tr": ("siz", "sizin", "bizim", "bizi", "bize", "buradan"),
    "hy": ("մեր", "մեզ", "ձեր", "այստեղ"),
    "ka": (
        "ჩვენი",
        "ჩვენს",
        "თქვენ",
        "თქვენი",
        "აქ",
    ),
    "fa": (
        "ما",
        "شما",
        "اینجا",
    ),
    "ar": (
        "لنا",
        "نحن",
        "قناتنا",
        "نشرتنا",
        "موقعنا",
        "هنا",
    ),
    "kk": (
        "біз",
        "біздің",
        "бізге",
        "сіз",
        "сіздің",
        "осында",
    ),
    "uz": (
        "biz",
        "bizning",
        "bizga",
        "siz",
        "sizning",
        "bu yerda",
    ),
}

# Whole lines that label a box or a button inside an article.
LABELS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *(
            "about the author",
            "about the authors",
        ),
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
    "ru": (
        *(
            "распечатать",
            "печать",
            "скопировать ссылку",
            "копировать ссылку",
            "об авторе",
            "комментарии",
        ),
        "реклама",
        "поделиться",
        "ссылка скопирована",
    ),
    "uk": (
        *(
            "реклама",
            "друкувати",
            "роздрукувати",
            "копіювати посилання",
            "посилання скопійовано",
            "про автора",
            "коментарі",
        ),
        "поділитися",
    ),
    "az": (
        *(
            "reklam",
            "çap et",
            "çap",
            "linki kopyala",
            "link kopyalandı",
            "müəllif haqqında",
            "şərhlər",
        ),
        "paylaş",
    ),
    "tr": (
        *(
            "paylaş",
            "yazdır",
            "bağlantıyı kopyala",
            "yazar hakkında",
            "yorumlar",
        ),
        "reklam",
    ),
    "hy": (
        *(
            "տպել",
            "պատճենել հղումը",
            "հեղինակի մասին",
            "մեկնաբանություններ",
        ),
        "գովազդ",
        "կիսվել",
    ),
    "ja": ("広告", "スポンサーリンク"),
    "zh": ("广告",),
    "ko": ("광고",),
    "ka": (
        "რეკლამა",
        "გაზიარება",
        "ბეჭდვა",
        "ბმულის კოპირება",
        "ავტორის შესახებ",
    ),
    "fa": (
        "تبلیغات",
        "اشتراک‌گذاری",
        "چاپ",
        "کپی لینک",
        "درباره نویسنده",
    ),
    "ar": (
        "إعلان",
        "شارك",
        "طباعة",
        "نسخ الرابط",
        "عن الكاتب",
    ),
    "kk": (
        "жарнама",
        "бөлісу",
        "басып шығару",
        "сілтемені көшіру",
        "автор туралы",
    ),
    "uz": (
        "reklama",
        "ulashish",
        "chop etish",
        "havolani nusxalash",
        "muallif haqida",
    ),
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
    "hy": (
        *(
            "աղբյուր",
            "աղբյուրը",
        ),
        "լուսանկարը",
        "լուսանկար",
    ),
    "ja": ("写真",),
    "ko": ("사진",),
    "az": (
        "mənbə",
        "qaynaq",
        "foto",
        "şəkil",
    ),
    "tr": (
        "kaynak",
        "fotoğraf",
        "foto",
    ),
    "uk": (
        "джерело",
        "світлина",
        "ілюстрація",
    ),
    "ka": (
        "წყარო",
        "ფოტო",
    ),
    "fa": (
        "منبع",
        "عکس",
    ),
    "ar": (
        "المصدر",
        "مصدر",
        "الصورة",
        "تصوير",
    ),
    "kk": (
        "дереккөз",
        "сурет",
        "фото",
    ),
    "uz": (
        "manba",
        "foto",
    ),
}


# Words for people who write for an outlet, in a line that introduces the author.
WRITERS: Mapping[str, tuple[str, ...]] = {
    "en": ("editor", "reporter", "writer", "correspondent", "columnist", "journalist", "contributor", "author"),
    "de": ("redakteur*", "reporter*", "korrespondent*", "kolumnist*", "journalist*", "autor*"),
    "ru": ("журналист*", "корреспондент*", "обозревател*", "редактор*", "колумнист*", "репортёр*", "репортер*"),
    "uk": ("журналіст*", "кореспондент*", "оглядач*", "редактор*", "колумніст*", "репортер*"),
    "az": ("jurnalist*", "müxbir*", "redaktor*", "icmalçı*", "köşə yazarı*", "publisist*"),
    "tr": ("gazeteci*", "muhabir*", "editör*", "köşe yazarı*", "yazarı*"),
    "hy": ("լրագրող*", "թղթակից*", "խմբագիր*", "մեկնաբան*"),
    "ka": ("ჟურნალისტ*", "კორესპონდენტ*", "რედაქტორ*", "მიმომხილველ*"),
    "fa": ("روزنامه‌نگار*", "خبرنگار*", "سردبیر*", "نویسنده*"),
    "ar": ("صحفي*", "صحافي*", "مراسل*", "محرر*", "كاتب*"),
    "kk": ("журналист*", "тілші*", "шолушы*", "редактор*"),
    "uz": ("jurnalist*", "muxbir*", "muharrir*", "sharhlovchi*"),
}


def any_of(tables: Mapping[str, Iterable[str]]) -> str:
    """Return all phrases as one alternation, longest first.

    A phrase in Latin letters matches only whole words, unless an asterisk says that endings follow ("oxu*": "oxuyun").
    """
    phrases = sorted({phrase for table in tables.values() for phrase in table}, key=len, reverse=True)
    return "|".join(map(_written, phrases))


def _written(phrase: str) -> str:
    stem = phrase.removesuffix("*")
    # Apostrophes are letters in Uzbek, and written in five ways.
    written = re.sub("['’‘ʻʼ`]", "['’‘ʻʼ`]", re.escape(stem))
    if stem != phrase:
        return written.replace(r"\*", r"\w{0,12}") + r"\w{0,12}"
    return written.replace(r"\*", r"\w{0,12}") + (r"(?!\w)" if re.search("[a-zəçşğıöü]$", phrase) else "")


MAX_POINTER_LENGTH = 180
_POINTER = re.compile(rf"[\W_]*(?:{any_of(READ_ALSO)})(?P<apart>\s*(?:[:：|>–—՝-]|\.\.\.|…|$))?", re.IGNORECASE)


def is_pointer(line: str) -> bool:
    """Return whether a short line points to another page."""
    pointer = _POINTER.match(line) if len(line) <= MAX_POINTER_LENGTH else None
    # "More on that tomorrow." is a sentence; "More on this: …" and "Read also …" without a full stop are not.
    return pointer is not None and (pointer["apart"] is not None or not line.endswith("."))
