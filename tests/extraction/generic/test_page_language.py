"""The language of a page: the declared one, unless its text is clearly in another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.generic.page_language import choose_language, language_of_text

TEXTS = {
    "en": "The harbour council met on Tuesday and agreed, after three hours of talks, to rebuild the northern pier.",
    "de": "Der Rat der Stadt hat am Dienstag beschlossen, die Mole vor dem nächsten Winter neu zu bauen.",
    "tr": "Liman meclisi salı günü üç saat süren toplantıdan sonra kuzey iskelesini yeniden yapmaya karar verdi, dedi.",
    "az": "Nümayəndə heyətləri çərşənbə axşamı ilk dəfə görüşərək dağ yolunun açılması barədə razılığa gəliblər.",
    "ru": "Комиссия рынка собралась вечером и выслушала доклад о плане, который город хочет выполнить до зимы.",
    "hy": "Պատվիրակությունները երեքշաբթի օրն առաջին անգամ հանդիպեցին և պայմանավորվեցին բացել լեռնային ճանապարհը։",
    "ka": "დელეგაციები სამშაბათს პირველად შეხვდნენ ერთმანეთს და შეთანხმდნენ, რომ მთის გზა თვის ბოლომდე გაიხსნება.",
    "fa": "هیئت‌ها روز سه‌شنبه برای نخستین بار دیدار کردند و توافق کردند که جاده کوهستانی تا پایان ماه باز شود.",
    "zh": "市场委员会会议在晚上举行，听取了三位发言人关于明年计划的报告，居民们提出了许多问题，主席逐一作了回答。",
    "ja": "委員会は火曜日の夜に開かれ、来年の計画について三人の報告を聞いた。住民は多くの質問をし、議長が答えた。",
    "ko": "위원회는 화요일 저녁에 열려 내년 계획에 관한 세 사람의 보고를 들었다. 주민들은 많은 질문을 했다.",
    "el": "Η επιτροπή συνεδρίασε το βράδυ της Τρίτης και άκουσε τρεις ομιλητές για το σχέδιο του επόμενου έτους.",
}
LATIN = ("en", "de", "tr", "az")


@pytest.mark.parametrize("language", TEXTS)
def test_a_wrongly_declared_language_is_corrected(language: str) -> None:
    text = " ".join([TEXTS[language]] * 4)
    for declared in ("en", "ru", "ar", None):
        assert choose_language(declared, text) == language


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_declared_rightly_stays(language: str) -> None:
    assert choose_language(language, TEXTS[language]) == language
    assert choose_language(language, "") == language


@pytest.mark.parametrize(("declared", "language"), [("nb", "de"), ("zu", "en"), ("en", "en")])
def test_a_text_of_the_same_script_must_be_long_to_overrule(declared: str, language: str) -> None:
    assert choose_language(declared, TEXTS[language][:90]) == declared


@pytest.mark.parametrize("language", ["tr", "az"])
def test_letters_that_a_language_lacks_let_a_short_text_overrule(language: str) -> None:
    short = f"{TEXTS[language]} {TEXTS[language]}"[:200]
    assert choose_language("en", short) == language


def test_names_with_foreign_letters_do_not_overrule() -> None:
    names = "Recep Tayyip Erdoğan, İlham Əliyev and Tomáš Novák of Škoda"
    assert choose_language("en", f"{TEXTS['en']} {names} were among those who spoke for the plan.") == "en"


def test_the_code_stays_as_declared_for_languages_that_the_detector_does_not_tell_apart() -> None:
    norwegian = (
        "Styret møttes tirsdag kveld og ble etter tre timer enige om å bygge den nordlige brygga før vinteren. " * 4
    )
    assert [choose_language(declared, norwegian) for declared in ("nb", "no", "nn")] == ["nb", "no", "nn"]
    assert (
        choose_language(
            "bs", "Vijeće se sastalo u utorak navečer i nakon tri sata odlučilo obnoviti sjeverni gat. " * 5
        )
        == "bs"
    )


def test_words_of_another_language_do_not_overrule() -> None:
    assert choose_language("de", f"{TEXTS['de']} {TEXTS['en']} " * 3) == "de"
    assert choose_language("ru", f"{TEXTS['ru']} NATO, Microsoft, The New York Times") == "ru"


@pytest.mark.parametrize("text", ["", "2026 14:35", "!", "ok"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert language_of_text(text) is None
    assert choose_language("az", text) == "az"


SENTENCES = [
    (
        "az",
        "Шәһәр мери базар ҝүнү кечирилән иҹласда јени көрпүнүн тикинтисинә ҝәлән "
        "илин јазында башланаҹағыны билдириб вә сакинләрин суалларыны ҹавабландырыб.",
    ),
    (
        "az",
        "Şəhər meri bazar günü keçirilən iclasda yeni körpünün tikintisinə gələn "
        "ilin yazında başlanacağını bildirib və sakinlərin suallarını cavablandırıb.",
    ),
    (
        "uz",
        "Шаҳар ҳокими якшанба куни ўтказилган йиғилишда янги кўприк қурилиши "
        "келгуси йилнинг баҳорида бошланишини айтди ва саволларга жавоб берди.",
    ),
    (
        "kk",
        "Qala äkımı jeksenbı künı ötken jinalysta jaña köpırdıñ qūrylysy kelesı "
        "jyldyñ köktemınde bastalatynyn aityp, tūrğyndardyñ sūraqtaryna jauap berdı.",
    ),
    (
        "kk",
        "Қала әкімі жексенбі күні өткен жиналыста жаңа көпірдің құрылысы келесі "
        "жылдың көктемінде басталатынын айтып, тұрғындардың сұрақтарына жауап берді.",
    ),
    (
        "ku",
        "سەرۆکی شارەوانی لە کۆبوونەوەی ڕۆژی یەکشەممەدا گوتی کە دروستکردنی پردی "
        "نوێ لە بەهاری ساڵی داهاتوودا دەست پێ دەکات و وەڵامی پرسیارەکانی دایەوە.",
    ),
    (
        "ku",
        "Li gorî gotina wî lêçûna projeyê dwanzdeh milyon e, ev "
        "pere dê ji butçeya dewletê were dayîn û kar dê du salan bidome.",
    ),
    (
        "ky",
        "Шаардын мэри жекшемби күнү өткөн жыйында жаңы көпүрөнүн курулушу "
        "келерки жылдын жазында башталарын айтып, тургундардын суроолоруна жооп берди.",
    ),
    (
        "tg",
        "Раиси шаҳр дар ҷаласаи рӯзи якшанбе гуфт, ки сохтмони пули нав "
        "баҳори соли оянда оғоз мешавад ва ба саволҳои сокинон ҷавоб дод.",
    ),
    (
        "tk",
        "Şäheriň häkimi ýekşenbe güni geçirilen ýygnakda täze köpriniň "
        "gurluşygynyň geljek ýylyň ýazynda başlanjakdygyny aýtdy we soraglara jogap berdi.",
    ),
    (
        "tt",
        "Шәһәр мэры якшәмбе көнне үткән утырышта яңа күпер төзелеше киләсе "
        "елның язында башланачагын әйтте һәм халыкның сорауларына җавап бирде.",
    ),
    (
        "uk",
        "Мер міста заявив на недільному засіданні, що будівництво нового мосту "
        "розпочнеться навесні наступного року, і відповів на запитання мешканців.",
    ),
    (
        "ru",
        "Мэр города заявил на воскресном заседании, что строительство "
        "нового моста начнётся весной будущего года, и ответил на вопросы жителей.",
    ),
    (
        "tr",
        "Belediye başkanı pazar günü yapılan toplantıda yeni köprünün inşaatına "
        "gelecek yılın ilkbaharında başlanacağını açıkladı ve soruları yanıtladı.",
    ),
    (
        "fa",
        "شهردار در نشست روز یکشنبه گفت که ساخت پل تازه از بهار سال آینده آغاز می‌شود و به پرسش‌های ساکنان پاسخ داد.",
    ),
    (
        "ar",
        "قال رئيس البلدية في الاجتماع الذي عقد يوم الأحد إن بناء "
        "الجسر الجديد سيبدأ في ربيع العام المقبل وأجاب عن أسئلة السكان.",
    ),
    (
        "ur",
        "شہر کے میئر نے اتوار کو ہونے والے اجلاس میں کہا کہ نئے پل کی "
        "تعمیر اگلے سال موسم بہار میں شروع ہوگی اور لوگوں کے سوالات کے جواب دیے۔",
    ),
]
"""One sentence in each language and script."""


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_the_letters_of_one_sentence_correct_a_wrong_declaration(language: str, sentence: str) -> None:
    assert language_of_text(sentence) == language
    for declared in {"ru", "az", "tr", "ar", "fa", "uk"} - {language}:
        assert choose_language(declared, sentence) == language
    assert choose_language(language, sentence) == language


def test_a_language_written_without_its_special_letters_is_recognised() -> None:
    turkish = (
        "Belediye baskani pazar gunu yapilan toplantida yeni koprunun insaatina baslanacagini acikladi ve sordu. Bu "
        "para devlet butcesinden karsilanacak, calismalar iki yil surecek. Mahallede oturanlar uzun yillardir nehri "
        "gecmek icin eski feribotu kullaniyor, kisin ise yol tamamen kapaniyor, dedi. "
    )
    for declared in ("en", "tr", None):
        assert choose_language(declared, turkish * 2) == "tr"


ONE_SCRIPT = [each for each in SENTENCES if each[0] not in ("az", "uz", "kk", "ku")]
"""Without languages that the detector knows in another script only."""


@given(st.sampled_from(ONE_SCRIPT), st.sampled_from(SENTENCES))
def test_a_short_quotation_does_not_change_the_language(own: tuple[str, str], quoted: tuple[str, str]) -> None:
    text = " ".join([own[1]] * 9 + [quoted[1]])
    assert choose_language(own[0], text) == own[0]
