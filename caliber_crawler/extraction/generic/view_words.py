"""Words of view counters, by language: labels, words for "times", and what stands before them.

Labels are plain text in lower case, with a straight apostrophe. A new language needs one line in each table.
"""

from __future__ import annotations

from collections.abc import Mapping

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
        *("okuyan", "okuma", "okuma sayısı", "tekil okunma", "hit", "okudu", "görüntüledi", "izledi"),
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
    "nl": ("weergaven", "paginaweergaven", "keer bekeken", "keer gelezen"),
    "sv": ("visningar", "sidvisningar", "läsningar"),
    "da": ("visninger", "sidevisninger", "læsninger"),
    "fi": ("katselukerrat", "katselukertaa", "lukukerrat", "lukukertaa"),
    "hi": ("देखा गया", "व्यूज", "व्यूज़", "बार देखा गया", "पढ़ा गया"),
    "bn": ("পঠিত", "ভিউ", "বার পঠিত", "দেখা হয়েছে"),
    "id": ("dibaca", "dilihat", "tayangan", "kali dibaca", "kali dilihat", "pembaca"),
    "vi": ("lượt xem", "lượt đọc"),
    "de": (
        *("aufrufe", "seitenaufrufe", "artikelaufrufe", "ansichten", "seitenansichten", "zugriffe", "seitenzugriffe"),
        *("klicks", "leser", "gelesen", "mal gelesen", "mal aufgerufen", "mal angesehen"),
    ),
    "fr": ("vues", "vue", "lectures", "lecture", "consultations", "visites", "visionnements"),
    "es": ("vistas", "visitas", "visualizaciones", "lecturas", "vistas de página"),
    "pt": ("visualizações", "visualização", "acessos", "leituras", "visitas", "exibições"),
    "it": ("visualizzazioni", "letture", "visite", "visualizzazioni di pagina"),
    "pl": ("wyświetleń", "wyświetlenia", "odsłon", "odsłony", "odczytów", "odczyty", "przeczytano", "wejść"),
    "zh": tuple(
        f"{verb}{count}"
        for verb in (
            "浏览",
            "瀏覽",
            "阅读",
            "閱讀",
            "点击",
            "點擊",
            "點閱",
            "点阅",
            "查看",
            "访问",
            "訪問",
            "观看",
            "觀看",
        )
        for count in ("", "量", "数", "數", "次数", "次數", "人数", "人數", "数量", "數量")
    ),
    "ja": ("閲覧数", "閲覧回数", "閲覧", "アクセス数", "表示回数", "再生回数", "ビュー"),
    "ko": ("조회", "조회수", "읽음"),
}

LABELS_WITH_TIMES: Mapping[str, tuple[str, ...]] = {
    "en": ("read", "been read", "seen", "been seen"),
    "nl": ("bekeken", "gelezen"),
    "de": ("aufgerufen", "angesehen", "angeklickt"),
    "fr": ("lu", "lue", "vu", "consulté", "consultée", "visionné", "visionnée"),
    "es": ("leído", "leída", "visto", "vista", "visitado", "visitada", "consultado"),
    "pt": ("lido", "lida", "visto", "vista", "visualizado", "visualizada", "acessado", "acessada"),
    "it": ("letto", "letta", "visto", "vista", "visualizzato", "visualizzata"),
    "sv": ("läst", "visad", "visats"),
    "da": ("læst", "vist"),
    "fi": ("luettu", "katsottu"),
    "pl": ("czytano", "wyświetlono"),
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
    "zh": ("次", "人", "人次"),
    "ja": ("回", "人"),
    "ko": ("회", "명"),
    "de": ("mal", "-mal", "x"),
    "fr": ("fois",),
    "es": ("veces", "vez"),
    "pt": ("vezes", "vez"),
    "it": ("volte", "volta"),
    "sv": ("gånger", "gång"),
    "da": ("gange", "gang"),
    "fi": ("kertaa",),
    "pl": ("razy", "raz", "osób"),
    "vi": ("lần",),
}
EYES = ("👁", "👁\ufe0f", "👀")
LEADS = (
    *("bu xəbər", "xəbər", "bu məqalə", "məqalə", "bu yazı", "yazı", "bu haber", "haber", "bu içerik", "this article"),
    *("this post", "this page", "this story", "this article has", "this post has", "this page has been"),
    *("эта статья", "эту статью", "этот материал", "эту страницу", "эту запись", "данную статью", "запись", "эту тему"),
    *("bu məqaləni", "bu xəbəri", "bu materialı", "material", "bu yazıyı", "bu haberi", "this entry", "story has been"),
    *("эта новость", "эту новость", "новость", "материал", "статья", "статью", "всего", "cəmi", "toplam", "total"),
)
"""Words before the label or number of a counter that is a sentence: "This article has been viewed 354 times"."""
COUNT_OF = (
    *("number of", "no. of", "anzahl der", "anzahl", "nombre de", "nb de", "total de", "número de", "nº de"),
    *(
        "total des",
        "numero di",
        "totale",
        "aantal",
        "antal",
        "liczba",
        "ilość",
        "počet",
        "broj",
        "număr de",
        "bilangan",
    ),
    *("jumlah", "số", "количество", "кол-во", "число", "кількість", "к-сть", "број", "брой", "αριθμός", "αριθμος"),
    *("מספר", "تعداد", "عدد", "عدد مرات", "ümumi", "общее количество", "загальна кількість"),
)
"""Words for "number of" before a label: "Nombre de vues"."""
