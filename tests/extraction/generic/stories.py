"""One story in many languages: a headline and five paragraphs each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Story(NamedTuple):
    headline: str
    paragraphs: tuple[str, ...]


STORIES: Mapping[str, Story] = {
    "en": Story(
        "Mountain road to open again",
        (
            "The delegations met for the first time on Tuesday and agreed to open the mountain road before "
            "the end of the month.",
            "A spokesman for the ministry said that engineers would inspect both tunnels, and that lorries "
            "would be let through in spring.",
            "Villagers on either side have waited eleven years for the decision, which was announced after "
            "a night of long talks.",
            "The cost of the repairs is put at forty million, a third of which is to be paid by a development bank.",
            "While the road was closed drivers took a detour of four hours, and prices in the border "
            "districts went up a good deal.",
        ),
    ),
    "az": Story(
        "Dağ yolu yenidən açılır",
        (
            "Nümayəndə heyətləri çərşənbə axşamı ilk dəfə görüşərək dağ yolunun ayın sonunadək açılması "
            "barədə razılığa gəliblər.",
            "Nazirliyin sözçüsü bildirib ki, mühəndislər hər iki tuneli yoxlayacaq və yük maşınları yazda buraxılacaq.",
            "Hər iki tərəfdəki kəndlilər on bir ildir ki, uzun danışıqlardan sonra elan olunan bu qərarı "
            "gözləyirdilər.",
            "Təmir işlərinin dəyəri qırx milyon olaraq qiymətləndirilir və bunun üçdə birini inkişaf bankı ödəyəcək.",
            "Yol bağlı olduğu müddətdə sürücülər dörd saatlıq dolama yoldan istifadə etməli olublar, bu da "
            "qiymətləri artırıb.",
        ),
    ),
    "ru": Story(
        "Горную дорогу снова откроют",
        (
            "Делегации впервые встретились во вторник и договорились открыть горную дорогу до конца месяца.",
            "Представитель министерства заявил, что инженеры проверят оба тоннеля, а грузовики пропустят весной.",
            "Жители деревень по обе стороны ждали этого решения одиннадцать лет, его объявили после ночи переговоров.",
            "Стоимость ремонта оценивается в сорок миллионов, треть из которых заплатит банк развития.",
            "Пока дорога была закрыта, водители делали объезд по четыре часа, и цены в приграничных районах выросли.",
        ),
    ),
    "tr": Story(
        "Dağ yolu yeniden açılıyor",
        (
            "Heyetler salı günü ilk kez bir araya gelerek dağ yolunun ay sonuna kadar açılması konusunda anlaştı.",
            "Bakanlık sözcüsü, mühendislerin her iki tüneli de inceleyeceğini ve kamyonların ilkbaharda "
            "geçeceğini söyledi.",
            "Her iki taraftaki köylüler uzun görüşmelerin ardından açıklanan bu karar için on bir yıl bekledi.",
            "Onarımın maliyeti kırk milyon olarak hesaplanıyor ve bunun üçte birini bir kalkınma bankası ödeyecek.",
            "Yol kapalıyken sürücüler dört saatlik dolambaçlı yoldan gitmek zorunda kaldı ve fiyatlar yükseldi.",
        ),
    ),
    "ka": Story(
        "მთის გზა ისევ გაიხსნება",
        (
            "დელეგაციები სამშაბათს პირველად შეხვდნენ და შეთანხმდნენ, რომ მთის გზა თვის ბოლომდე გაიხსნება.",
            "სამინისტროს წარმომადგენელმა თქვა, რომ ინჟინრები ორივე გვირაბს შეამოწმებენ და სატვირთო "
            "მანქანებს გაზაფხულზე გაუშვებენ.",
            "ორივე მხარის სოფლის მცხოვრებლები ამ გადაწყვეტილებას თერთმეტი წელი ელოდნენ.",
            "რემონტის ღირებულება ორმოც მილიონად არის შეფასებული, მესამედს განვითარების ბანკი გადაიხდის.",
            "სანამ გზა დაკეტილი იყო, მძღოლები ოთხ საათს ხარჯავდნენ შემოვლით გზაზე და ფასებიც გაიზარდა.",
        ),
    ),
    "hy": Story(
        "Լեռնային ճանապարհը կրկին կբացվի",
        (
            "Պատվիրակությունները երեքշաբթի օրն առաջին անգամ հանդիպեցին և պայմանավորվեցին բացել լեռնային "
            "ճանապարհը մինչև ամսվա վերջ։",
            "Նախարարության ներկայացուցիչն ասաց, որ ինժեներները կստուգեն երկու թունելները, իսկ բեռնատարները "
            "կանցնեն գարնանը։",
            "Երկու կողմի գյուղացիները տասնմեկ տարի սպասել են այս որոշմանը, որը հայտարարվեց երկար "
            "բանակցություններից հետո։",
            "Վերանորոգման արժեքը գնահատվում է քառասուն միլիոն, որի մեկ երրորդը կվճարի զարգացման բանկը։",
            "Մինչ ճանապարհը փակ էր, վարորդները չորս ժամ շրջանցում էին, և գները սահմանամերձ շրջաններում բարձրացան։",
        ),
    ),
    "fa": Story(
        "جاده کوهستانی دوباره باز می\u200cشود",
        (
            "هیئت\u200cها روز سه\u200cشنبه برای نخستین بار دیدار کردند و توافق کردند که جاده کوهستانی تا پایان ماه "
            "باز شود.",
            "سخنگوی وزارتخانه گفت که مهندسان هر دو تونل را بررسی می\u200cکنند و کامیون\u200cها در بهار عبور خواهند "
            "کرد.",
            "روستاییان هر دو سو یازده سال منتظر این تصمیم بودند که پس از یک شب گفت\u200cوگوی طولانی اعلام شد.",
            "هزینه تعمیر چهل میلیون برآورد شده است که یک سوم آن را بانک توسعه می\u200cپردازد.",
            "هنگامی که جاده بسته بود رانندگان چهار ساعت از مسیر انحرافی می\u200cرفتند و قیمت\u200cها بالا رفته بود.",
        ),
    ),
    "ar": Story(
        "إعادة فتح الطريق الجبلي",
        (
            "التقت الوفود يوم الثلاثاء للمرة الأولى واتفقت على فتح الطريق الجبلي قبل نهاية الشهر.",
            "وقال المتحدث باسم الوزارة إن المهندسين سيفحصون النفقين وإن الشاحنات ستمر في الربيع.",
            "وانتظر القرويون على الجانبين أحد عشر عاما هذا القرار الذي أعلن بعد ليلة من المحادثات الطويلة.",
            "وتقدر تكلفة الإصلاحات بأربعين مليونا سيدفع ثلثها بنك التنمية.",
            "وعندما كان الطريق مغلقا كان السائقون يسلكون طريقا بديلا يستغرق أربع ساعات فارتفعت الأسعار.",
        ),
    ),
    "zh": Story(
        "山路将重新开放",
        (
            "各代表团星期二首次会面，同意在月底之前重新开放这条已经关闭多年的山路，让两边的居民可以来往。",
            "部里的发言人表示，工程师将检查两条隧道，货车将在春天获准通过，届时还会公布收费标准。",
            "两边的村民为这个决定等待了十一年，这个决定是在一整夜的漫长会谈之后才宣布的。",
            "维修费用估计为四千万，其中三分之一将由一家开发银行支付，其余由两地政府分担。",
            "在道路关闭期间，司机们要绕行四个小时，边境地区的物价也因此上涨了不少。",
        ),
    ),
    "de": Story(
        "Bergstraße wird wieder geöffnet",
        (
            "Die Delegationen trafen sich am Dienstag zum ersten Mal und beschlossen, die Bergstraße vor "
            "Ende des Monats zu öffnen.",
            "Ein Sprecher des Ministeriums sagte, Ingenieure würden beide Tunnel prüfen, und Lastwagen "
            "dürften im Frühjahr durchfahren.",
            "Die Dorfbewohner auf beiden Seiten haben elf Jahre auf die Entscheidung gewartet, die nach "
            "langen Gesprächen fiel.",
            "Die Kosten der Reparatur werden auf vierzig Millionen geschätzt, ein Drittel zahlt eine Entwicklungsbank.",
            "Während die Straße gesperrt war, fuhren die Fahrer einen Umweg von vier Stunden, und die Preise stiegen.",
        ),
    ),
    "fr": Story(
        "La route de montagne va rouvrir",
        (
            "Les délégations se sont réunies mardi pour la première fois et ont décidé de rouvrir la route "
            "de montagne avant la fin du mois.",
            "Un porte-parole du ministère a déclaré que des ingénieurs inspecteraient les deux tunnels et "
            "que les camions passeraient au printemps.",
            "Les villageois des deux côtés ont attendu onze ans cette décision, annoncée après une nuit de "
            "longs pourparlers.",
            "Le coût des réparations est estimé à quarante millions, dont un tiers sera payé par une banque "
            "de développement.",
            "Pendant la fermeture de la route, les conducteurs faisaient un détour de quatre heures et les "
            "prix ont augmenté.",
        ),
    ),
    "es": Story(
        "La carretera de montaña reabrirá",
        (
            "Las delegaciones se reunieron el martes por primera vez y acordaron abrir la carretera de "
            "montaña antes de fin de mes.",
            "Un portavoz del ministerio dijo que los ingenieros inspeccionarán ambos túneles y que los "
            "camiones pasarán en primavera.",
            "Los vecinos de ambos lados han esperado once años esta decisión, anunciada tras una noche de "
            "largas conversaciones.",
            "El coste de las reparaciones se estima en cuarenta millones, un tercio de los cuales pagará un "
            "banco de desarrollo.",
            "Mientras la carretera estuvo cerrada, los conductores daban un rodeo de cuatro horas y los "
            "precios subieron.",
        ),
    ),
}
