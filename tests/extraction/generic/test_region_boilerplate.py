"""Lines around articles in the languages of the region: which go, and which sentences with the same words stay."""

import pytest

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, body_of, page

FIRST = "The delegations met for the first time on Tuesday and agreed to open the road before the end of the month."
LAST = "It is to be signed in the capital next week, and both parliaments have promised to vote on it by the spring."

POINTERS = {
    "az": "Həmçinin oxuyun: Dağ yolu bağlandı",
    "ru": "Читайте также: Горная дорога закрыта",
    "uk": "Читайте також: Гірська дорога закрита",
    "hy": "Կարդացեք նաեւ՝ Լեռնային ճանապարհը փակ է",
    "ka": "ასევე წაიკითხეთ: მთის გზა დაკეტილია",
    "tr": "Ayrıca okuyun: Dağ yolu kapandı",
    "fa": "بیشتر بخوانید: جاده کوهستانی بسته شد",
    "ar": "اقرأ أيضاً: إغلاق طريق الجبل",
    "kk": "Сондай-ақ оқыңыздар: Тау жолы жабылды",
    "uz": "Shuningdek oʻqing: Togʻ yoʻli yopildi",
    "en": "Read also: Mountain road closed",
}
SOURCES = {
    "az": "Mənbə: APA",
    "ru": "Источник: РИА",
    "uk": "Джерело: УНІАН",
    "hy": "Աղբյուրը՝ Արմենպրես",
    "ka": "წყარო: ინტერპრესნიუსი",
    "tr": "Kaynak: AA",
    "fa": "منبع: ایرنا",
    "ar": "المصدر: وكالات",
    "kk": "Дереккөз: ҚазАқпарат",
    "uz": "Manba: OʻzA",
    "en": "Source: Reuters",
}
INVITATIONS = {
    "az": "Xəbər bülletenimizə abunə olun",
    "ru": "Подписывайтесь на нашу рассылку",
    "uk": "Підпишіться на нашу розсилку",
    "hy": "Բաժանորդագրվեք մեր տեղեկագրին",
    "ka": "გამოიწერეთ ჩვენი სიახლეები",
    "tr": "Bültenimize abone olun",
    "fa": "خبرنامه ما را دریافت کنید",
    "ar": "اشترك في نشرتنا",
    "kk": "Жаңалықтарымызға жазылыңыз",
    "uz": "Yangiliklarimizga obuna boʻling",
    "en": "Sign up to our newsletter",
}
BOOKMARKS = {
    "az": "Saytı əlfəcinlərə əlavə et",
    "ru": "Добавить в закладки",
    "uk": "Додати в закладки",
    "hy": "Ավելացնել էջանիշներին",
    "ka": "დაამატეთ სანიშნეებში",
    "tr": "Yer imlerine ekle",
    "fa": "نشان‌گذاری این مطلب",
    "ar": "أضف إلى المفضلة",
    "kk": "Бетбелгіге қосу",
    "uz": "Xatchoʻplarga qoʻshish",
}
BIOGRAPHIES = {
    "az": "Leyla Məmmədova — jurnalist, Bakıda yaşayır.",
    "ru": "Анна Петрова — обозреватель газеты, пишет о портах и рыболовстве.",
    "uk": "Олена Коваль — кореспондентка газети, пише про порти.",
    "hy": "Անի Սարգսյան — լրագրող, գրում է նավահանգիստների մասին։",
    "tr": "Ayşe Yılmaz, muhabir. İstanbul'da yaşıyor.",
    "kk": "Әсел Нұрланова — журналист, Алматыда тұрады.",
    "uz": "Dilnoza Karimova — jurnalist, Toshkentda yashaydi.",
    "en": "Ann Example is an associate editor and writes about harbours. She lives in the old town.",
}
BIOGRAPHIES_OF_AUTHORS = {
    "ka": ("ნინო ბერიძე", "ნინო ბერიძე არის ჟურნალისტი და წერს პორტების შესახებ."),
    "fa": ("سارا احمدی", "سارا احمدی روزنامه‌نگار است و در تهران زندگی می‌کند."),
    "ar": ("محمد الأحمد", "محمد الأحمد صحفي يكتب عن الموانئ."),
    "en": ("Jane Roe", "Jane Roe has been a correspondent in Paris since 2012."),
}
KEPT = (
    "Читатели подписались на рассылку ведомства, сообщил министр, а источник в порту это подтвердил.",
    "Журналист Иван Сидоров написал об этом ещё в 2014 году, и с тех пор дорогу дважды закрывали на ремонт.",
    "Həmçinin oxucular qərarı gözləyirdilər, nazirlik isə mühəndislərin işini on gün sonra davam etdirdi.",
    "Mənbə bildirib ki, hər iki tunel yoxlanılıb və yük maşınları yazda buraxılacaq, amma tarix açıqlanmayıb.",
    "Ann Example, the editor who broke the story in 2014, told the court that nobody had ever paid her for it.",
    "The ministry announced the decision in its newsletter on Monday, and the reporters asked for more.",
    "Gazeteci Ayşe Yılmaz bu haberi 2014 yılında yazmıştı ve o günden beri yol iki kez kapatıldı.",
)


