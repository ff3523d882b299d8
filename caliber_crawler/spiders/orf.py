"""ORF.at, Vienna: the news of Austrian public broadcasting, in German."""

from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Edition, Layout, Section, Site


class OrfSpider(NewsSpider):
    name = "orf"
    site = Site(
        name="orf",
        title="news.ORF.at",
        base_url="https://orf.at",
        timezone="Europe/Vienna",
        article_path=r"/stories/(?P<number>\d+)",
        date_formats=("%d.%m.%Y %H.%M",),
        default_sections=("news",),
        trusted_metadata=("headline", "published_at", "cover_image"),
        editions=(Edition(language="de", name="de", sections={"news": Section(path="/")}),),
        layouts=(
            Layout(
                name="2024",
                article=".story-wrapper",
                headline=".story-lead-headline",
                subtitle=".story-lead-text",
                date=".story-meta-dates .print-only",
                body=".story-story",
                drop=(".linkcard", ".credit"),
            ),
        ),
    )
