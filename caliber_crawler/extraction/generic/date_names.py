"""The names of meta elements and properties that state when a page was published, the most exact ones first."""

from __future__ import annotations

PUBLISHED_METAS = (
    *("article:published_time", "og:article:published_time", "article:published", "datepublished"),
    *("parsely-pub-date", "sailthru.date", "publishdate", "publish-date", "publish_date", "pubdate", "pub_date"),
    *("publication_date", "publicationdate", "publication-date", "cxenseparse:recs:publishtime", "rnews:datepublished"),
    *("dcterms.issued", "dc.date.issued", "dc.date.published", "dcterms.date", "prism.publicationdate"),
    *("citation_publication_date", "citation_online_date", "article.published", "originalpublicationdate"),
    *("og:published_time", "og:pubdate", "article_date_original", "published_time", "published-date", "published_at"),
    *("mediator_published_time", "bt:pubdate", "datepublished", "sort_date", "article:post_date", "displaydate"),
)
"""Names of the publication, in lower case."""
WEAK_METAS = (
    *("dcterms.created", "dc.date.created", "date", "dc.date", "article_date", "article:date", "created", "dateposted"),
    *("og:date", "itemprop:date", "timestamp"),
)
"""Names that may mean another date."""
FAINT_METAS = (
    *("vr:published_time", "weibo:article:create_at", "ptime", "datecreated", "release_date", "og:release_date"),
)
"""Names of a publication on few sites, and of something else on others: they count if nothing better states a date."""
PUBLISHED_PROPERTIES = ("datePublished",)
WEAK_PROPERTIES = ("dateCreated", "uploadDate", "coverageStartTime")
