"""Dates, names, view counters, pointers and encodings in the forms of many languages."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.dates.printed import find_printed_dates
from caliber_crawler.extraction.decoding import decode
from caliber_crawler.extraction.generic.names import split_names
from caliber_crawler.extraction.generic.view_labels import find_counter
from caliber_crawler.extraction.phrases import is_pointer

DATES = [
    ("th", "เผยแพร่ 7 ม.ค. 69 14:35 น."),
    ("th", "วันพุธที่ 7 มกราคม พ.ศ. 2569 เวลา 14.35 น."),
    ("vi", "Thứ tư, 7/1/2026, 14:35 (GMT+7)"),
    ("vi", "07-01-2026 - 14:35"),
    ("hu", "2026.01.07. 14:35"),
    ("hu", "2026. jan. 7. 14:35"),
    ("fi", "7.1.2026 klo 14.35"),
    ("lv", "7. janvāris, 2026 14:35"),
    ("lv", "2026. gada 7. janvārī, plkst. 14:35"),
    ("lt", "2026-01-07 14:35"),
    ("lt", "2026 m. sausio 7 d. 14:35"),
    ("et", "7. jaanuar 2026, 14:35"),
    ("he", "07.01.26 | 14:35"),
    ("he", "7 בינואר 2026, 14:35"),
    ("el", "Τετάρτη, 7 Ιανουαρίου 2026 2:35 μμ"),
    ("el", "07 Ιαν 2026, 14:35"),
    ("ta", "07 ஜன 2026 02:35 பிற்பகல்"),
    ("ta", "7 ஜனவரி 2026, 2:35 PM IST"),
    ("te", "7 జనవరి 2026 2:35 PM"),
    ("bn", "প্রকাশ: ০৭ জানুয়ারি ২০২৬, ১৪:৩৫"),
    ("my", "၇ ဇန်နဝါရီ ၂၀၂၆ ၁၄:၃၅"),
    ("km", "៧ មករា ២០២៦ ម៉ោង ១៤:៣៥"),
    ("lo", "7 ມັງກອນ 2026 14:35"),
    ("ur", "7 جنوری 2026 14:35"),
    ("ur", "بدھ 7 جنوری 2026 14:35"),
    ("is", "7. janúar 2026 kl. 14:35"),
    ("sq", "7 Janar 2026, 14:35"),
    ("mt", "7 ta’ Jannar 2026, 14:35"),
    ("cy", "7 Ionawr 2026 14:35"),
    ("ga", "Dé Céadaoin, 7 Eanáir 2026 ag 14:35"),
    ("eu", "2026(e)ko urtarrilaren 7a, 14:35"),
    ("eu", "2026ko urtarrilak 7, 14:35"),
    ("gl", "7 xaneiro 2026 14:35"),
    ("ca", "7 gener 2026, 14:35 h"),
    ("sw", "Jumatano, 7 Januari 2026 saa 14:35"),
    ("so", "7 Janaayo 2026 14:35"),
    ("ha", "7 ga Janairu, 2026 14:35"),
    ("am", "7 ጃንዩወሪ 2026 14:35"),
    ("tl", "Enero 7, 2026, 2:35 PM"),
    ("ms", "7 Januari 2026, 2.35 petang"),
    ("id", "Rabu, 7 Jan 2026 14:35 WIB"),
    ("jv", "7 Januari 2026 14:35"),
    ("mn", "2026 оны 01 сарын 07, 14:35"),
    ("mn", "2026-01-07 14:35"),
    ("tg", "07.01.2026 14:35"),
    ("tg", "7 январи соли 2026, 14:35"),
    ("tk", "07.01.2026 14:35"),
    ("ne", "7 जनवरी 2026, 14:35"),
    ("si", "2026 ජනවාරි 7 14:35"),
    ("si", "2026 ජනවාරි මස 07 14:35"),
    ("ckb", "7 کانوونی دووەم 2026 14:35"),
    ("ckb", "7ی کانوونی دووەمی 2026 14:35"),
    ("ku", "7 Rêbendan 2026 14:35"),
    ("ps", "7 جنوري 2026 14:35"),
    ("sd", "7 جنوري 2026 14:35"),
    ("hr", "srijeda, 7. siječnja 2026. u 14:35"),
    ("sl", "sreda, 7. januar 2026 ob 14.35"),
    ("mk", "среда, 7 јануари 2026, 14:35 ч."),
    ("bs", "07.01.2026. 14:35"),
    ("be", "7 студзеня 2026, 14:35"),
    ("tt", "7 гыйнвар 2026, 14:35"),
    ("ky", "7-январь 2026-ж. 14:35"),
    ("ky", "2026-жылдын 7-январы 14:35"),
    ("ug", "2026-يىلى 7-يانۋار 14:35"),
    ("bo", "2026-01-07 14:35"),
    ("zh", "二〇二六年一月七日 14:35"),
    ("ja", "令和8年1月7日 14時35分"),
    ("ko", "2026년 1월 7일 오후 2시 35분"),
    ("ko", "입력 2026.01.07. 오후 2:35"),
    ("fo", "7. januar 2026 14:35"),
    ("lb", "7. Januar 2026, 14:35 Auer"),
    ("fy", "7 jannewaris 2026 14:35"),
    ("af", "7 Januarie 2026 om 14:35"),
    ("zu", "7 Januwari 2026 14:35"),
    ("yo", "7 Oṣù Ṣẹ́rẹ́ 2026 14:35"),
    ("rw", "7 Mutarama 2026 14:35"),
    ("eo", "7-a de januaro 2026, 14:35"),
    ("as", "৭ জানুৱাৰী ২০২৬ ১৪:৩৫"),
    ("or", "7 ଜାନୁଆରୀ 2026 14:35"),
    ("pa", "7 ਜਨਵਰੀ 2026 14:35"),
    ("gu", "7 જાન્યુઆરી 2026 બપોરે 2:35"),
    ("kn", "7 ಜನವರಿ 2026, 14:35"),
    ("ml", "7 ജനുവരി 2026, 14:35"),
    ("hi", "7 जनवरी 2026, 02:35 अपराह्न"),
    ("bg", "7 януари 2026 г., 14:35 ч."),
    ("ro", "miercuri, 7 ianuarie 2026, 14:35"),
    ("sv", "7 jan 2026 kl 14.35"),
    ("da", "7. jan. 2026 kl. 14.35"),
    ("nb", "7. jan. 2026, kl. 14.35"),
    ("nn", "7. januar 2026 klokka 14:35"),
    ("pl", "7 stycznia 2026 r., godz. 14:35"),
    ("pl", "07.01.2026, godz. 14:35"),
    ("cs", "7. ledna 2026 ve 14:35"),
    ("cs", "7. 1. 2026 14:35"),
    ("sk", "7. januára 2026 o 14:35"),
]
"""Each is 7 January 2026, 14:35."""
BYLINES = [
    ("el", "Του Γιάννη Παπαδόπουλου", "Γιάννη Παπαδόπουλου"),
    ("hu", "Írta: Kovács János", "Kovács János"),
    ("fi", "Teksti: Matti Meikäläinen", "Matti Meikäläinen"),
    ("vi", "Tác giả: Nguyễn Văn An", "Nguyễn Văn An"),
    ("id", "Oleh: Budi Santoso", "Budi Santoso"),
    ("id", "Oleh Budi Santoso", "Budi Santoso"),
    ("th", "โดย สมชาย ใจดี", "สมชาย ใจดี"),
    ("th", "ผู้เขียน: สมชาย ใจดี", "สมชาย ใจดี"),
    ("hi", "लेखक: राम कुमार", "राम कुमार"),
    ("hi", "द्वारा राम कुमार", "राम कुमार"),
    ("he", "מאת: דוד כהן", "דוד כהן"),
    ("he", "מאת דוד כהן", "דוד כהן"),
    ("lv", "Autors: Jānis Bērziņš", "Jānis Bērziņš"),
    ("lt", "Parengė Jonas Jonaitis", "Jonas Jonaitis"),
    ("lt", "Autorius: Jonas Jonaitis", "Jonas Jonaitis"),
    ("et", "Autor: Mari Mets", "Mari Mets"),
    ("pl", "Autor: Jan Kowalski", "Jan Kowalski"),
    ("ro", "Autor: Ion Popescu", "Ion Popescu"),
    ("hr", "Piše: Petar Petrović", "Petar Petrović"),
    ("sr", "Аутор: Петар Петровић", "Петар Петровић"),
    ("bg", "Автор: Иван Иванов", "Иван Иванов"),
    ("sw", "Mwandishi: Juma Ali", "Juma Ali"),
    ("ms", "Oleh AHMAD ALI", "AHMAD ALI"),
    ("bn", "লেখক: রহিম উদ্দিন", "রহিম উদ্দিন"),
    ("ta", "எழுதியவர்: ராமன் குமார்", "ராமன் குமார்"),
    ("ko", "홍길동 기자", "홍길동"),
    ("ja", "文：山田太郎", "山田太郎"),
    ("ja", "文=山田太郎、写真=佐藤花子", "山田太郎"),
    ("zh", "文/王小明 图/李华", "王小明"),
    ("zh", "记者：王小明 编辑：李华", "王小明"),
    ("ur", "تحریر: احمد علی", "احمد علی"),
    ("fa", "نویسنده: علی رضایی", "علی رضایی"),
    ("ka", "ავტორი: ნინო ბერიძე", "ნინო ბერიძე"),
    ("mn", "Сэтгүүлч: Бат Болд", "Бат Болд"),
    ("kk", "Тілші: Айгүл Серікова", "Айгүл Серікова"),
    ("sq", "Nga Agim Hoxha", "Agim Hoxha"),
    ("fi", "Kirjoittanut Matti Meikäläinen", "Matti Meikäläinen"),
    ("pt", "Por João Silva", "João Silva"),
    ("nl", "Door Jan de Vries", "Jan de Vries"),
    ("cs", "Autor: Jan Novák", "Jan Novák"),
    ("hu", "Szerző: Kovács János", "Kovács János"),
]
COUNTERS = [
    ("hu", "Megtekintések: 354"),
    ("hu", "354 megtekintés"),
    ("vi", "Lượt xem: 1.234"),
    ("vi", "1.234 lượt xem"),
    ("th", "เข้าชม 1,234 ครั้ง"),
    ("th", "อ่าน 1,234 ครั้ง"),
    ("fi", "354 katselukertaa"),
    ("fi", "Katselukertoja: 354"),
    ("el", "Προβολές: 354"),
    ("el", "354 προβολές"),
    ("id", "Dibaca: 1.234 kali"),
    ("id", "Dilihat 1.234 kali"),
    ("ms", "Tontonan: 354"),
    ("mn", "Үзсэн: 354"),
    ("tg", "Дида шуд: 354"),
    ("lv", "Skatījumi: 354"),
    ("lt", "Peržiūros: 354"),
    ("et", "Vaatamisi: 354"),
    ("sv", "Visningar: 354"),
    ("da", "Visninger: 354"),
    ("no", "354 visninger"),
    ("is", "Skoðað: 354"),
    ("he", "צפיות: 354"),
    ("hi", "354 बार देखा गया"),
    ("bn", "পঠিত: ৩৫৪ বার"),
    ("bn", "৩৫৪ বার পঠিত"),
    ("ta", "பார்வைகள்: 354"),
    ("sq", "Shikime: 354"),
    ("sq", "354 lexime"),
    ("mk", "Прегледи: 354"),
    ("bg", "Прочетена: 354"),
    ("bg", "354 прегледа"),
    ("sr", "Прегледа: 354"),
    ("hr", "Pregleda: 354"),
    ("sl", "Ogledov: 354"),
    ("cs", "Zobrazeno: 354×"),
    ("cs", "Přečteno 354x"),
    ("sk", "Zobrazené: 354"),
    ("ro", "Vizualizări: 354"),
    ("ro", "354 vizualizări"),
    ("pl", "Wyświetleń: 354"),
    ("pl", "Odsłon: 354"),
    ("ca", "Visites: 354"),
    ("eu", "Ikusita: 354"),
    ("ko", "조회수 354"),
    ("ja", "閲覧数：354"),
    ("zh", "阅读 354"),
    ("fa", "بازدید: ۳۵۴"),
    ("ar", "المشاهدات: ٣٥٤"),
    ("ku", "Dîtin: 354"),
    ("ne", "354 पटक पढिएको"),
    ("tk", "Okaldy: 354"),
    ("ky", "Көрүүлөр: 354"),
    ("be", "Прагляды: 354"),
    ("tt", "Караулар: 354"),
    ("tl", "354 views"),
    ("nl", "354 keer bekeken"),
]
POINTERS = [
    "Xem thêm: Cầu mới mở cửa",
    "Đọc thêm: Cầu mới",
    "Baca juga: Jembatan baru dibuka",
    "อ่านเพิ่มเติม: สะพานใหม่เปิด",
    "อ่านข่าวเพิ่มเติม: สะพานใหม่",
    "Διαβάστε επίσης: Νέα γέφυρα",
    "Olvassa el ezt is: Új híd",
    "Lue myös: Uusi silta avattiin",
    "Läs också: Ny bro",
    "Læs også: Ny bro",
    "Les også: Ny bro",
    "Soma pia: Daraja jipya",
    "קראו גם: גשר חדש",
    "ये भी पढ़ें: नया पुल",
    "यह भी पढ़ें: नया पुल",
    "আরও পড়ুন: নতুন সেতু",
    "இதையும் படிக்க: புதிய பாலம்",
    "Loe ka: Uus sild",
    "Lasi arī: Jauns tilts",
    "Skaitykite taip pat: Naujas tiltas",
    "Taip pat skaitykite: Naujas tiltas",
    "Czytaj też: Nowy most",
    "Čtěte také: Nový most",
    "Čítajte tiež: Nový most",
    "Citește și: Pod nou",
    "Pročitajte i: Novi most",
    "Прочетете още: Нов мост",
    "Прочитајте и: Нов мост",
    "Lexo edhe: Ura e re",
    "Citiți și: Pod nou",
    "Basahin din: Bagong tulay",
    "Baca juga : Jambatan",
    "関連記事：新しい橋",
    "관련기사: 새 다리",
    "相关阅读：新桥",
    "延伸阅读：新桥",
    "یہ بھی پڑھیں: نیا پل",
    "همچنین بخوانید: پل جدید",
    "اقرأ أيضا: جسر جديد",
    "Тағы оқыңыз: Жаңа көпір",
    "Мөн унш: Шинэ гүүр",
    "Lesen Sie auch: Neue Brücke",
    "Lees ook: Nieuwe brug",
    "Leia também: Nova ponte",
    "Lea también: Nuevo puente",
    "Llegiu també: Pont nou",
    "Irakurri gehiago: Zubi berria",
]
SENTENCES = [
    "Đọc thêm sách là điều cần thiết cho mọi người dân trong thành phố này, bộ trưởng nói.",
    "Прочитајте и запамтите, рекао је министар.",
    "Lasi arī mazāk, teica ministrs.",
    "Διαβάστε επίσης όλους τους όρους, είπε ο υπουργός.",
    "Loe ka seadust, ütles minister.",
]


@pytest.mark.parametrize(("language", "line"), DATES)
def test_a_date_is_read_in_the_form_of_its_language(language: str, line: str) -> None:
    assert [date.at.replace(tzinfo=None).isoformat() for date in find_printed_dates(line, language)] == [
        "2026-01-07T14:35:00"
    ]


def test_two_digits_of_a_year_in_thai_are_of_either_calendar() -> None:
    for year in ("69", "26", "2569", "2026"):
        (date,) = find_printed_dates(f"7 ม.ค. {year}", "th")
        assert date.day.isoformat() == "2026-01-07"


@pytest.mark.parametrize(("language", "line", "name"), BYLINES)
def test_the_words_before_a_name_are_not_part_of_it(language: str, line: str, name: str) -> None:
    assert list(split_names(line)) == [name]


@pytest.mark.parametrize(("language", "line"), COUNTERS)
def test_a_counter_is_read_by_the_label_of_its_language(language: str, line: str) -> None:
    counter = find_counter(line, language)
    assert counter is not None
    assert counter.views in (354, 1234)


@pytest.mark.parametrize("line", POINTERS)
def test_a_line_that_points_to_another_page_is_recognised(line: str) -> None:
    assert is_pointer(line)


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_that_begins_like_a_pointer_is_none(line: str) -> None:
    assert not is_pointer(line)


@pytest.mark.parametrize("head", ['<html lang="pl">', '<html lang="pl"><meta charset="utf-8">'])
@pytest.mark.parametrize("charset", ["iso8859-2", "cp1250"])
def test_letters_that_are_signs_in_another_encoding_decide(head: str, charset: str) -> None:
    text = "Droga do wsi została ponownie otwarta w poniedziałek, poinformowało ministerstwo łączności."
    assert text in decode(f"{head}<body><p>{text}</p></body></html>".encode(charset), None)
