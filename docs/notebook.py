"""A worked example for notebooks: the demo archive as data frames.

Create the archive, then run this file, or paste it cell by cell into a notebook (needs the extra ``pandas``):

    caliber demo
    python docs/notebook.py data/demo.db
"""

# %%
import sys

from caliber_crawler import Archive

archive = Archive.open(sys.argv[1] if len(sys.argv) > 1 else "data/demo.db")

# %% [markdown]
# Each row is an article: its current text, its source and its terms of use.

# %%
articles = archive.to_pandas(archive.articles(section="analytics"))
print(f"{len(articles)} articles of {', '.join(articles['site_title'].unique())}: {articles['reuse'].iloc[0]}")

# %% [markdown]
# How much was published each year, and how long were the texts?

# %%
by_year = articles.groupby([articles["published_at"].dt.year.rename("year"), "language"])
print(by_year.agg(articles=("id", "count"), words=("word_count", "mean")).round())

# %% [markdown]
# The ten most viewed articles, with the URL to cite.

# %%
most_viewed = articles.sort_values("views", ascending=False).head(10)
print(most_viewed[["headline", "views", "published_at", "url"]].to_string(index=False, max_colwidth=50))

# %% [markdown]
# Search finds words in every form. A hit has the passage that answers, with the places of the words found.

# %%
for hit in archive.search("corridors", limit=3):
    print(hit.headline, "|", hit.marked("*", "*"))

# %% [markdown]
# One article, with every version of its text and every observed view count.

# %%
article = archive.article(most_viewed["url"].iloc[0])
print(article["headline"])
for version in article["versions"]:
    print(f"  version {version['number']} ({version['cause']}), seen {version['seen_from']} to {version['seen_until']}")

# %% [markdown]
# The view counts of all articles: the number of observations of each, and the highest value.

# %%
views = archive.to_pandas(archive.views(section="analytics"))
print(views.groupby("article_id").agg(readings=("views", "count"), views=("views", "max")).describe().round())

# %%
archive.close()
