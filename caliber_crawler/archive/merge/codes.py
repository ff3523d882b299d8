"""Merging of codebooks and codes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

from caliber_crawler.archive.core.connection import Connection

CODES = """
SELECT k.*, coalesce(m.duplicate_of, m.id) AS survivor FROM codes k JOIN articles m ON m.id = k.article_id
ORDER BY k.article_id, k.variable, k.coder, k.code"""
OF_CODER = "article_id = :article_id AND variable = :variable AND coder = :coder"


class CodeMerge:
    """Merges the codebook and the codes of another archive, inside the caller's transaction."""

    def __init__(
        self, here: Connection, there: Connection, article_of: Mapping[int, int], counts: Counter[str]
    ) -> None:
        self._here = here
        self._there = there
        self._article_of = article_of
        self._counts = counts

    def merge(self) -> None:
        """Take what is new. Where a coder coded an article in both archives, the later coding holds."""
        self._merge_codebook()
        for _, group in groupby(self._there.rows(CODES), key=itemgetter("article_id", "variable", "coder")):
            theirs = list(group)
            article_id = self._article_of.get(theirs[0]["article_id"], self._article_of.get(theirs[0]["survivor"]))
            if article_id is not None:
                self._merge_codes([{**row, "article_id": article_id} for row in theirs])

    def _merge_codebook(self) -> None:
        for row in self._there.rows("SELECT * FROM codebook ORDER BY variable"):
            known = self._here.row("SELECT * FROM codebook WHERE variable = ?", (row["variable"],))
            if known is not None:
                ours, theirs = json.loads(known["codes"]), json.loads(row["codes"])
                # A variable of free text remains one: it has codes of any spelling.
                codes = list(dict.fromkeys([*ours, *theirs])) if ours and theirs else []
                row = known | {
                    "codes": json.dumps(codes, ensure_ascii=False),
                    "several": max(known["several"], row["several"]),
                    "label": known["label"] or row["label"],
                }
                if row == known:
                    continue
            self._here.execute(
                """INSERT OR REPLACE INTO codebook (variable, label, codes, several, changed_at)
                VALUES (:variable, :label, :codes, :several, :changed_at)""",
                row,
            )
            self._counts["codebook"] += 1

    def _merge_codes(self, theirs: list[dict[str, object]]) -> None:
        ours = self._here.rows(f"SELECT * FROM codes WHERE {OF_CODER}", theirs[0])
        if {row["code"] for row in ours} == {row["code"] for row in theirs}:
            return
        if ours and max(row["coded_at"] for row in ours) >= max(str(row["coded_at"]) for row in theirs):
            return
        self._here.execute(f"DELETE FROM codes WHERE {OF_CODER}", theirs[0])
        for row in theirs:
            self._here.execute(
                """INSERT INTO codes (article_id, variable, coder, code, coded_at, content_digest)
                VALUES (:article_id, :variable, :coder, :code, :coded_at, :content_digest)""",
                row,
            )
            self._counts["codes"] += 1