@pytest.mark.parametrize("line", [*POINTERS.values(), *SOURCES.values()])
def test_a_line_that_points_elsewhere_or_names_a_source_goes_wherever_it_is(line: str) -> None:
    assert drop_boilerplate([FIRST, line, LAST, line], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize("line", [*INVITATIONS.values(), *BOOKMARKS.values()])
def test_an_invitation_at_the_end_goes(line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize("line", BIOGRAPHIES.values(), ids=BIOGRAPHIES)
def test_a_biography_at_the_end_goes(line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST]


@pytest.mark.parametrize(("name", "line"), BIOGRAPHIES_OF_AUTHORS.values(), ids=BIOGRAPHIES_OF_AUTHORS)
def test_the_biography_of_a_known_author_goes(name: str, line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline", authors=(name,)) == [FIRST, LAST]
    assert drop_boilerplate([FIRST, line, *[LAST + str(n) for n in range(4)]], "A headline", authors=(name,))[1] == line


@pytest.mark.parametrize("line", KEPT)
def test_a_sentence_with_such_words_stays(line: str) -> None:
    assert drop_boilerplate([FIRST, LAST, line], "A headline") == [FIRST, LAST, line]


@pytest.mark.parametrize("tag", ["p", "div", "ul", "aside"])
@pytest.mark.parametrize("breaks", ["", "<br>", "<br><br>"])
def test_a_pointer_between_loose_paragraphs_leaves_two(tag: str, breaks: str) -> None:
    pointer = f'{breaks}<{tag}><a href="/o/1">Read also: Harvest was poor in the valley</a></{tag}>'
    text = "<br><br>".join(PARAGRAPHS[:3]) + pointer + "<br><br>".join(PARAGRAPHS[3:])
    body = body_of(page(f'<div class="post"><h1>{HEADLINE}</h1><div class="text">{text}</div></div>'))
    assert body == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "line", ["By Jane Roe", "Jane Roe", "Author: Jane Roe, 7 January 2026", "Jane Roe | 7 January"]
)
def test_the_author_behind_the_last_sentence_is_not_text(line: str) -> None:
    assert drop_boilerplate([*PARAGRAPHS, line], HEADLINE, authors=["Jane Roe"]) == PARAGRAPHS
    spoken = f"{line} said so."
    assert drop_boilerplate([*PARAGRAPHS, spoken], HEADLINE, authors=["Jane Roe"]) == [*PARAGRAPHS, spoken]


@pytest.mark.parametrize("source", ["http://[bad/x.mp3", "a&#8;b.mp3", "https://x.example/a&#1;b.mp3", "#", ""])
def test_a_sound_without_a_valid_url_is_no_error(source: str) -> None:
    sound = f'<audio controls title="A\ufffe title" src="{source}">x</audio>\ufffe behind'
    tweet = '<div class="tweet" data-attrs=\'{"url": "https://www.facebook.com/a\\u0008b"}\'>So</div>'
    body = body_of(
        page(f"<div><h1>{HEADLINE}</h1>{''.join(f'<p>{text}</p>' for text in PARAGRAPHS)}{sound}{tweet}</div>")
    )
    assert "[" not in body
