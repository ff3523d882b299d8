"""The phrases of walls, one language after the other: of their headlines, and of their openings."""

IN_HEADLINES = """
we value your privacy|we care about your privacy|your privacy matters|your privacy is important|your privacy choices
privacy preference|privacy settings|privacy notice|cookie settings|cookie preferences|cookie consent|cookie notice
consent to cookies|before you continue|accept cookies|accept all cookies|manage consent|we use cookies|cookies on
subscribe to continue|subscribe to keep reading|subscribe to read|subscribe now|become a subscriber|choose your plan
for subscribers|subscribers only|subscriber-only|subscription required|already a subscriber|start your free trial
read on with|free articles|article limit|unlock this article|support us to read
log in to|sign in to|please log in|please sign in|login required|log in or|sign in or|create an account|register to
create a free account|register now|session expired|your session has expired
not available in your|unavailable in your|isn't available in your|not available in the eu|unavailable for legal
content is not available|content unavailable|unavailable due to legal|451
be back soon|be right back|under maintenance|scheduled maintenance|maintenance mode|site maintenance
down for maintenance
temporarily unavailable|service unavailable|currently unavailable|site unavailable|planned work|coming soon
something went wrong|an error occurred|an error has occurred|unexpected error|internal server error|server error
bad gateway|gateway time|oops|access denied|access to this page has been denied|you have been blocked|forbidden
too many requests|error establishing a database connection|page cannot be displayed|application error
page unavailable|we're sorry|we are sorry|sorry, something|database error
disable your ad blocker|disable your adblocker|ad blocker detected|adblock detected|turn off your ad
using an ad blocker
disable adblock|are you over 18|confirm your age|age verification|verify your age|are you 18
checking your browser|are you a robot|are you human|verify you are|security check|one more step|enable javascript
javascript is disabled|please enable cookies|attention required|unsupported browser|update your browser
welcome to
вход|вхід|увійти|увійдіть, щоб|anmeldung|einloggen|connexion|iniciar sesión|iniciar sessão|logowanie|giriş
մուտք|შესვლა|ავტორიზაცია|ورود|робот
подпишитесь, чтобы|только для подписчиков|доступно подписчикам|доступен подписчикам|оформите подписку|платный доступ
войдите, чтобы|требуется авторизация|необходимо авторизоваться|авторизуйтесь|вход на сайт|зарегистрируйтесь, чтобы
временно недоступ|технические работы|ведутся технические|сайт недоступен|сайт на обслуживании|скоро вернёмся
скоро вернемся
сервис недоступен|произошла ошибка|что-то пошло не так|внутренняя ошибка|ошибка сервера|доступ запрещ|доступ ограничен
доступ закрыт|недоступно в вашем|недоступен в вашем|недоступна в вашем|мы ценим вашу|файлы cookie
настройки конфиденциальности
отключите блокировщик|подтвердите возраст|вам есть 18|проверка браузера|подтвердите, что вы не робот|вы не робот
доступ к ресурсу ограничен
тимчасово недоступ|технічні роботи|щось пішло не так|сталася помилка|доступ заборонено|лише для передплатників
privatsphäre|ihre daten|cookie-einstellungen|einwilligung|cookies akzeptieren|jetzt abonnieren|für abonnenten
weiterlesen mit|bitte melden sie sich an|anmelden, um|nicht verfügbar|wartungsarbeiten|gleich zurück|bald zurück
etwas ist schiefgelaufen|fehler aufgetreten|zugriff verweigert|adblocker|werbeblocker
vie privée|paramètres des cookies|accepter les cookies|réservé aux abonnés|abonnez-vous|connectez-vous|en maintenance
indisponible|n'est pas disponible dans|une erreur est survenue|accès refusé|bloqueur de publicité
privacidad|configuración de cookies|solo para suscriptores|suscríbete|inicia sesión|en mantenimiento|no disponible en
no está disponible|algo salió mal|se ha producido un error|acceso denegado|bloqueador de anuncios
tua privacy|vostra privacy|riservato agli abbonati|abbonati per|abbonati ora|accedi per|in manutenzione
non disponibile|qualcosa è andato storto|si è verificato un errore|accesso negato
privacidade|exclusivo para assinantes|assine para|faça login|em manutenção|algo deu errado|ocorreu um erro
acesso negado
jouw privacy|uw privacy|cookie-instellingen|alleen voor abonnees|inloggen om|in onderhoud|niet beschikbaar
er ging iets mis
prywatnoś|tylko dla prenumeratorów|zaloguj się|przerwa techniczna|niedostępn|coś poszło nie tak|wystąpił błąd
gizliliğinize|gizliliğiniz|çerez|aboneler için|abone ol|giriş yap|bakım çalışması|bakımdayız|erişilemiyor
bir şeyler ters gitti
hata oluştu|erişim engellendi|bölgenizde kullanılamıyor|reklam engelleyici
məxfiliyiniz|kuki|abunəçilər üçün|abunə olun|daxil olun|texniki işlər|müvəqqəti əlçatmaz|müvəqqəti işləmir
xəta baş verdi
giriş qadağandır
ծառայությունը ժամանակավորապես|ժամանակավորապես անհասանելի|տեխնիկական աշխատանքներ|սխալ է տեղի ունեցել|միայն բաժանորդների
მხოლოდ გამომწერ|დროებით მიუწვდომელია|ტექნიკური სამუშაო|შეცდომა მოხდა
حریم خصوصی|به طور موقت در دسترس نیست|خطایی رخ داد|فقط برای مشترکین|برای ادامه وارد شوید
خصوصيتك|نحن نقدر خصوصيتك|غير متاح|حدث خطأ|للمشتركين فقط|تسجيل الدخول|تحت الصيانة|خطأ في الخادم
隐私|订阅|请登录|维护|不可用|出错了|アクセス|プライバシー|ログイン|会員限定|メンテナンス|구독|로그인|점검 중|오류가
"""
IN_OPENINGS = """
we and our|our partners store|store and access information on|store information on a device|personal data
use cookies|cookies to|accept all|advertising cookies|your choices at any time|financed by advertising
our cookie policy
choose the offer|choose an offer|from 1 euro|a month|subscription|cancel any time|cancel anytime|unlimited access
already a subscriber|subscribers|your free articles|free article|continue reading|read on
your e-mail and password|your email and password|forgot your password|don't have an account|log in|sign in|password
currently unavailable in|european economic area|general data protection regulation|your country|your region|gdpr
planned work|maintenance|back soon|try again later|in a few minutes|a few minutes|come back|being updated|temporarily
unexpected error|our team has been notified|error happened|try again|refresh the page|went wrong|reload the page
please contact|not authorized|permission to access|your request|your ip|reference #|ray id|security service
ad blocker|adblock|ads help|confirm your age|18 years|of legal age|check your browser|your browser|enable javascript
here is what|the day brings|moved or been taken down|may have been removed|could not be found
продолжить чтение|зарегистрируйтесь|запросы отправляли вы|щоб продовжити|продовжити читання|зареєструйтеся
партнёры|партнеры|куки|cookie|персональных данных|подписчикам|подписк|только подписчикам|авториз|пароль|зайдите позже
попробуйте позже|попробуйте обновить|повторите попытку|технические работы|профилактические|приносим извинения|временно
скоро вернёмся|скоро вернемся|вашей стране|вашем регионе|блокировщик|не робот|ограничен на основании
партнери|спробуйте пізніше|тимчасово|передплат|вибачте
unsere partner|und unsere|informationen auf einem gerät|ihre auswahl|einwilligung|abonne|abo |anmelden|passwort
wartung
versuchen sie es|später erneut|steht ihnen|in ihrem land
nos partenaires|informations sur un appareil|vos choix|abonné|abonnez|connexion|mot de passe|maintenance|réessayer
dans votre pays|plus tard
nuestros socios|suscri|contraseña|mantenimiento|inténtelo|inténtalo|más tarde|en su país|en tu país
nostri partner|abbona|password|manutenzione|riprova|più tardi|nel tuo paese
nossos parceiros|assin|senha|manutenção|tente novamente|mais tarde
onze partners|abonnee|wachtwoord|onderhoud|probeer het|later opnieuw
naszymi partnerami|partnerzy|prenumerat|hasło|spróbuj|później
ortaklarımız|cihazınızda|seçimlerinizi|abone|şifre|bakım|daha sonra|tekrar deneyin
tərəfdaşlarımız|abunə|parol|şifrə|texniki|daha sonra|yenidən cəhd
գործընկեր|բաժանորդ|գաղտնաբառ|տեխնիկական|փորձեք|ავტორიზაცია|პაროლი|ტექნიკური|სცადეთ|გამომწერ
شرکای ما|مشترک|رمز عبور|دوباره تلاش|بعدا|شركاؤنا|اشتراك|كلمة المرور|صيانة|حاول مرة أخرى|لاحقا
合作伙伴|订阅|密码|稍后|パートナー|パスワード|しばらく|파트너|비밀번호|잠시 후
"""
