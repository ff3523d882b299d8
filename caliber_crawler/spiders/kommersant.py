"""Коммерсантъ, Moscow: a business daily, in Russian."""

from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Edition, Layout, Section, Site


class KommersantSpider(NewsSpider):
    name = "kommersant"
    site = Site(
        name="kommersant",
        title="Коммерсантъ",
        base_url="https://www.kommersant.ru",
        timezone="Europe/Moscow",
        article_path=r"/doc/(?P<number>\d+)",
        default_sections=("world",),
        trusted_metadata=("published_at", "cover_image"),
        editions=(Edition(language="ru", name="ru", sections={"world": Section(path="/rubric/5", labels=("Мир",))}),),
        layouts=(
            Layout(
                name="2025",
                article="article.doc",
                headline=".doc_header__name",
                subtitle=".doc_header__subheader",
                section=".crumbs__item",
                body=".article_text_wrapper",
                authors=".document_authors",
            ),
        ),
    )
