"""Content analysis: samples, codebook, codes that people gave to articles, and how well they agree."""

from caliber_crawler.archive.analysis.coding.agreement import Agreement
from caliber_crawler.archive.analysis.coding.codebook import Variable, read_codebook
from caliber_crawler.archive.analysis.coding.codes import CodeCount, CodeImport, Coding, SheetIssue
from caliber_crawler.archive.analysis.coding.sample import Allocation, Sample, Stratum, Unit

__all__ = [
    "Agreement",
    "Allocation",
    "CodeCount",
    "CodeImport",
    "Coding",
    "Sample",
    "SheetIssue",
    "Stratum",
    "Unit",
    "Variable",
    "read_codebook",
]
