"""Caliber.Az, Baku: analysis and news in Russian, English and Armenian.

The URLs of sections marked *presumed* are unverified; only ``/category/mir`` was observed. A run reports a section that
answers 404; correct its path here.
"""

from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import (
    Edition,
    Feed,
    Layout,
    Links,
    ListingLayout,
    Listings,
    PostIds,
    Search,
    Section,
    Site,
    Sitemaps,
    TextLayout,
)


class CaliberSpider(NewsSpider):
    name = "caliber"
    site = Site(
        name="caliber",
        title="Caliber.Az",
        base_url="https://caliber.az",
        hosts=("cdn.caliber.az",),
        timezone="Asia/Baku",
        # With a slash it serves the old design, which does not name the other URLs of the article.
        trailing_slash=False,
        trusted_metadata=("headline", "cover_image"),
        reuse="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
        article_path=r"(?P<prefix>/en|/ru|/arm)?/post/(?:(?P<number>\d+)|(?P<slug>[^/]+))",
        default_sections=("analytics",),
        sources=(
            Listings(),
            Feed(path="/rss.xml"),
            Sitemaps(),  # presumed: neither robots.txt nor a sitemap was observed
            Search(path="/search/{query}"),
            # One sequence over all languages: 73,542 on 25 April 2022, 247,893 on 16 June 2024; slugs since then.
            PostIds(
                paths={"en": "/en/post/{number}/", "ru": "/post/{number}/", "hy": "/arm/post/{number}/"}, last=250_000
            ),
            Links(),
        ),
        date_formats=("%d %B %Y %H:%M", "%d %B %Y - %H:%M"),
        signatures=("Caliber.Az", "Сaliber.Az", "Caliber.Аz"),  # the second and third contain a Cyrillic letter
        decoration=("/templates/",),
        editions=(
            Edition(
                language="en",
                name="en",
                prefixes=("/en",),
                view_labels=("Views",),
                sections={  # presumed
                    "analytics": Section(path="/en/category/analytics", labels=("ANALYTICS",)),
                    "interviews": Section(path="/en/category/interviews", labels=("INTERVIEWS",)),
                    "karabakh": Section(path="/en/category/karabakh", labels=("KARABAKH",)),
                    "politics": Section(path="/en/category/politics", labels=("POLITICS",)),
                    "opinion": Section(path="/en/category/opinion", labels=("OPINION",)),
                    "economics": Section(path="/en/category/economics", labels=("ECONOMICS",)),
                    "world": Section(path="/en/category/world", labels=("WORLD",)),
                },
                boilerplate=(
                    "WHAT ARE YOU LOOKING FOR ?",
                    "Any use of materials is allowed only if there is a hyperlink to Caliber.az",
                    "Liked the story? Share it on social media!",
                    "Follow us on Youtube",
                ),
            ),
            Edition(
                language="ru",
                name="ru",
                prefixes=("", "/ru"),
                view_labels=("Просмотров",),
                sections={  # presumed, except mir
                    "analytics": Section(path="/category/analitika", labels=("АНАЛИТИКА",)),
                    "interviews": Section(path="/category/intervyu", labels=("ИНТЕРВЬЮ",)),
                    "karabakh": Section(path="/category/karabah", labels=("КАРАБАХ",)),
                    "politics": Section(path="/category/politika", labels=("ПОЛИТИКА",)),
                    "opinion": Section(path="/category/mnenie", labels=("МНЕНИЕ",)),
                    "economics": Section(path="/category/ekonomika", labels=("ЭКОНОМИКА",)),
                    "world": Section(path="/category/mir", labels=("МИР",)),
                },
                boilerplate=(
                    "ЧТО ВЫ ИЩЕТЕ ?",
                    "ПОПУЛЯРНЫЕ ПОИСКОВЫЕ ЗАПРОСЫ",
                    "Любое использование материалов допускается только при наличии гиперссылки на Caliber.az",
                ),
            ),
            Edition(
                language="hy",
                name="arm",
                prefixes=("/arm",),
                view_labels=("Դիտումներ",),  # presumed: the label was not observed
                sections={  # presumed
                    "analytics": Section(path="/arm/category/analytics", labels=("Վերլուծություն",)),
                    "interviews": Section(path="/arm/category/interviews", labels=("Հարցազրույց",)),
                    "karabakh": Section(path="/arm/category/karabakh", labels=("Ղարաբաղ",)),
                    "politics": Section(path="/arm/category/politics", labels=("Քաղաքականություն",)),
                    "opinion": Section(path="/arm/category/opinion", labels=("Կարծիք",)),
                    "economics": Section(path="/arm/category/economics", labels=("Տնտեսություն",)),
                    "world": Section(path="/arm/category/world", labels=("Աշխարհ",)),
                },
                boilerplate=(
                    "ԻՆՉ ԵՍ ՓՆՏՐՈՒՄ ?",
                    "ՀԱՅԱՍՏԱՆԻ ՈՐՈՆՄԱՆ ՀԱՐՑԵՐ",
                    "Նյութերի ցանկացած օգտագործում թույլատրվում է միայն Caliber.az-ին հիպերհղման առկայության դեպքում",
                ),
            ),
        ),
        boilerplate=(
            "night_theme",
            "apple store",
            "play market",
            "Ссылка скопирована",
            "copy link",
            "print",
            "share-line",
            "loading",
        ),
        layouts=(
            Layout(
                name="new",
                article=".post",
                headline="h1.post_title",
                section=".post_categoty",  # the site's own spelling
                date=".post_time",
                body=".post_body",
                signature=".post_signature",
                views=".post_hits",
                cover=".post_cover",
                drop=("div.banner",),
            ),
        ),
        text=TextLayout(
            controls=("A+", "A-"),
            labelled_dateline="old",  # headline, subtitle, "ANALYTICS 25 April 2022 - 16:11", bylines, body
            unlabelled_counter=True,  # the Armenian label was not observed
        ),
        listing=ListingLayout(
            teaser=".float_block",
            link='a[href*="/post/"]',
            headline=".float_block_title",
            section=".float_block_category",
            date=".float_block_time",
            image=".float_block_image",
            more="?page={page}",  # presumed: the request for more teasers was not observed
        ),
    )
